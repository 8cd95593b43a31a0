"""Sounds found and taken out by words."""
