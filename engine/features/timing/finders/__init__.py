"""Finders of timing: hits, notes, tempo and second recorders."""
