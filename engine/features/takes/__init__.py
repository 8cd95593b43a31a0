"""Passages played more than once, comps of them, and sections."""
