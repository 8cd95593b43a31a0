"""Panel and form of drum timing."""
