"""The microphones of a drum kit: which tracks they are, their roles and delays."""
