"""Recipes to compare with the default: one folder each, and shared modules."""
