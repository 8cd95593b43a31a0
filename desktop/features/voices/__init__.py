"""Voices in the window: commands."""
