"""Find room tone: a quiet segment near a moment, as a fill for silenced audio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.document.state import DocumentState
from engine.edl.tracks.voice import open_voice
from engine.progress import SILENT, Progress
from engine.timebase import s_to_samples

AROUND_S = 20.0
TONE_S = 0.6
HOP_S = 0.05
QUIETER_DB = 20.0
"""Room tone is at least this much quieter than the loud parts around it."""


def room_tone(
    state: DocumentState,
    media: Mapping[str, Path],
    start_samples: int,
    stop_samples: int,
    tracks: Sequence[str] = (),
    progress: Progress = SILENT,
) -> tuple[int, int] | None:
    """Return the quietest segment within 20 s of a span and outside it, or None if none is quiet enough.

    Parameters
    ----------
    tracks : ids of the audible tracks; empty for all

    Returns
    -------
    span : [start, stop) in document samples, 0.6 s long

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    around, hop = s_to_samples(AROUND_S, state.rate_hz), s_to_samples(HOP_S, state.rate_hz)
    count = round(TONE_S / HOP_S)
    quietest: tuple[float, int] | None = None
    powers = []
    for start, stop in (
        (max(0, start_samples - around), start_samples),
        (stop_samples, min(state.length_samples, stop_samples + around)),
    ):
        hops = (stop - start) // hop
        if hops < count:
            continue
        power = np.zeros(hops)
        for heard in _heard(state, media, tracks, start, start + hops * hop, progress):
            power += np.square(heard).reshape(hops, -1).mean(axis=1)
        powers.append(power)
        loudest = np.lib.stride_tricks.sliding_window_view(power, count).max(axis=1)
        place = int(loudest.argmin())
        if quietest is None or loudest[place] < quietest[0]:
            quietest = float(loudest[place]), start + place * hop
    if quietest is None:
        return None
    loud = float(np.quantile(np.concatenate(powers), 0.95))
    if quietest[0] > loud * 10.0 ** (-QUIETER_DB / 10.0):
        return None
    return quietest[1], quietest[1] + count * hop


def _heard(
    state: DocumentState,
    media: Mapping[str, Path],
    tracks: Sequence[str],
    start: int,
    stop: int,
    progress: Progress,
) -> Iterator[NDArray[np.float64]]:
    """Yield the audio of each track in [start, stop)."""
    with ExitStack() as opened:
        for track in state.tracks:
            if tracks and track.id not in tracks:
                continue
            voice = open_voice(state, track, media, np.float64, progress)
            opened.callback(voice.close)
            yield voice.read(start, stop).astype(np.float64)
