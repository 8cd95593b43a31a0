"""The curve of each crossfade of a track, for formats that support curves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.document.tracks.track import Track
from engine.exchange.export.request import ExportRequest
from engine.sound.edl.crossfade import Curve, choose_curve
from engine.sound.edl.tracks.voice import open_voice


def seam_curves(request: ExportRequest, track: Track, progress: Progress) -> Iterator[Curve]:
    """Yield the curve of each seam as the renderer chooses it, the exposed edges included.

    Raises
    ------
    SourceError : the recording is missing or cannot be read
    """
    edit_list = request.edit_list.of_track(track.id)
    count = len(edit_list.segments) + 1 if edit_list.segments else 0
    patches = edit_list.patches.get(track.id)
    played = edit_list.as_played(track)
    with closing(open_voice(request.state, played, request.media, patches=patches)) as voice:
        for index in range(count):
            progress.check_cancelled()
            progress.report(index / count, "Analysing the crossfades")
            yield choose_curve(*voice.seam(edit_list, index))


def known_curves(request: ExportRequest, track: Track, progress: Progress) -> tuple[Curve, ...]:
    """Return the curve of each seam; equal power throughout where the recording is missing or unreadable."""
    try:
        return tuple(seam_curves(request, track, progress))
    except SourceError:
        return (Curve.EQUAL_POWER,) * (len(request.edit_list.of_track(track.id).segments) + 1)
