"""Edges of words by their sound: a recogniser places them up to half a second early or late.

Between two words there is a pause, or none. The pauses of a window are matched with the borders of its words,
in order, by dynamic programming: a pause at a border makes the edges of both words exact, and one without a
border is inside a word, as before a plosive. The length of a word is expected by its letters and the tempo.
Words without a pause between them meet where the sound is softest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import runs
from engine.features.words.held import RATE_HZ

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]
Spans = NDArray[np.int64]

HOP_S = 0.005
_HOP, _WINDOW = round(HOP_S * RATE_HZ), round(0.010 * RATE_HZ)
_EMPHASIS = 0.97
"""Consonants are soft, and high."""
_NOISE_PERCENTILE, _ABOVE_NOISE_DB, _BELOW_PEAK_DB = 10.0, 8.0, 45.0
"""A frame sounds above both limits: that of the noise, and that of the loudest speech of the window."""
LEAST_SOUND_S, _LEAST_PAUSE_S = 0.02, 0.015
_BIAS_S = 0.1
"""Borders of the recogniser are early."""
_PER_S, _INSIDE, _OF_LENGTH = 4.0, 0.8, 5.0
"""Costs: of a second between pause and border; of a pause inside a word, and more for each second of it."""
_NO_PAUSE, _NOT_SOFT, _NO_WORD = 0.3, 0.6, 20.0
"""Costs of a border without a pause, of one that is not at a soft moment, and of a word without length."""
_MISFIT = 1.0
"""Cost of a word that is 2.7 times longer or shorter than expected."""
_SAME_S = 1e-6
_FARTHEST_S = 0.8
_APART_S = 0.06
"""A shorter pause is a part of a word, as that before a plosive."""
_SHORTEST_S, _LETTER_S, _TOO_LONG, _SLOW_S = 0.06, 0.065, 1.6, 0.2
"""Expected length of a word, and more for each letter; a word is too long above `_TOO_LONG` times it and
`_SLOW_S`."""
_TEMPO = (0.7, 1.6)
"""The lengths of a window's words against the expected ones: at least, and at most."""
_DIGIT_LETTERS = 4
_SOFTEST_S = 0.08
"""How far from the border of the recogniser the softest moment may be."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A recognised word, in seconds from the start of its window.

    Attributes
    ----------
    text : with its punctuation
    probability : 0 to 1, that it is right
    """

    text: str
    start_s: float
    stop_s: float
    probability: float

    @property
    def middle_s(self) -> float:
        """The time in the middle of the word."""
        return (self.start_s + self.stop_s) / 2.0


def settled(words: Sequence[SpokenWord], samples: Samples, sounds: Spans) -> tuple[list[SpokenWord], float]:
    """Return words with edges at the sound, and the cost: how badly they fit the sounds.

    Parameters
    ----------
    words : of one window, in their order
    samples : of the window, mono at `RATE_HZ`, shape (n,)
    sounds : spans of frames that may be words, shape (m, 2), see `sounding_runs`
    """
    levels_db = levels_of(_emphasised(samples))
    if not words or not len(sounds):
        return list(words), float("inf")
    pauses = np.asarray(np.column_stack([sounds[:-1, 1], sounds[1:, 0]]) * HOP_S, np.float64)
    first_s, last_s = float(sounds[0, 0] * HOP_S), float(sounds[-1, 1] * HOP_S)
    expected = np.array([expected_s(one.text) for one in words])
    sounding_s = float(np.diff(sounds, axis=1).sum()) * HOP_S
    lengths_s = (expected * np.clip(sounding_s / expected.sum(), *_TEMPO)).tolist()
    places = [[_Border(first_s, first_s)]]
    for length_s, (one, two) in zip(lengths_s, pairwise(words), strict=False):
        border_s = (one.stop_s + two.start_s) / 2.0 + _BIAS_S
        places.append(_places(border_s, length_s, pauses, levels_db, (first_s, last_s)))
    places.append([_Border(last_s, last_s)])
    chosen, cost = _likeliest(places, lengths_s, pauses)
    return [
        _without_other_sounds(word, before.start_s, max(after.stop_s, before.start_s), pauses)
        for word, (before, after) in zip(words, pairwise(chosen), strict=True)
    ], cost


@dataclass(frozen=True, slots=True)
class _Border:
    """A place where one word may stop and the next one start; equal without a pause."""

    stop_s: float
    start_s: float
    cost: float = 0.0


def _places(
    border_s: float, length_s: float, pauses: Floats, levels_db: Floats, whole_s: tuple[float, float]
) -> list[_Border]:
    """Return the places that a border of the recogniser may stand for.

    They are the pauses near it and the softest moment near it. If it is in a pause, the word before it may be
    the first one after this pause.

    Parameters
    ----------
    length_s : expected length of the word before the border
    whole_s : where the first sound starts, and the last one stops
    """
    off_s = np.maximum(np.abs(pauses.mean(axis=1) - border_s) - np.diff(pauses, axis=1)[:, 0] / 2.0, 0.0)
    near = np.flatnonzero(off_s <= _FARTHEST_S)
    made = [
        _Border(float(pauses[one, 0]), float(pauses[one, 1]), _PER_S * float(off_s[one]))
        for one in near.tolist()
    ]
    moments = [(_softest(levels_db, border_s), _NO_PAUSE), (border_s, _NOT_SOFT)]
    starts_s = [float(stop_s) for start_s, stop_s in pauses[near] if start_s <= border_s <= stop_s]
    if border_s <= whole_s[0]:
        starts_s.append(whole_s[0])
    moments += [(_softest(levels_db, start_s + length_s), _NOT_SOFT) for start_s in starts_s]
    for moment_s, cost in moments:
        inside_s = min(max(moment_s, whole_s[0]), whole_s[1])
        silent = np.flatnonzero((pauses[:, 0] <= inside_s) & (inside_s <= pauses[:, 1]))
        stop_s, start_s = pauses[silent[0]].tolist() if len(silent) else (inside_s, inside_s)
        made.append(_Border(stop_s, start_s, cost))
    return made


def _likeliest(
    places: Sequence[Sequence[_Border]], usual_s: Sequence[float], pauses: Floats
) -> tuple[list[_Border], float]:
    """Return a place for each border with the least cost in all, and this cost, by dynamic programming.

    A pause inside a word costs, and a word that is longer or shorter than its letters let expect.
    """
    inside = np.concatenate([[0.0], np.cumsum(_INSIDE + _OF_LENGTH * np.diff(pauses, axis=1)[:, 0])])
    costs, ways = [0.0], list[list[int]]()
    for length_s, before, after in zip(usual_s, places, places[1:], strict=False):
        starts, stops = (
            np.array(each) for each in ([one.start_s for one in before], [one.stop_s for one in after])
        )
        lengths_s = stops[None, :] - starts[:, None]
        first = np.searchsorted(pauses[:, 0], starts - _SAME_S)
        last = np.searchsorted(pauses[:, 1], stops + _SAME_S, side="right")
        misfit = np.abs(np.log(np.maximum(lengths_s, _SHORTEST_S / 2.0) / length_s))
        each = np.maximum(inside[last][None, :] - inside[first][:, None], 0.0) + _MISFIT * misfit
        each[lengths_s < _SHORTEST_S / 2.0] += _NO_WORD
        totals = np.asarray(costs)[:, None] + each
        ways.append(totals.argmin(axis=0).tolist())
        costs = (totals.min(axis=0) + [one.cost for one in after]).tolist()
    found = [int(np.argmin(costs))]
    for way in reversed(ways):
        found.append(way[found[-1]])
    chosen = [options[place] for options, place in zip(places, reversed(found), strict=True)]
    return chosen, float(np.min(costs))


def _without_other_sounds(word: SpokenWord, start_s: float, stop_s: float, pauses: Floats) -> SpokenWord:
    """Return a word at its span without the sounds before and after it that make it far too long.

    The recogniser leaves hesitations out: they are then a part of the next word, or of the one before.
    """
    inside = pauses[(pauses[:, 0] > start_s) & (pauses[:, 1] < stop_s)]
    inside = inside[np.diff(inside, axis=1)[:, 0] >= _APART_S]
    longest_s = _TOO_LONG * expected_s(word.text) + _SLOW_S
    while len(inside) and stop_s - start_s > longest_s:
        first, last = (start_s, inside[0, 0]), (inside[-1, 1], stop_s)
        if _covered_share(first, word) <= _covered_share(last, word):
            start_s, inside = float(inside[0, 1]), inside[1:]
        else:
            stop_s, inside = float(inside[-1, 0]), inside[:-1]
    return replace(word, start_s=float(start_s), stop_s=float(stop_s))


def expected_s(text: str) -> float:
    """Return the usual length of a spoken word in seconds."""
    return _SHORTEST_S + _LETTER_S * max(1, sum(map(_spoken_letters, text)))


def _spoken_letters(sign: str) -> int:
    """Return the letters of a sign as it is spoken: "8" is "eight"."""
    return _DIGIT_LETTERS if sign.isdigit() else int(sign.isalpha())


def _covered_share(span_s: tuple[float, float], word: SpokenWord) -> float:
    """Return the share of a span that the word of the recogniser covers, whose times are early."""
    covered_s = min(span_s[1], word.stop_s + _BIAS_S) - max(span_s[0], word.start_s + _BIAS_S)
    return max(0.0, covered_s) / (span_s[1] - span_s[0])


def sounding_runs(samples: Samples) -> Spans:
    """Return the spans of frames that sound, shape (n, 2), see `spans_above`."""
    return spans_above(levels_above_limit(samples), 0.0)


def levels_above_limit(samples: Samples) -> Floats:
    """Return the level of each frame of `HOP_S` above the limit from which a frame sounds, in dB.

    A frame sounds by its level, as a nasal does, or by its high frequencies, as a soft consonant does.
    """
    above_db = list[Floats]()
    for levels_db in (levels_of(samples), levels_of(_emphasised(samples))):
        noise_db, peak_db = np.percentile(levels_db, _NOISE_PERCENTILE), levels_db.max()
        above_db.append(levels_db - max(noise_db + _ABOVE_NOISE_DB, peak_db - _BELOW_PEAK_DB))
    return np.maximum(*above_db)


def spans_above(levels_db: Floats, limit_db: float) -> Spans:
    """Return the spans of frames above a limit, shape (n, 2); short sounds and short pauses are left out."""
    spans: list[list[int]] = []
    for start, stop in runs(levels_db > limit_db).tolist():
        if spans and (start - spans[-1][1]) * HOP_S < _LEAST_PAUSE_S:
            spans[-1][1] = stop
        else:
            spans.append([start, stop])
    long = [one for one in spans if (one[1] - one[0]) * HOP_S >= LEAST_SOUND_S]
    return np.array(long, np.int64).reshape(-1, 2)


def levels_of(samples: Samples) -> Floats:
    """Return the level of each frame of `HOP_S` in dB, shape (frames,)."""
    squares = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    starts = np.arange(0, max(len(samples) - _WINDOW, 0) + 1, _HOP)
    stops = np.minimum(starts + _WINDOW, len(samples))
    return np.asarray(10.0 * np.log10((squares[stops] - squares[starts]) / _WINDOW + 1e-12))


def _emphasised(samples: Samples) -> Samples:
    return np.append(samples[:1], samples[1:] - np.float32(_EMPHASIS) * samples[:-1])


def _softest(levels_db: Floats, place_s: float) -> float:
    """Return the softest moment near a place, in seconds."""
    first, last = (round((place_s + by) / HOP_S) for by in (-_SOFTEST_S, _SOFTEST_S))
    first = min(max(first, 0), len(levels_db) - 1)
    around = levels_db[first : max(last, first + 1)]
    return (first + int(np.argmin(around))) * HOP_S
