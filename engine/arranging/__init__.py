"""Arrangements: which steps of a recording are played, in which order, as an editor would (decision 36)."""
