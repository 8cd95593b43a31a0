"""Arrangements compared, and learned editors."""
