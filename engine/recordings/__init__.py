"""Recordings of a document: imported, found again on disk, read together, and analysed."""
