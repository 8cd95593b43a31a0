"""Requests of an import, without its implementation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.document.state import DocumentState
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports.described import LabelsAs


@dataclass(frozen=True, slots=True)
class ReadEditsRequest:
    """A document, and a file of edits.

    Attributes
    ----------
    media : where each source is now, by source id, and which document holds stored audio, by its key
    labels_as : meaning of labels; required for formats that contain only labels
    frame_rate : of a list without one; None for a guess, which is reported
    """

    state: DocumentState
    media: Mapping[str, Path]
    path: Path
    labels_as: LabelsAs | None = None
    frame_rate: FrameRate | None = None
