"""Measurements of speech, singing and music in recordings."""
