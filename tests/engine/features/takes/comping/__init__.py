"""Comps of takes."""
