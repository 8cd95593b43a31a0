"""Fields, boxes, buttons and lists that bars, forms and panels are made of."""
