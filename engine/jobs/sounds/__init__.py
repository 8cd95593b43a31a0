"""What sounds where in a document, told in words and by an example, and what is proposed of it."""
