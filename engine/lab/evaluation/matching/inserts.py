"""Edits of one recording with foreign sound put in, and where each of their samples comes from.

This generator shares no code with `engine.lab.evaluation.matching.edits`, on which the settings were chosen.
It keeps one number a sample: its place in the raw recording, or why it has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

FOREIGN, MIXED = -1, -2
LENGTHS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
_PIECES_S = (2.0, 7.0)
_LEVELS_DB = (-12.0, 6.0)
_FADES_S = (0.01, 0.4)
_HARD_SHARE = 0.5
_MOST_FADED = 0.3
_LEAST_LEVEL = 1e-6


@dataclass(frozen=True, slots=True)
class Insert:
    """A span [start, stop) of the edit that is foreign, crossfades included, in samples."""

    start_samples: int
    stop_samples: int
    nominal_s: float


@dataclass(frozen=True, slots=True, eq=False)
class InsertedEdit:
    """An edit of one recording with inserts.

    Attributes
    ----------
    kind : where the foreign sound is from
    raw, edited : shape (n, channels)
    origin : of each sample of the edit its place in `raw`, `FOREIGN`, or `MIXED` within a crossfade
    """

    name: str
    kind: str
    rate_hz: int
    raw: Samples
    edited: Samples
    origin: NDArray[np.int64]
    inserts: tuple[Insert, ...]


def inserted_edit(
    name: str,
    kind: str,
    raw: Samples,
    foreign: Samples,
    rate_hz: int,
    rng: np.random.Generator,
    lengths_s: Sequence[float] = LENGTHS_S,
) -> InsertedEdit:
    """Draw pieces of a recording, one insert of each length between them, and join all.

    Parameters
    ----------
    raw, foreign : shape (n, channels)
    """
    edited, origin = _piece(raw, rate_hz, rng)
    inserts = []
    for nominal_s in rng.permutation(np.array(lengths_s)).tolist():
        length = min(round(nominal_s * rate_hz), len(foreign))
        first = int(rng.integers(len(foreign) - length + 1))
        sound = foreign[first : first + length] * _gain(edited[-2 * rate_hz :], foreign, rng)
        fade = _fade_samples(length, rate_hz, rng)
        start = len(edited) - fade
        edited, origin = _joined((edited, origin), (sound, np.full(length, FOREIGN)), fade)
        inserts.append(Insert(start, start + length, nominal_s))
        fade = _fade_samples(length, rate_hz, rng)
        edited, origin = _joined((edited, origin), _piece(raw, rate_hz, rng), fade)
    peak = max(1.0, float(np.abs(edited).max(initial=0.0)) / 0.95)
    return InsertedEdit(name, kind, rate_hz, raw, edited / np.float32(peak), origin, tuple(inserts))


Joint = tuple[Samples, NDArray[np.int64]]


def _piece(raw: Samples, rate_hz: int, rng: np.random.Generator) -> Joint:
    """Return a piece from anywhere that sounds, and its places."""
    length = min(round(rng.uniform(*_PIECES_S) * rate_hz), len(raw))
    usual = float(np.sqrt(np.mean(np.square(raw, dtype=np.float64))))
    for _ in range(50):
        first = int(rng.integers(len(raw) - length + 1))
        sound = raw[first : first + length]
        if float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) > 0.05 * usual:
            break
    return sound, np.arange(first, first + length)


def _gain(before: Samples, foreign: Samples, rng: np.random.Generator) -> np.float32:
    """Return the factor that plays foreign sound at a drawn level against that of the piece before."""
    levels = [float(np.sqrt(np.mean(np.square(one, dtype=np.float64)))) for one in (before, foreign)]
    drawn = 10.0 ** (rng.uniform(*_LEVELS_DB) / 20.0)
    return np.float32(drawn * levels[0] / max(levels[1], _LEAST_LEVEL))


def _fade_samples(length: int, rate_hz: int, rng: np.random.Generator) -> int:
    if rng.random() < _HARD_SHARE:
        return 0
    return int(min(rng.uniform(*_FADES_S) * rate_hz, _MOST_FADED * length))


def _joined(before: Joint, after: Joint, fade_samples: int) -> Joint:
    """Join two sounds; they overlap by a crossfade of equal power."""
    n = fade_samples
    turn = (np.arange(n) + 0.5) / max(n, 1) * (np.pi / 2)
    fall, rise = (one.astype(np.float32)[:, None] for one in (np.cos(turn), np.sin(turn)))
    (sound, origin), (next_sound, next_origin) = before, after
    whole = len(sound) - n
    overlap = fall * sound[whole:] + rise * next_sound[:n]
    return (
        np.concatenate([sound[:whole], overlap, next_sound[n:]]),
        np.concatenate([origin[:whole], np.full(n, MIXED), next_origin[n:]]),
    )
