"""Names of the sounds in the span of a cut, looked up on request so that they follow its edges.

Proposals do not hold them: they are frozen once they are made, and sounds may be detected before or after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.latest import found_once_of
from engine.core.wording import listed, percent
from engine.document.analysis import DetectedSounds
from engine.document.kinds import KINDS
from engine.document.state import DocumentState
from engine.document.table import Made

MOST_WORDS = 3
LEAST_INSIDE = 0.5
"""Least share of a sound inside a span to be named there."""


@dataclass(frozen=True, slots=True)
class DetectedWord:
    """The name of a sound, and the probability that it is right, 0 to 1."""

    text: str
    likelihood: float


def sounds_within(span: tuple[int, int], sounds: DetectedSounds | None) -> tuple[DetectedWord, ...]:
    """Return the sounds in a span of samples, each word once; ranked by duration and likelihood."""
    if sounds is None or not len(sounds.words):
        return ()
    starts, stops = sounds.spans_samples[:, 0], sounds.spans_samples[:, 1]
    inside = np.minimum(stops, span[1]) - np.maximum(starts, span[0])
    likeliest: dict[str, float] = {}
    weights: dict[str, float] = {}
    for place in np.flatnonzero(inside >= LEAST_INSIDE * (stops - starts)).tolist():
        word, likelihood = sounds.words[place], float(sounds.likelihoods[place])
        likeliest[word] = max(likeliest.get(word, 0.0), likelihood)
        weights[word] = weights.get(word, 0.0) + likelihood * float(inside[place])
    ordered = sorted(likeliest, key=lambda word: (-weights[word], word))
    return tuple(DetectedWord(word, likeliest[word]) for word in ordered)


def sounds_in_cut(
    state: DocumentState, proposal_id: str, sounds: DetectedSounds | None
) -> tuple[DetectedWord, ...]:
    """Return the sounds in the span that a proposal drops; () for kinds that drop no span."""
    kind = KINDS.get(state.proposals[proposal_id].kind)
    if kind is None or not kind.drops_span:
        return ()
    return sounds_within(state.span(proposal_id), sounds)


def sounds_sentence(words: Sequence[DetectedWord]) -> str:
    """Return a sentence about detected sounds; "" without any."""
    if not words:
        return ""
    said = [f"{one.text} ({percent(one.likelihood)} likely)" for one in words[:MOST_WORDS]]
    return f"Detected: {listed(said)}."


@found_once_of(1)
def words_of_cuts(made: Made, sounds: DetectedSounds) -> tuple[tuple[str, ...], ...]:
    """Return the words of each proposal that leaves a span out, as it was made, by place."""
    spans = zip(made.starts_samples.tolist(), made.stops_samples.tolist(), made.drops.tolist(), strict=True)
    return tuple(
        tuple(one.text for one in sounds_within((start, stop), sounds)) if drops else ()
        for start, stop, drops in spans
    )
