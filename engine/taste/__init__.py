"""Tastes: learned, improved from decisions, diagnosed, shown with recordings."""
