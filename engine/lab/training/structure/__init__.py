"""Weights of borders and labels of sections, learned from drawn songs."""
