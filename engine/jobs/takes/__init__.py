"""Passages played more than once: proposals and facts."""
