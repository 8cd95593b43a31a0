"""Learned placement: a network over the strokes says which line each belongs to."""
