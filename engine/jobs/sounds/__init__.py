"""Sounds of a document, found by name or example, and the proposals for them."""
