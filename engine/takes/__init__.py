"""Passages played more than once: takes of the same passage, and false starts."""
