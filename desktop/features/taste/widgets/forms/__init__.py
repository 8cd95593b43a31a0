"""Tastes: training form, and list of available tastes."""
