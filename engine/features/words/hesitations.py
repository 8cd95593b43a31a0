"""Hesitations: held voiced sounds with pauses around them, such as "um", which recognisers leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from engine.features.words.edges import HOP_S, SpokenWord, settled, sounding_runs
from engine.features.words.held import RATE_HZ, held_probability
from engine.features.words.text import folded

Samples = NDArray[np.float32]
Spans = NDArray[np.int64]

_LEAST = 0.65
_PAUSE_S = 0.08
_AROUND_S = 0.005
_MOST_WORDS, _SAME_WORD_S = 2, 1.2
"""The most words at the sound of a hesitation; and how far a word that stays may move."""
_MOST_COST = 6.0
"""How much worse the words may fit the other sounds."""
_DOUBTFUL = 0.4
"""A word below this probability may be written for a hesitation, as "Oh" is for "um"."""


@dataclass(frozen=True, slots=True)
class Hesitation:
    """A held sound, in seconds, and the probability that it is a hesitation, 0 to 1."""

    start_s: float
    stop_s: float
    probability: float


def words_and_hesitations(
    words: Sequence[SpokenWord],
    samples: Samples,
    inside_s: tuple[float, float],
    recognised: Callable[[Samples], Sequence[SpokenWord]],
) -> tuple[list[SpokenWord], list[Hesitation]]:
    """Return the words of a window with edges at the sound, and the hesitations between them.

    A recogniser gives the sound of a hesitation to a word next to it. So the window is recognised again with
    all held sounds silenced: one is a hesitation if the word at it stays in the text.

    Parameters
    ----------
    words : in seconds from the start of the samples, with the edges of the recogniser
    samples : of the window and the sound around it, mono at `RATE_HZ`, shape (n,)
    inside_s : the window in the samples; all words are in it
    recognised : returns the words of the window in other samples of the same shape
    """
    sounds = sounding_runs(samples)
    middles_s = sounds.mean(axis=1) * HOP_S
    are_words = (middles_s >= inside_s[0]) & (middles_s <= inside_s[1])
    if not words or not are_words.any():
        return list(words), []
    held = list(_held(sounds, samples))
    first, cost = settled(words, samples, sounds[are_words])
    inside = [one for place, one in held if are_words[place]]
    found = [one for place, one in held if not are_words[place]]
    if not inside:
        return first, found
    missing = _missing(words, recognised(_silenced(samples, inside)))
    left, placed = list(range(len(words))), first
    for place, one in held:
        there = _words_at(first, one)
        lost = missing.intersection(there)
        is_word = lost and not (len(there) == 1 and _is_doubtful(words[there[0]]))
        without = are_words & (np.arange(len(sounds)) != place)
        others = [number for number in left if number not in lost]
        if not are_words[place] or is_word or len(there) > _MOST_WORDS or not others or not without.any():
            continue
        moved, cost_without = settled([words[number] for number in others], samples, sounds[without])
        if cost_without - cost <= _MOST_COST:
            placed, cost, are_words, left = moved, cost_without, without, others
            found.append(one)
    return placed, sorted(found, key=lambda one: one.start_s)


def _held(sounds: Spans, samples: Samples) -> Iterator[tuple[int, Hesitation]]:
    """Yield the held sounds with pauses around them, and the place of each."""
    spans_s = (sounds * HOP_S).tolist()
    for place, (start_s, stop_s) in enumerate(spans_s):
        is_early = place and start_s - spans_s[place - 1][1] < _PAUSE_S
        is_late = place + 1 < len(spans_s) and spans_s[place + 1][0] - stop_s < _PAUSE_S
        probability = held_probability(samples[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)])
        if probability >= _LEAST and not is_early and not is_late:
            yield place, Hesitation(start_s, stop_s, probability)


def _silenced(samples: Samples, held: Sequence[Hesitation]) -> Samples:
    """Return samples with silence at held sounds."""
    silenced = samples.copy()
    for one in held:
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


def _words_at(words: Sequence[SpokenWord], held: Hesitation) -> list[int]:
    """Return the places of the words at a held sound."""
    return [place for place, one in enumerate(words) if held.start_s < one.middle_s < held.stop_s]


def _is_doubtful(word: SpokenWord) -> bool:
    return word.probability < _DOUBTFUL and folded(word.text).isalpha()
