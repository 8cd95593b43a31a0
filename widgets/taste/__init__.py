"""What a taste is and what it hears: the widgets of the Taste page."""
