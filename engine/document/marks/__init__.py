"""Markers and regions."""
