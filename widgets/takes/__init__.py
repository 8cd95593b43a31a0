"""What was played more than once, as a list."""
