"""Measurement of musical structure: made songs of known form, annotated songs, and methods to compare."""
