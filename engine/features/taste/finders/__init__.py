"""Finders of cuts."""
