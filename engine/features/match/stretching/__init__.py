"""Pieces played faster, slower, higher or lower: which raw recording, from when, and by how much."""
