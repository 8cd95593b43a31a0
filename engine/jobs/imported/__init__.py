"""Edits of another program, made the edits of a document."""
