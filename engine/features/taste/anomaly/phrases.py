"""Phrases of speech: sound from one short pause to the next, and faults of single phrases.

A phrase is spoken too far from the microphone, or is broken off and begun again, within less time than a
taste analyses at once. The phrases of the edits show the usual ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.dead_air import LEAST_S
from engine.core.timebase import runs, united
from engine.document.analysis import LONG_PAUSE, PHRASE_LEVEL, RESTART
from engine.features.taste.anomaly.threshold import OF_ONE

Floats = NDArray[np.float32]
Spans = NDArray[np.int64]

_PLAYING, _LOWEST = 90.0, 1.0
_LEAST_RANGE_DB, _MOST_RANGE_DB = 22.0, 50.0
"""Levels of waves and birds vary by 16 to 20 dB, of voices in a room by 24 to 40."""
_PAUSE_SHARE, _PAUSE_DB = 0.2, 3.0
"""In a pause, levels are at most this share of the range above the lowest ones, or this much."""
_LEAST_PAUSE_S = _LEAST_PHRASE_S = 0.19
_JUDGED_S = 1.0
"""Levels of shorter phrases depend on their sounds."""
_LEAST_PHRASES = 20
"""Fewer do not show how phrases differ; music seldom has as many."""
_LEAST_LONG = 0.6
"""This share of phrases lasts a second or more in speech, and less of the songs of birds."""
_LEAST_HERE = 8
_OTHER_DB, _ODD_DB = 3.0, 0.5
"""A phrase differs by this much more than any of the edits; the second counts where it also scores high."""
_LONGER_TIMES = 1.25
_BEGUN_S, _GAP_S = (0.55, 2.0), 1.6
_SHIFTS, _CUT_OFF = range(-2, 3), 2
_ALIKE, _LIKELIER = 0.7, 0.05
_GOES_ON_TIMES = 1.2
_TOGETHER_S = 1.0
_LONGEST_S, _MOST_WITHOUT_BREATH = 20.0, 0.25
"""Longest phrase of speech, and the largest share of longer ones: music plays on without pauses."""


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """The phrases of a recording.

    Attributes
    ----------
    spans_s : float64, shape (n, 2), [start, stop), ascending
    levels_db : shape (n,), of their loudest half, relative to the middle one of those of a second or more
    restarts : shape (n,), likeness to the beginning of the next one, if it can be an attempt at it, else 0
    """

    spans_s: NDArray[np.float64]
    levels_db: NDArray[np.float64]
    restarts: NDArray[np.float64]

    @property
    def is_judged(self) -> NDArray[np.bool_]:
        """Which are long enough to be judged by their level, shape (n,)."""
        return np.diff(self.spans_s)[:, 0] >= _JUDGED_S

    @property
    def pauses_s(self) -> NDArray[np.float64]:
        """The lengths of the pauses between them, shape (n - 1,)."""
        return self.spans_s[1:, 0] - self.spans_s[:-1, 1]


@dataclass(frozen=True, slots=True)
class UsualPhrases:
    """Extremes of the phrases of edits.

    Attributes
    ----------
    longest_pause_s : between two phrases
    softest_db, loudest_db : how far phrases are below and above the middle one of their recording
    likeliest_restart : likeness of the phrase that is most like an attempt at the next one
    """

    longest_pause_s: float
    softest_db: float
    loudest_db: float
    likeliest_restart: float


NO_PHRASES = Phrases(np.zeros((0, 2)), np.zeros(0), np.zeros(0))


def phrases_in(bands_db: Floats, step_s: float) -> Phrases:
    """Return the phrases of a recording; none where levels hardly fall between sounds.

    Parameters
    ----------
    bands_db : levels of everything and of broad bands, shape (steps, 1 + bands), see
        `engine.analysis.signal.dead_air.DeadAirDetector.bands_db`
    """
    spans = sounding_spans(bands_db[:, 0], step_s)
    if not len(spans):
        return NO_PHRASES
    powers = [np.sort(10.0 ** (bands_db[a:b, 0].astype(np.float64) / 10.0)) for a, b in spans.tolist()]
    levels_db = np.array([10.0 * np.log10(power[len(power) // 2 :].mean()) for power in powers], np.float64)
    spans_s = spans.astype(np.float64) * step_s
    judged = levels_db[np.diff(spans_s)[:, 0] >= _JUDGED_S]
    middle_db = float(np.median(judged)) if len(judged) else 0.0
    return Phrases(spans_s, levels_db - middle_db, _restarts(bands_db, spans, step_s))


def sounding_spans(levels_db: Floats, step_s: float) -> Spans:
    """Return the spans of sound between short pauses, in steps, shape (n, 2); none without pauses."""
    none = np.zeros((0, 2), np.int64)
    if not len(levels_db):
        return none
    lowest_db, playing_db = np.percentile(levels_db, (_LOWEST, _PLAYING))
    range_db = min(float(playing_db - lowest_db), _MOST_RANGE_DB)
    if range_db < _LEAST_RANGE_DB:
        return none
    pause_db = playing_db - range_db + max(_PAUSE_DB, _PAUSE_SHARE * range_db)
    spans = united(runs(levels_db > pause_db), max(1, round(_LEAST_PAUSE_S / step_s)) - 1)
    found: Spans = spans[np.diff(spans)[:, 0] >= round(_LEAST_PHRASE_S / step_s)]
    return found


def are_spoken(lengths_s: NDArray[np.float64]) -> bool:
    """Return whether phrases of some lengths, at least one, can be speech: people pause, drums play on."""
    without_breath_s = float(lengths_s[lengths_s > _LONGEST_S].sum())
    are_words = float((lengths_s >= _JUDGED_S).mean()) >= _LEAST_LONG
    return are_words and without_breath_s <= _MOST_WITHOUT_BREATH * float(lengths_s.sum())


def usual_phrases(recordings: Sequence[Phrases]) -> UsualPhrases | None:
    """Return the extremes of edits, or None if they have too few phrases: they are music, or places."""
    levels_db = np.concatenate([np.zeros(0), *(one.levels_db[one.is_judged] for one in recordings)])
    every_s = np.concatenate([np.zeros(0), *(np.diff(one.spans_s)[:, 0] for one in recordings)])
    if len(levels_db) < _LEAST_PHRASES or not are_spoken(every_s):
        return None
    times = OF_ONE if len(recordings) == 1 else 1.0
    return UsualPhrases(
        times * max(float(one.pauses_s.max(initial=0.0)) for one in recordings),
        times * float(-levels_db.min(initial=0.0)),
        times * float(levels_db.max(initial=0.0)),
        max(float(one.restarts.max(initial=0.0)) for one in recordings),
    )


def unusual_s(
    phrases: Phrases, usual: UsualPhrases, scores_high: NDArray[np.bool_]
) -> Iterator[tuple[str, float, float]]:
    """Yield the kind, start and stop of faults that the edits do not have.

    Parameters
    ----------
    scores_high : shape (n,), whether a taste takes each phrase for a fault: it differs less in level then
    """
    spans_s, longest_s = phrases.spans_s, _LONGER_TIMES * usual.longest_pause_s
    beyond_db = np.maximum(-phrases.levels_db - usual.softest_db, phrases.levels_db - usual.loudest_db)
    is_odd = phrases.is_judged & (beyond_db >= np.where(scores_high, _ODD_DB, _OTHER_DB))
    if phrases.is_judged.sum() >= _LEAST_HERE:
        for first, last in runs(_grown(is_odd, beyond_db > 0.0, phrases.pauses_s)).tolist():
            yield PHRASE_LEVEL, float(spans_s[first, 0]), float(spans_s[last - 1, 1])
    for place in np.flatnonzero(phrases.pauses_s >= max(LEAST_S, longest_s)).tolist():
        yield LONG_PAUSE, float(spans_s[place, 1]), float(spans_s[place + 1, 0])
    likeliest = max(_ALIKE, usual.likeliest_restart + _LIKELIER)
    for place in np.flatnonzero(phrases.restarts >= likeliest).tolist():
        yield RESTART, float(spans_s[place, 0]), float(spans_s[place + 1, 0])


def _grown(
    chosen: NDArray[np.bool_], alike: NDArray[np.bool_], pauses_s: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return chosen phrases and those next to them that are alike, after a short pause."""
    grown = chosen.copy()
    for order in (range(1, len(grown)), range(len(grown) - 2, -1, -1)):
        step = -1 if order.step > 0 else 1
        for place in order:
            is_near = pauses_s[min(place, place + step)] <= _TOGETHER_S
            grown[place] |= alike[place] and is_near and grown[place + step]
    return grown


def _restarts(bands_db: Floats, spans: Spans, step_s: float) -> NDArray[np.float64]:
    """Return how like the beginning of the next phrase each is, shape (n,), if it can be an attempt at it."""
    low, high = (round(one / step_s) for one in _BEGUN_S)
    bands = np.maximum(bands_db[:, 1:], np.percentile(bands_db[:, 1:], _LOWEST, axis=0) + _PAUSE_DB)
    found = np.zeros(len(spans))
    for place, ((start, stop), (again, end)) in enumerate(
        zip(spans.tolist(), spans[1:].tolist(), strict=False)
    ):
        is_attempt = low <= stop - start <= high and again - stop <= _GAP_S / step_s
        if is_attempt and end - again >= _GOES_ON_TIMES * (stop - start):
            length = stop - start - _CUT_OFF
            first = bands[start : start + length]
            places = [again + shift for shift in _SHIFTS if 0 <= again + shift <= len(bands) - length]
            found[place] = max((_likeness(first, bands[at : at + length]) for at in places), default=0.0)
    return found


def _likeness(one: Floats, other: Floats) -> float:
    """Return the correlation of two passages in the movement of their bands."""
    moved, others = one - one.mean(axis=0), other - other.mean(axis=0)
    sizes = float(np.sqrt(np.square(moved).sum() * np.square(others).sum()))
    return float((moved * others).sum()) / max(sizes, 1e-9)
