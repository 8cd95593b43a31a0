"""Edits of other programs: formats, their readers, and the edits of a document that play the same."""

from engine.exchange.imports.formats import EditsFile, Reader, asks_labels, read_edits

__all__ = ["EditsFile", "Reader", "asks_labels", "read_edits"]
