"""Edits from files of other programs."""
