"""Recordings of which all is known, made to learn from and to measure on."""
