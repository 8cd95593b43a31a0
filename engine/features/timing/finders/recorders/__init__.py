"""Recorders: tracks of another clock lined up with the others."""
