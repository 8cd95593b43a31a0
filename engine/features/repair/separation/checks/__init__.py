"""Checks before a separation: that a prompt is understood, present, and can be separated."""
