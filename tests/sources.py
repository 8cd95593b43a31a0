"""A file on disk as the document's `Source`, without a document."""

from __future__ import annotations

from pathlib import Path

from engine.audio.reader import content_hash, probe
from engine.document.tracks.track import Source


def source_of(path: Path) -> Source:
    """Return the source of an audio file."""
    info = probe(path)
    return Source(
        "s1",
        str(path),
        content_hash(path),
        info.rate_hz,
        info.channels,
        info.frames,
        info.container,
        info.subtype,
    )
