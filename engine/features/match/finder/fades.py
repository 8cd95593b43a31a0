"""Fades at the ends of matched segments, as gain edits that extend beyond the played span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.sounding import GAIN_DB, QUIETEST_DB, RAMP_MS
from engine.features.match.matched import Segment
from engine.features.match.refining.line_sound import as_channels
from engine.features.match.sound import Sound
from engine.sound.edl.edits_that_play import Wanted

LEAST_S, LONGEST_S = 0.1, 10.0
"""Shorter ones are edges of cuts; longer ones no gain edit can make."""
_BLOCK_S = 0.02
_AROUND_S = 2.0
"""Maximum length from the start of a fade until it reaches half a decibel."""
_STEPS = 80
_BEYOND = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
"""How far behind the end of a segment a fade may come to nothing, as a share of its length."""
_EXPLAINED = 0.5

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fade:
    """A straight fade in the document: at its level at `full_samples`, nothing at `none_samples`.

    Attributes
    ----------
    heard_samples : its played span [start, stop)
    """

    full_samples: int
    none_samples: int
    heard_samples: tuple[int, int]


def fade(
    segment: Segment, steady: tuple[int, int, float], mix: Sound, edited: Sound, *, is_out: bool
) -> Fade | None:
    """Find the fade at the end of a segment, or at its start; None if a straight one explains little.

    Parameters
    ----------
    steady : first and last moment at constant level next to the fade, in the edited file, and their gain in
        dB
        out, or after a fade in
    """
    first, last, gain_db = steady
    offset = segment.raw_start_samples - segment.edited_start_samples
    around = min((last - first) // 4, round(_AROUND_S * mix.rate_hz))
    if is_out:
        start, stop = last - around, segment.edited_stop_samples
    else:
        start, stop = segment.edited_start_samples, first + around
    block = max(1, round(_BLOCK_S * mix.rate_hz))
    count = (stop - start) // block
    # A fade that is longer than can be is not read into memory.
    if count < 8 or count * block > 4 * LONGEST_S * mix.rate_hz:
        return None
    start = start if is_out else stop - count * block
    theirs = edited.read(start, start + count * block).astype(np.float64)
    mine = as_channels(
        mix.read(start + offset, start + offset + count * block).astype(np.float64), edited.channels
    )
    sums = [np.sum((a * b).reshape(count, -1), axis=1) for a, b in ((theirs, mine), (mine, mine))]
    power = float(np.sum(theirs * theirs))
    at: Wide = start + (np.arange(count, dtype=np.float64) + 0.5) * block
    if not is_out:
        at, sums = -at[::-1], [one[::-1] for one in sums]
    found = _fitted(at, sums[0], sums[1], power, 10.0 ** (gain_db / 20.0))
    if found is None:
        return None
    full, none = (round(place if is_out else -place) + offset for place in found)
    if not LEAST_S * mix.rate_hz <= abs(none - full) <= LONGEST_S * mix.rate_hz:
        return None
    heard = (full, segment.raw_stop_samples) if is_out else (segment.raw_start_samples, full)
    return Fade(full, none, heard)


def _fitted(at: Wide, shared: Wide, own: Wide, power: float, gain: float) -> tuple[float, float] | None:
    """Return where a fade out begins and comes to nothing; moments ascend towards the end of the segment."""

    def left(full: float, none: float) -> float:
        gains = gain * np.clip((none - at) / (none - full), 0.0, 1.0)
        return power - 2.0 * float(gains @ shared) + float((gains * gains) @ own)

    end = float(at[-1] + (at[1] - at[0]) / 2)
    steady = power - 2.0 * gain * float(shared.sum()) + gain * gain * float(own.sum())
    begins = np.linspace(at[0], end - (at[1] - at[0]), _STEPS)
    best = min(
        (left(full, end + beyond * (end - full)), full, beyond) for full in begins for beyond in _BEYOND
    )
    apart = begins[1] - begins[0]
    near = np.linspace(best[1] - apart, best[1] + apart, _STEPS)
    best = min((left(full, end + best[2] * (end - full)), full, best[2]) for full in near if full < end)
    if best[0] > _EXPLAINED * steady:
        return None
    return float(best[1]), float(end + best[2] * (end - best[1]))


def fade_edit(
    one: Fade, heard: Sequence[tuple[int, int]], rate_hz: int, length_samples: int
) -> Wanted | None:
    """Return the edit that makes a fade; None if its mirror half would overlap other played audio.

    Parameters
    ----------
    heard : all played spans of the document
    """
    long = abs(one.none_samples - one.full_samples)
    is_out = one.none_samples > one.full_samples
    low, high = sorted((one.full_samples, one.none_samples))
    start, stop = (low, high + long) if is_out else (low - long, high)
    quiet = (one.heard_samples[1], stop) if is_out else (start, one.heard_samples[0])
    if start < 0 or stop > length_samples or any(a < quiet[1] and quiet[0] < b for a, b in heard):
        return None
    payload: dict[str, object] = {GAIN_DB: QUIETEST_DB, RAMP_MS: round(1000 * long / rate_hz, 3)}
    return Wanted("gain", start, stop, payload)
