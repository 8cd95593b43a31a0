"""Tastes learned, improved and looked at."""
