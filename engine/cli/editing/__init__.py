"""Verbs that make documents, propose and answer edits, and export."""
