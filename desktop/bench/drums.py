"""A drum performance of eight microphones that is measured: thousands of hits, each with where it goes."""

from __future__ import annotations

import numpy as np

from engine.document.analysis import Analysis, BeatGrid
from engine.document.decisions import Verdict
from engine.document.document import Document
from engine.document.drums.hits import Hits, Role
from engine.document.edits import decide, set_analyses
from engine.features.timing.alignment.settings import TimingSettings

_ROLES = (Role.KICK, Role.SNARE, Role.HAT, Role.TOM, Role.TOM, Role.OVERHEAD, Role.OVERHEAD, Role.ROOM)
_JITTER_S = 0.01
_KICKS, _SNARES = (0, 4, 5), (2, 6)
"""Where in eight strokes of the hat."""


def add_moved_hits(document: Document, count: int) -> None:
    """Store hits over the tracks of a document, propose to move them, and accept three of four."""
    from engine.features.timing.finders.timing.align import propose_moves
    from engine.features.timing.finders.timing.aligned_files import hits_id

    state = document.state
    step = state.length_samples // (count + 8)
    tracks = tuple(track.id for track in state.tracks)
    hits, grid = _played(tracks, count, step, state.rate_hz)
    key = hits_id(state, tracks)
    found: dict[str, Analysis] = {"beats-bench": grid, key: hits}
    document.apply(set_analyses(state, {"beats": "beats-bench", "hits": key}, "Heard"), found)
    proposed = propose_moves(document.state, hits, grid, TimingSettings(division="1/8"))
    document.apply(proposed.edit)
    accepted = [one.id for place, one in enumerate(proposed.proposals) if place % 4]
    document.apply(decide(document.state, accepted, Verdict.ACCEPTED))


def _played(track_ids: tuple[str, ...], count: int, step: int, rate_hz: int) -> tuple[Hits, BeatGrid]:
    """Return eighths of a hat with kicks and snares, off by some 10 ms, and the beats they belong to."""
    rng = np.random.default_rng(0)
    onsets = (1 + np.arange(count)) * step + np.rint(rng.normal(0.0, _JITTER_S * rate_hz, count))
    inside = np.arange(count) % 8
    rows = [(stroke, 2) for stroke in range(count)]
    for track, places in ((0, _KICKS), (1, _SNARES)):
        rows += [(stroke, track) for stroke in np.flatnonzero(np.isin(inside, places)).tolist()]
    strokes, tracks = np.array(sorted(rows)).T
    hits = Hits(
        onsets_samples=onsets[strokes],
        tracks=tracks.astype(np.int16),
        strengths_db=rng.uniform(-30.0, -8.0, len(strokes)).astype(np.float32),
        strokes=strokes.astype(np.int32),
        ornaments=np.zeros(len(strokes), np.int8),
        confidences=np.ones(len(strokes), np.float32),
        track_ids=track_ids,
        roles=_ROLES[: len(track_ids)],
        delays_samples=np.zeros(len(track_ids)),
        maker="bench",
    )
    beats = np.arange(0, count + 4, 2, dtype=np.int64) * step
    tempo_bpm = 60.0 * rate_hz / (2 * step)
    return hits, BeatGrid(beats, np.arange(len(beats)) % 4 + 1, tempo_bpm, 1.0, "bench")
