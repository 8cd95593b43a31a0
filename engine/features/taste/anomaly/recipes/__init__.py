"""Recipes to learn a taste: one folder each, and shared modules."""
