"""What an editor would do, proposed in the window."""
