"""Hesitations: held voiced sounds with pauses around them, such as "um", which recognisers leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.words.edges import HOP_S, SpokenWord, settled, sounding_runs
from engine.features.words.held import RATE_HZ, held_probability
from engine.features.words.text import folded

Samples = NDArray[np.float32]
Spans = NDArray[np.int64]

_LEAST = 0.65
_PAUSE_S = 0.06
_MOST_COST = 1.0
"""How much worse the words may fit the other sounds."""
_MOST_COST_OF_HELD = 0.0
"""The same where the sound may be that of its word, such as "I"."""
_HELD_LETTERS = frozenset("aeiouyäöüéèêàâîôûùáíóúæøåmnlrwhj'")
"""Of words that may be one held sound, such as "I" or "oh"."""


@dataclass(frozen=True, slots=True)
class Hesitation:
    """A held sound, in seconds, and the probability that it is a hesitation, 0 to 1."""

    start_s: float
    stop_s: float
    probability: float


def words_and_hesitations(
    words: Sequence[SpokenWord], samples: Samples
) -> tuple[list[SpokenWord], list[Hesitation]]:
    """Return the words of a window with edges at the sound, and the hesitations between them.

    A recogniser gives the sound of a hesitation to a word next to it. So words are put on all sounds first. A
    held sound is a hesitation if they fit the other sounds about as well, and never the sound of digits.

    Parameters
    ----------
    words : in seconds from the start of the window, with the edges of the recogniser
    samples : of the window, mono at `RATE_HZ`, shape (n,)
    """
    sounds = sounding_runs(samples)
    if not words or not len(sounds):
        return list(words), []
    placed, cost = settled(words, samples, sounds)
    found: list[Hesitation] = []
    are_words = np.ones(len(sounds), np.bool_)
    for place, one in sorted(_held(sounds, samples), key=lambda each: -each[1].probability):
        without = are_words & (np.arange(len(sounds)) != place)
        texts = _texts_at(placed, one)
        if not without.any() or not all(map(str.isalpha, texts)):
            continue
        others, cost_without = settled(words, samples, sounds[without])
        if cost_without - cost <= (_MOST_COST_OF_HELD if any(map(_may_be_held, texts)) else _MOST_COST):
            placed, cost, are_words = others, cost_without, without
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


def _texts_at(words: Sequence[SpokenWord], held: Hesitation) -> list[str]:
    """Return the words at a held sound."""
    middles_s = ((one.start_s + one.stop_s) / 2.0 for one in words)
    return [
        folded(one.text)
        for one, middle_s in zip(words, middles_s, strict=True)
        if held.start_s < middle_s < held.stop_s
    ]


def _may_be_held(text: str) -> bool:
    """Return whether a word may be one held sound, such as "I"; those of other scripts are not analysed."""
    return not text.isascii() or len(text) == 1 or set(text) <= _HELD_LETTERS
