"""Verbs that make documents, and what is done to them: asked, answered, edited, written."""
