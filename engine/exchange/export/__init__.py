"""Exports: audio files, and the edit for other programs, one module a format."""

from engine.exchange.export.formats import AUDIO_SUFFIXES, FORMATS
from engine.exchange.export.plan import check_names, export, files_written
from engine.exchange.export.request import Exported, ExportOptions, ExportRequest

__all__ = [
    "AUDIO_SUFFIXES",
    "FORMATS",
    "ExportOptions",
    "ExportRequest",
    "Exported",
    "check_names",
    "export",
    "files_written",
]
