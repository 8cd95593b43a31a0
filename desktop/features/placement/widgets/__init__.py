"""The form of proposed places."""
