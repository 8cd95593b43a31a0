"""Verbs that learn, what was learned, and how well and how fast all of it works."""
