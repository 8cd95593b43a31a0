"""Tastes: learned from recordings, scores by them, and cuts from the scores."""
