"""Drums put in time: detected hits, their new positions, and aligned files."""
