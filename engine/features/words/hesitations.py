"""Hesitations: held voiced sounds with pauses around them, such as "um", which recognisers leave out.

A pause is at least as soft as the sound is above a limit: in a noisy room, the quietest frames still sound.
So held sounds are searched above several limits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from engine.features.words.edges import (
    HOP_S,
    LEAST_SOUND_S,
    SpokenWord,
    levels_above_limit,
    settled,
    sounding_runs,
    spans_above,
)
from engine.features.words.held import RATE_HZ, held
from engine.features.words.text import folded

Samples = NDArray[np.float32]
Spans = NDArray[np.int64]

_LEAST = 0.5
"""The least probability of a candidate, and of a hesitation."""
_LIMITS_DB = tuple(range(0, 30, 4))
"""Limits above which held sounds are searched: levels above the limit from which a frame sounds."""
_SHORTEST_S, _LONGEST_S, _PAUSE_S = 0.15, 1.5, 0.08
_BIAS = -14.98
_VOICED, _CHANGE, _LENGTH, _ABOVE, _PAUSES = 11.3, -6.43, 1.93, 0.054, 10.7
"""Weights in the log odds: share of voiced frames, change of the spectrum, length in s, median level above
the limit in dB, and both pauses in s. Fitted by logistic regression with an L2 penalty to made hesitations
and to fluent speech, in every second file of `speech/commands` (Apache-2.0)."""
_MOST_LENGTH_S, _MOST_ABOVE_DB, _MOST_PAUSE_S = 0.6, 30.0, 0.3
"""Lengths, levels and pauses above these count as these."""
_CHECKED, _HELD, _FALL, _LOST = -0.5, 1.5, -6.0, -6.0
"""The same after the second text: log odds of the sound, fall of the mean log probability of the words near
it, and sum of the probabilities of the words that are missing. Chosen on the same files; a word that is
certain and missing outweighs any sound."""
_BEFORE_S, _AFTER_S = 0.5, 0.9
"""How far away the words near a held sound are; the recogniser is early."""
_MOST_ODDS, _LEAST_FALL, _MOST_FALL, _NO_PROBABILITY = 4.0, -0.3, 1.0, 0.01
_AROUND_S = 0.005
_MOST_WORDS, _SAME_WORD_S = 2, 1.2
"""The most words at the sound of a hesitation; and how far a word that stays may move."""
_MOST_COST = 6.0
"""How much worse the words may fit the other sounds."""
_DOUBTFUL = 0.5
"""A word below this probability may be written for a hesitation, as "Oh" is for "um"."""


@dataclass(frozen=True, slots=True)
class Hesitation:
    """A held sound, in seconds, and the probability that it is a hesitation, 0 to 1."""

    start_s: float
    stop_s: float
    probability: float

    @property
    def middle_s(self) -> float:
        """The time in its middle."""
        return (self.start_s + self.stop_s) / 2.0


def words_and_hesitations(
    words: Sequence[SpokenWord],
    samples: Samples,
    inside_s: tuple[float, float],
    recognised: Callable[[Samples], Sequence[SpokenWord]],
) -> tuple[list[SpokenWord], list[Hesitation]]:
    """Return the words of a window with edges at the sound, and the hesitations between them.

    A recogniser gives the sound of a hesitation to a word next to it. So the window is recognised again with
    all held sounds silenced: one is a hesitation if the words near it stay in the text as probable as before.

    Parameters
    ----------
    words : in seconds from the start of the samples, with the edges of the recogniser
    samples : of the window and the sound around it, mono at `RATE_HZ`, shape (n,)
    inside_s : the window in the samples; all words are in it
    recognised : returns the words of the window in other samples of the same shape
    """
    likely, sounds = held_sounds(samples), sounding_runs(samples)
    inside = [one for one in likely if inside_s[0] <= one.middle_s <= inside_s[1]]
    found = [one for one in likely if one not in inside]
    for one in found:
        sounds = _without(sounds, one)
    middles_s = sounds.mean(axis=1) * HOP_S
    sounds = sounds[(middles_s >= inside_s[0]) & (middles_s <= inside_s[1])]
    if not words or not len(sounds):
        return list(words), []
    first, cost = settled(words, samples, sounds)
    if not inside:
        return first, found
    again = recognised(_silenced(samples, inside))
    missing = _missing(words, again)
    left, placed = list(range(len(words))), first
    for held_sound in inside:
        there = _words_at(first, held_sound)
        lost = missing.intersection(there)
        one = _checked(held_sound, words, again, lost)
        dropped = lost if len(there) == 1 and _is_doubtful(words[there[0]]) else ()
        others, without = [place for place in left if place not in dropped], _without(sounds, one)
        if one.probability < _LEAST or len(there) > _MOST_WORDS or not others or not len(without):
            continue
        moved, cost_without = settled([words[place] for place in others], samples, without)
        if cost_without - cost <= _MOST_COST:
            placed, cost, sounds, left = moved, cost_without, without, others
            found.append(one)
    return placed, sorted(found, key=lambda one: one.start_s)


def held_sounds(samples: Samples) -> list[Hesitation]:
    """Return the likely held sounds of a window that do not overlap, ascending.

    Parameters
    ----------
    samples : mono at `RATE_HZ`, shape (n,)
    """
    levels_db, likely = levels_above_limit(samples), dict[tuple[int, int], float]()
    for limit_db in _LIMITS_DB:
        spans = spans_above(levels_db, limit_db)
        edges = np.concatenate([[-np.inf], spans.ravel(), [np.inf]])
        pauses_s = np.diff(edges)[::2] * HOP_S
        for (start, stop), before_s, after_s in zip(spans.tolist(), pauses_s, pauses_s[1:], strict=False):
            length_s = (stop - start) * HOP_S
            is_apart = min(before_s, after_s) >= _PAUSE_S
            if (start, stop) in likely or not is_apart or not _SHORTEST_S <= length_s <= _LONGEST_S:
                continue
            sound = samples[round(start * HOP_S * RATE_HZ) : round(stop * HOP_S * RATE_HZ)]
            above_db = float(np.median(levels_db[start:stop])) - limit_db
            likely[start, stop] = _probability(sound, above_db, (before_s, after_s))
    found: list[Hesitation] = []
    for (start, stop), probability in sorted(likely.items(), key=lambda one: -one[1]):
        start_s, stop_s = start * HOP_S, stop * HOP_S
        is_free = all(stop_s <= one.start_s or one.stop_s <= start_s for one in found)
        if probability >= _LEAST and is_free:
            found.append(Hesitation(start_s, stop_s, probability))
    return sorted(found, key=lambda one: one.start_s)


def _probability(sound: Samples, above_db: float, pauses_s: tuple[float, float]) -> float:
    """Return the probability that a sound with pauses around it is held, 0 to 1."""
    voiced, change = held(sound)
    odds = _BIAS + _VOICED * voiced + _CHANGE * change
    odds += _LENGTH * min(len(sound) / RATE_HZ, _MOST_LENGTH_S) + _ABOVE * min(above_db, _MOST_ABOVE_DB)
    odds += _PAUSES * sum(min(one, _MOST_PAUSE_S) for one in pauses_s)
    return _from_log_odds(odds)


def _without(sounds: Spans, held_sound: Hesitation) -> Spans:
    """Return the spans of sounds without a held one."""
    first, last = (round(place_s / HOP_S) for place_s in (held_sound.start_s, held_sound.stop_s))
    parts = list[tuple[int, int]]()
    for start, stop in sounds.tolist():
        is_apart = stop <= first or last <= start
        parts += [(start, stop)] if is_apart else [(start, first), (last, stop)]
    return np.array([one for one in parts if (one[1] - one[0]) * HOP_S >= LEAST_SOUND_S], np.int64).reshape(
        -1, 2
    )


def _checked(
    held_sound: Hesitation, words: Sequence[SpokenWord], again: Sequence[SpokenWord], lost: frozenset[int]
) -> Hesitation:
    """Return a held sound with the probability that it is not a word.

    Words near a real word become less probable when it is silenced, or are missing.

    Parameters
    ----------
    words, again : of the window, and of the window with held sounds silenced
    lost : places of words at the sound that the second text lacks
    """
    before, after = _log_probability(words, held_sound), _log_probability(again, held_sound)
    fall = min(max(before - after, _LEAST_FALL), _MOST_FALL) if before and after else 0.0
    odds = min(np.log(held_sound.probability / (1.0 - held_sound.probability)), _MOST_ODDS)
    odds = _CHECKED + _HELD * odds + _FALL * fall + _LOST * sum(words[one].probability for one in lost)
    return replace(held_sound, probability=_from_log_odds(odds))


def _from_log_odds(odds: float) -> float:
    return float(1.0 / (1.0 + np.exp(-odds)))


def _log_probability(words: Sequence[SpokenWord], held_sound: Hesitation) -> float:
    """Return the mean log probability of the words near a sound, 0 without one."""
    first_s, last_s = held_sound.start_s - _BEFORE_S, held_sound.stop_s + _AFTER_S
    near = [one.probability for one in words if one.stop_s > first_s and one.start_s < last_s]
    return float(np.log(np.array(near) + _NO_PROBABILITY).mean()) if near else 0.0


def _silenced(samples: Samples, sounds: Sequence[Hesitation]) -> Samples:
    """Return samples with silence at held sounds."""
    silenced = samples.copy()
    for one in sounds:
        first, last = (one.start_s - _AROUND_S, one.stop_s + _AROUND_S)
        silenced[max(0, round(first * RATE_HZ)) : round(last * RATE_HZ)] = 0.0
    return silenced


def _missing(words: Sequence[SpokenWord], others: Sequence[SpokenWord]) -> frozenset[int]:
    """Return the places of words that other words of the same window lack, near their time."""
    before, after = ([folded(one.text) for one in each] for each in (words, others))
    lost = set[int]()
    for kind, start, stop, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            pairs = zip(range(start, stop), range(first, last), strict=True)
            lost.update(
                one for one, two in pairs if abs(words[one].start_s - others[two].start_s) > _SAME_WORD_S
            )
        elif stop - start > last - first:
            lost.update(range(start, stop))
    return frozenset(lost)


def _words_at(words: Sequence[SpokenWord], held_sound: Hesitation) -> list[int]:
    """Return the places of the words at a held sound."""
    return [place for place, one in enumerate(words) if held_sound.start_s < one.middle_s < held_sound.stop_s]


def _is_doubtful(word: SpokenWord) -> bool:
    return word.probability < _DOUBTFUL and folded(word.text).isalpha()
