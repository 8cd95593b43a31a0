"""The baseline: the method of Beat Detective (Pro Tools Reference Guide, "Beat Detective").

Hits above a threshold become triggers. The recording is parted a trigger pad before each, and every part is
moved so that its trigger comes to the nearest line, by the strength asked for, unless it is within a share of
the distance to the next line. Audio between triggers moves with its part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Hits
from engine.features.timing.alignment.decoder import nearest
from engine.features.timing.alignment.lines import Lines, Placement
from engine.features.timing.alignment.settings import ON_THE_LINE_SAMPLES

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BeatDetectiveSettings:
    """Settings of its window.

    Attributes
    ----------
    sensitivity : 0 to 1, the share of the range of strengths, from the strongest down, that triggers
    trigger_pad_ms : as much before a trigger its part begins
    strength : 0 to 1, how far towards the line a part goes
    exclude_within : 0 to 1, of half the distance between lines: a trigger as near to its line stays
    retrigger_ms : minimum distance between triggers
    """

    sensitivity: float = 0.75
    trigger_pad_ms: float = 5.0
    strength: float = 1.0
    exclude_within: float = 0.0
    retrigger_ms: float = 15.0


def beat_detective(
    settings: BeatDetectiveSettings | None = None,
) -> Callable[[Hits, Lines], Placement]:
    """Return an aligner that does as Beat Detective does."""
    asked = settings or BeatDetectiveSettings()

    def align(hits: Hits, lines: Lines) -> Placement:
        return _conform(hits, lines, asked)

    return align


def _conform(hits: Hits, lines: Lines, settings: BeatDetectiveSettings) -> Placement:
    onsets = hits.onsets_samples
    count = len(onsets)
    belongs = np.full(count, -1, np.int64)
    targets = onsets.astype(np.float64, copy=True)
    triggers = _triggers(hits, lines.rate_hz, settings)
    if len(triggers) and len(lines.positions_samples):
        found = nearest(onsets[triggers], lines.positions_samples)
        away = lines.positions_samples[found] - onsets[triggers]
        stays = np.abs(away) <= np.maximum(
            ON_THE_LINE_SAMPLES, settings.exclude_within * _halves(found, lines)
        )
        shifts = np.where(stays, 0.0, away * settings.strength)
        pad = settings.trigger_pad_ms / 1000.0 * lines.rate_hz
        part = np.searchsorted(onsets[triggers] - pad, onsets, side="right") - 1
        inside = part >= 0
        belongs[inside] = found[part[inside]]
        moved = np.where(inside, shifts[np.maximum(part, 0)], 0.0)
        targets = np.where(moved == 0.0, targets, targets + moved)
    return Placement(belongs, targets, np.full(count, np.nan), np.ones(count))


def _triggers(hits: Hits, rate_hz: int, settings: BeatDetectiveSettings) -> NDArray[np.int64]:
    """Return the hits that are strong enough and not too soon after another."""
    if len(hits.onsets_samples) == 0:
        return np.zeros(0, np.int64)
    weakest, strongest = float(hits.strengths_db.min()), float(hits.strengths_db.max())
    threshold = strongest - settings.sensitivity * (strongest - weakest)
    chosen: list[int] = []
    last = -np.inf
    for hit in np.flatnonzero(hits.strengths_db >= threshold):
        if hits.onsets_samples[hit] - last >= settings.retrigger_ms / 1000.0 * rate_hz:
            chosen.append(int(hit))
            last = hits.onsets_samples[hit]
    return np.array(chosen, np.int64)


def _halves(found: NDArray[np.int64], lines: Lines) -> Floats:
    """Return half the distance from each line to the next, or to the one before the last."""
    gaps = np.diff(lines.positions_samples)
    if len(gaps) == 0:
        return np.full(len(found), np.inf)
    halves: Floats = gaps[np.minimum(found, len(gaps) - 1)] / 2.0
    return halves
