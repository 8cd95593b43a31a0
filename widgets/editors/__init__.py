"""Editors: the pairs they are learned from, what was learned, and two arrangements compared."""
