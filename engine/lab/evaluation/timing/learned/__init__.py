"""Learned placement: a network assigns each stroke to a line."""
