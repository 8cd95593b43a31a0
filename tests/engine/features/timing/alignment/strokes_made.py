"""Strokes and lines made for tests: a plain groove, and what can be wrong with it."""

from __future__ import annotations

import numpy as np

from engine.document.analysis import ORNAMENTS, Hits, Ornament, Role
from engine.features.timing.alignment.lines import Lines

RATE_HZ = 48_000
ROLES = (Role.KICK, Role.SNARE, Role.HAT)
KICK, SNARE, HAT = range(3)


def lines_of(bars: int, bpm: float = 120.0, divisions: int = 4) -> Lines:
    """Return the lines of bars of four, beginning at one second."""
    beats = np.arange(bars * 4 * divisions + 1) / divisions
    levels = np.where(beats % 4 == 0, 0, np.where(beats % 1 == 0, 1, 2)).astype(np.int8)
    return Lines((1.0 + beats * 60.0 / bpm) * RATE_HZ, beats, levels, RATE_HZ)


def rock(bars: int, divisions: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return lines and drums of a groove: eighths on the hat, kick on 1 and 3, snare on 2 and 4."""
    lines, tracks = [], []
    for half in range(bars * 8):
        line = half * divisions // 2
        lines.append(line)
        tracks.append(HAT)
        if half % 2 == 0:
            lines.append(line)
            tracks.append(KICK if half % 4 == 0 else SNARE)
    return np.array(lines), np.array(tracks)


def hits_of(
    onsets_samples: np.ndarray,
    tracks: np.ndarray,
    strengths_db: np.ndarray | None = None,
    ornaments: dict[int, Ornament] | None = None,
) -> Hits:
    """Return hits in the order of time, strokes told by gaps of 5 ms; `ornaments` by the place given."""
    order = np.argsort(onsets_samples, kind="stable")
    codes = np.zeros(len(order), np.int8)
    for place, ornament in (ornaments or {}).items():
        codes[place] = ORNAMENTS.index(ornament)
    onsets = np.asarray(onsets_samples, float)[order]
    strengths = np.full(len(order), -6.0) if strengths_db is None else strengths_db
    gaps = np.diff(onsets, prepend=-np.inf) > 0.005 * RATE_HZ
    return Hits(
        onsets_samples=onsets,
        tracks=np.asarray(tracks, np.int16)[order],
        strengths_db=np.asarray(strengths, np.float32)[order],
        strokes=(np.cumsum(gaps) - 1).astype(np.int32),
        ornaments=codes[order],
        confidences=np.ones(len(order), np.float32),
        track_ids=tuple(role.value for role in ROLES),
        roles=ROLES,
        delays_samples=np.zeros(3),
    )


def ms(value: float) -> float:
    """Return milliseconds in samples."""
    return value / 1000.0 * RATE_HZ
