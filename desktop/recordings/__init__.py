"""Recordings of the open document."""
