"""Windows of a document, as requests of analyses and repairs have them; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.document.state import DocumentState

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SpanRequest:
    """Some windows of a document.

    Attributes
    ----------
    tracks : ids of those that are meant; none for all that sound in the windows
    windows : [start, stop) of the timeline
    """

    state: DocumentState
    media: Mapping[str, Path] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()
    windows: tuple[Span, ...] = ()
