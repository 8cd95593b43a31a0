"""Tastes: what one is learned from, and the shelf from which one is taken."""
