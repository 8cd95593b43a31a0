"""Drum hits and notes, the grid, and their alignment."""
