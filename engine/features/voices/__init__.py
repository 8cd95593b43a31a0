"""Voices: speakers at one loudness, and without crosstalk of their microphones."""
