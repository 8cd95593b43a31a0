"""Recordings brought into a document, and found again."""
