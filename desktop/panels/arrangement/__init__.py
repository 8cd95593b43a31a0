"""Arrangements by an editor, proposed in the window."""
