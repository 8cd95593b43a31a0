"""Strokes of a performance on the lines of a grid: lines, settings, fit, decoding and learning."""
