"""Drum hits over all microphones of a performance, and the strokes that they form."""
