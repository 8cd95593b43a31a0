"""Phrases: passages of whole bars that are played again, at any level and tone, and where they begin."""
