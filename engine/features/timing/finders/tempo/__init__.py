"""Tempo: other ways to count songs."""
