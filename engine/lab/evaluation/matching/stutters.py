"""Share of stutters at the right place: a slice of a song, repeated after the preceding audio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched
from engine.features.match.sound import sound_of
from engine.lab.evaluation.matching.treatments import TREATMENTS

Samples = NDArray[np.float32]

SLICES_S = (0.06, 0.125)
_TIMES = 8
_AROUND_S, _BESIDE_S = 8.0, 4.0
_WITHIN_S = 0.001


def evaluate_stutters(
    songs: list[tuple[Samples, int]], progress: Progress = SILENT
) -> Iterator[dict[str, str | float | int]]:
    """Yield one line a version: the share of a stutter at the right place, mean, worst and count.

    Parameters
    ----------
    songs : samples, shape (n, channels), and rate of each

    Raises
    ------
    Cancelled : the user asked for it
    """
    for version, treat in TREATMENTS.items():
        rng = np.random.default_rng(108)
        shares = []
        for samples, rate_hz in songs:
            for slice_s in SLICES_S:
                progress.check_cancelled()
                raw, edited, origin = _stuttered(samples, rate_hz, slice_s, rng)
                heard = sound_of(Path("stutter"), treat(edited, rate_hz, rng), rate_hz)
                found = match_sounds((sound_of(Path("raw"), raw, rate_hz),), heard)
                shares.append(_right(found, origin, rate_hz))
        yield {
            "metric": f"stutters, {version}: put to the right place",
            "value": float(np.mean(shares)),
            "worst": float(np.min(shares)),
            "n": len(shares),
        }


def _stuttered(
    samples: Samples, rate_hz: int, slice_s: float, rng: np.random.Generator
) -> tuple[Samples, Samples, NDArray[np.int64]]:
    """Return a part of a song, an edit of it with a stutter, and the place of each sample in the part."""
    around, beside, length = (round(one * rate_hz) for one in (_AROUND_S, _BESIDE_S, slice_s))
    first = int(rng.integers(len(samples) - 2 * around))
    raw = samples[first : first + 2 * around]
    repeated = np.tile(np.arange(around, around + length), _TIMES)
    before, after = np.arange(around - beside, around), np.arange(around + length, around + beside)
    origin = np.concatenate([before, repeated, after])
    return raw, raw[origin], origin


def _right(found: Matched, origin: NDArray[np.int64], rate_hz: int) -> float:
    """Return the share of samples within the stutter that are put to the right place, within 1 ms."""
    right = np.zeros(len(origin), bool)
    for one in found.segments:
        at = np.arange(max(0, one.edited_start_samples), min(len(origin), one.edited_stop_samples))
        place = one.raw_start_samples + (at - one.edited_start_samples) * one.speed
        right[at] |= np.abs(place - origin[at]) <= _WITHIN_S * rate_hz
    jumps = np.flatnonzero(np.diff(origin) < 0)
    length = int(jumps[1] - jumps[0])
    return float(np.mean(right[jumps[0] + 1 - length : jumps[-1] + 1 + length]))
