"""Sounds by name or example, isolated or removed."""
