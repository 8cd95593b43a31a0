"""Comps of takes in a document."""
