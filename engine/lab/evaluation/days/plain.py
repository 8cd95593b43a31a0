"""The plain method: pauses divide a day, and each long passage between them is a song of its own."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.features.day.day import Day, DayKind, DaySong, SongTake, Span

_FRAME_S = 0.1
_BELOW_DB = 30.0
_LOUD_PERCENTILE = 95
_PAUSE_S, _SONG_S = 2.0, 20.0


def find_day(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, total_samples: int, progress: Progress
) -> Day:
    """Divide a day where its level is 30 dB below that of loud passages for 2 s.

    Passages of 20 s or more are songs, each with one complete take; shorter ones are talk; the rest is idle.

    Parameters
    ----------
    blocks : one channel, in order
    """
    db = _levels_db(blocks, rate_hz, total_samples, progress)
    spans = _active_s(db > np.percentile(db, _LOUD_PERCENTILE) - _BELOW_DB) if len(db) else []
    long = [one for one in spans if one[1] - one[0] >= _SONG_S]
    songs = tuple(DaySong(f"Song {at}", (SongTake(*span),)) for at, span in enumerate(long, start=1))
    talk = tuple(one for one in spans if one[1] - one[0] < _SONG_S)
    edges = [0.0, *(edge for span in spans for edge in span), total_samples / rate_hz]
    idle = tuple((start, stop) for start, stop in list(pairwise(edges))[::2] if stop > start)
    return Day(DayKind.REHEARSAL, songs, talk, idle)


def _levels_db(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, total_samples: int, progress: Progress
) -> NDArray[np.float64]:
    size = round(_FRAME_S * rate_hz)
    powers, rest, done = [np.zeros(0)], np.zeros(0, np.float32), 0
    for block in blocks:
        progress.check_cancelled()
        done += len(block)
        progress.report(min(1.0, done / max(1, total_samples)), "Measuring levels")
        joined = np.concatenate((rest, block))
        whole = len(joined) // size * size
        powers.append(np.square(joined[:whole].reshape(-1, size)).mean(axis=1, dtype=np.float64))
        rest = joined[whole:]
    return np.asarray(10.0 * np.log10(np.concatenate(powers) + 1e-12))


def _active_s(active: NDArray[np.bool_]) -> list[Span]:
    """Return spans of active frames; shorter pauses do not divide them."""
    places = np.flatnonzero(active)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > round(_PAUSE_S / _FRAME_S)) + 1
    return [(float(some[0]) * _FRAME_S, float(some[-1] + 1) * _FRAME_S) for some in np.split(places, breaks)]
