"""What an editor would do with a whole document."""
