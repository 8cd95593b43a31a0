"""Summary of a taste's scores of a recording, in a sentence or two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.timebase import format_time
from engine.core.wording import counted, percent
from engine.features.taste.anomaly.kept_curve import KeptCurve, expectation
from engine.features.taste.overview.results import Origin, ScoredRecording

_WHOLE_MINUTES_FROM_S = 600.0
_MINUTE_S = 60.0
NO_RECORDING = "Import a recording, or drop one here, to see the cuts of this taste."


@dataclass(frozen=True, slots=True)
class WouldCut:
    """Length that the cuts of the open recording would remove, rejected ones and open questions left out."""

    cut_s: float
    count: int
    questions: int = 0


def verdict(
    scored: ScoredRecording,
    odd: float,
    threshold: float,
    would_cut: WouldCut | None,
    curve: KeptCurve | None = None,
) -> str:
    """Describe the length that would be cut from a recording, its typical share, and the expected cuts.

    Parameters
    ----------
    odd : scores up to this are like the training data
    would_cut : of the open recording, if its cuts come from this taste; else the threshold is used
    curve : of the taste, for the expected share of cuts; None from an older one
    """
    return " ".join(
        filter(
            None,
            (_of_this(scored, odd, threshold, would_cut), _asked(would_cut), expectation(curve, threshold)),
        )
    )


def _of_this(scored: ScoredRecording, odd: float, threshold: float, would_cut: WouldCut | None) -> str:
    length_s = scored.duration_s
    like = _like(scored, odd)
    if scored.origin is Origin.KEPT:
        return f"One of your edits: {like} of it sounds as this taste expects."
    if would_cut is None:
        odd_s = length_s * scored.share_above(threshold)
        return f"{part_of(odd_s, length_s)} sound unlike your edits."
    if not would_cut.count or would_cut.cut_s <= 0.0:
        return f"Nothing of {_length(length_s)} would be cut. {like} of it sounds like your edits."
    goes = f"{part_of(would_cut.cut_s, length_s)} would be cut, in {_cuts(would_cut.count)}."
    return f"{goes} {like} of the recording sounds like your edits."


def _asked(would_cut: WouldCut | None) -> str:
    if would_cut is None or not would_cut.questions:
        return ""
    return f"Unfamiliar sound: {counted(would_cut.questions, 'question')}."


def part_of(part_s: float, whole_s: float) -> str:
    """Return "12 of 90 minutes", of a short recording "1:58 of 4:02 minutes"."""
    if whole_s < _WHOLE_MINUTES_FROM_S:
        return f"{format_time(part_s, 0)} of {format_time(whole_s, 0)} minutes"
    if 0.0 < part_s < _MINUTE_S:
        return f"{part_s:.0f} seconds of {_length(whole_s)}"
    return f"{part_s / _MINUTE_S:.0f} of {_length(whole_s)}"


def _cuts(count: int) -> str:
    return "one cut" if count == 1 else f"{count:,} cuts"


def _length(seconds: float) -> str:
    if seconds < _WHOLE_MINUTES_FROM_S:
        return f"{format_time(seconds, 0)} minutes"
    return f"{seconds / _MINUTE_S:.0f} minutes"


def _like(scored: ScoredRecording, odd: float) -> str:
    like = float(np.mean(scored.scores <= odd)) if len(scored.scores) else 0.0
    return percent(like)
