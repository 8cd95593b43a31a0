"""Crash handling: notes of a window, the report made from them, and the offer at the next start."""
