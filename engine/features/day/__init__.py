"""A day of playing: its songs with their takes, the talk between them, and idle time."""
