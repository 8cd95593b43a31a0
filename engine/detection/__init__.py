"""Telling what sounds in a recording, in words."""
