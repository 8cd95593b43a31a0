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
    placed, _ = settled(words, samples, sounds[are_words])
    inside = [one for place, one in held if are_words[place]]
    if not inside:
        return placed, [one for _, one in held]
    missing = _missing(words, recognised(_silenced(samples, inside)))
    found, left_out = list[Hesitation](), set[int]()
    for place, one in held:
        there = _words_at(placed, one) if are_words[place] else []
        lost = missing.intersection(there)
        if not lost or (len(there) == 1 and _is_doubtful(words[there[0]])):
            found.append(one)
            left_out |= lost
            are_words[place] = False
    left = [one for number, one in enumerate(words) if number not in left_out]
    if not left or not are_words.any():
        return placed, []
    return settled(left, samples, sounds[are_words])[0], found


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
    """Return the places of words that other words of the same window lack."""
    before, after = ([folded(one.text) for one in each] for each in (words, others))
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return frozenset(
        place
        for _, start, stop, start_after, stop_after in steps
        for place in range(start, stop)
        if stop - start > stop_after - start_after
    )


def _words_at(words: Sequence[SpokenWord], held: Hesitation) -> list[int]:
    """Return the places of the words at a held sound."""
    middles_s = ((one.start_s + one.stop_s) / 2.0 for one in words)
    return [place for place, middle_s in enumerate(middles_s) if held.start_s < middle_s < held.stop_s]


def _is_doubtful(word: SpokenWord) -> bool:
    return word.probability < _DOUBTFUL and folded(word.text).isalpha()
