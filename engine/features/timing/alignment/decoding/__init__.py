"""Placement over the whole performance by dynamic programming, and how far each stroke then moves."""
