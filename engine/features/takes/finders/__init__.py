"""Finders of takes and comps."""
