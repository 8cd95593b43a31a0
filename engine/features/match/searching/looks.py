"""The first look for copies: at a few windows of an edited file, then at those that these do not explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.core.processes.side_by_side import side_by_side
from engine.core.progress import Progress
from engine.core.spans import Samples, runs, united, within
from engine.features.match.searching.decode import UNKNOWN, Stay, decode
from engine.features.match.searching.diagonals import diagonals
from engine.features.match.searching.features import HOP_SAMPLES, SearchFeatures
from engine.features.match.searching.likelihood import STEP_SAMPLES, log_likelihoods
from engine.features.match.searching.places import Places, joined_places, places, stretches
from engine.features.match.searching.search import GAP_OF_STRETCHES, FirstLook, Spans

_FRAMES, _HOP = 22, 5
_QUICK = 4  # every fourth window: one begins where the one before it ends
_LONGEST_GAP = (_FRAMES + GAP_OF_STRETCHES * _HOP) * HOP_SAMPLES
_EXACT_RATIO = 300.0  # nats a step: a coherence of 0.92, as of copies and of nothing else that is similar
_SAME_WITHIN_SAMPLES = 1.2
_AROUND_STEPS = 5
_AT_ONCE_STEPS = 256


@dataclass(frozen=True, slots=True, eq=False)
class QuickLook:
    """The result of a look at a few windows.

    Attributes
    ----------
    first : the lines of these windows, and where the edited file follows which of them
    windows : the first frame of each window of the file, and whether it was looked at, shape (n,) each
    found : the places of those that were
    """

    first: FirstLook
    windows: NDArray[np.int64]
    is_known: NDArray[np.bool_]
    found: Places


def quick_look(raws: Sequence[SearchFeatures], edited: SearchFeatures, progress: Progress) -> QuickLook:
    """Look at a few windows of an edited file, from start to end."""
    windows = stretches(len(edited.mono), _FRAMES, _HOP)
    is_known = np.arange(len(windows)) % _QUICK == 0
    found = places(raws, edited, _FRAMES, windows[is_known], progress.part(0.0, 0.7))
    return QuickLook(_decoded(raws, edited, found, progress.part(0.7, 1.0)), windows, is_known, found)


def first_look(
    raws: Sequence[SearchFeatures],
    edited: SearchFeatures,
    progress: Progress,
    quick: QuickLook | None = None,
    left: Spans = (),
) -> FirstLook:
    """Return the lines that an edited file follows for some time.

    Parameters
    ----------
    quick : of the same file, if it is known
    left : spans of the edited file that stretched sound explains, in which a quick look is enough
    """
    quick = quick or quick_look(raws, edited, progress.part(0.0, 0.3))
    exact = _exact(raws, edited, quick.first)
    explained = [(round(start), round(stop)) for start, stop in left]
    spans = quick.windows[:, None] * HOP_SAMPLES + np.array([0, _FRAMES * HOP_SAMPLES])
    others = quick.windows[~quick.is_known & ~within(spans, united([*exact, *explained]))]
    if not len(others):
        return quick.first
    found = places(raws, edited, _FRAMES, others, progress.part(0.3, 0.8))
    found = joined_places([_on_exact(quick, united(exact)), found])
    return _decoded(raws, edited, found, progress.part(0.8, 1.0))


def _on_exact(quick: QuickLook, exact: Samples) -> Places:
    """Return the places of a quick look without those that are off a line which explains every moment."""
    found, stays = quick.found, [stay for stay in quick.first.stays if stay.line != UNKNOWN]
    lines = [quick.first.lines[stay.line] for stay in stays]
    starts = np.array([stay.start * STEP_SAMPLES for stay in stays])
    which = np.clip(np.searchsorted(starts, found.at, side="right") - 1, 0, None)
    half = _FRAMES * HOP_SAMPLES // 2
    windows = np.stack([found.at.astype(np.int64) - half, found.at.astype(np.int64) + half], axis=1)
    is_left = ~within(windows, exact)
    if lines:
        raw, offset = (np.array([getattr(line, of) for line in lines])[which] for of in ("raw", "offset"))
        is_left |= (found.raw == raw) & (np.abs(found.offset - offset) <= _SAME_WITHIN_SAMPLES)
    return Places(found.at[is_left], found.raw[is_left], found.offset[is_left], found.score[is_left])


def _decoded(
    raws: Sequence[SearchFeatures], edited: SearchFeatures, found: Places, progress: Progress
) -> FirstLook:
    lines = diagonals(found, _FRAMES * HOP_SAMPLES, _LONGEST_GAP)
    return FirstLook(lines, decode([raw.mono for raw in raws], edited.mono, lines, progress))


def _exact(raws: Sequence[SearchFeatures], edited: SearchFeatures, first: FirstLook) -> list[tuple[int, int]]:
    """Return the spans in which the line that is followed explains every moment as only copies do."""
    monos = [raw.mono for raw in raws]
    parts = [
        Stay(stay.line, start, min(start + _AT_ONCE_STEPS, stay.stop))
        for stay in first.stays
        if stay.line != UNKNOWN
        for start in range(stay.start, stay.stop, _AT_ONCE_STEPS)
    ]

    def ratios(part: Stay) -> NDArray[np.float64]:
        line, count = first.lines[part.line], part.stop - part.start
        return log_likelihoods(monos, edited.mono, [line], part.start, count, _EXACT_RATIO)[:, 0]

    ratio = np.zeros(max((stay.stop for stay in first.stays), default=0))
    for part, one in zip(parts, side_by_side(ratios, parts), strict=True):
        ratio[part.start : part.stop] = one
    is_exact = uniform_filter1d(ratio, _AROUND_STEPS) >= _EXACT_RATIO
    for stay in first.stays:  # windows around a change of line are looked at
        is_exact[stay.start : stay.start + 1] = False
    steps = runs(is_exact)
    return [(start, stop) for start, stop in (steps * STEP_SAMPLES).tolist()]
