"""Drum timing, and the grid."""
