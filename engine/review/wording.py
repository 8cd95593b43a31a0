"""Words for the card of a proposal: parts of its score, reason of moved edges, names of sounds in its span.

Names of sounds are looked up on request, so that they follow the edges of a cut. Proposals do not hold them:
they are frozen once they are made, and sounds may be detected before or after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from engine.core.latest import found_once_of
from engine.core.wording import listed, percent
from engine.document.analysis import DetectedSounds
from engine.document.kinds import KINDS
from engine.document.state import DocumentState
from engine.document.table import Made


@dataclass(frozen=True, slots=True)
class SpanReason:
    """Reason and score of a span; None if the score of exactly this span is unknown."""

    reason: str
    score: float | None


PART_WORDING: Mapping[str, str] = MappingProxyType(
    {
        "altered": "reversed, muffled or doubled",
        "bad-join": "a bad join",
        "cut-before": "like your earlier cuts",
        "dead-air": "a pause",
        "dropout": "a dropout",
        "false-start": "a false start",
        "hard-to-fill-in": "does not fit its context",
        "noise": "a noise",
        "noodling": "noodling",
        "out-of-tune": "out of tune",
        "talk": "talk",
        "unlike-kept": "unlike the training data",
        "unlike-rest": "unlike the rest",
        "unlike-rest-rhythm": "another rhythm than the rest",
        "unusual-mix": "mix unlike the training data",
        "wrong-tempo": "the wrong tempo",
        "rebuilt-1-beats": "reconstruction error of one beat",
        "rebuilt-4-beats": "reconstruction error of four beats",
        "rebuilt-16-beats": "reconstruction error of sixteen beats",
        "rebuilt-as-edited": "reconstruction error as edited",
        "rebuilt-as-raw": "reconstruction as raw",
        "svdd-distance": "distance from the training data",
        "svdd-reconstruction": "reconstruction error",
    }
)
"""A few words for each name that a recipe gives to a part of its score."""


def part_wording(name: str) -> str:
    """Return the name of a part of a score; for an unknown recipe, its key with spaces."""
    return PART_WORDING.get(name, name.replace("-", " "))


UNLIKE_REST, RHYTHM = "unlike-rest", "unlike-rest-rhythm"
NOT_FAULTS = frozenset({"unlike-kept", UNLIKE_REST, "unusual-mix"})
"""Parts that are high in any unfamiliar music."""


def fault_parts(names: Sequence[str]) -> list[int]:
    """Return the numbers of the parts that are kinds of fault."""
    return [number for number, name in enumerate(names) if name not in NOT_FAULTS]


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
    texts = [f"{one.text} ({percent(one.likelihood)} likely)" for one in words[:MOST_WORDS]]
    return f"Detected: {listed(texts)}."


@found_once_of(1)
def words_of_cuts(made: Made, sounds: DetectedSounds) -> tuple[tuple[str, ...], ...]:
    """Return the words of each proposal that leaves a span out, as it was made, by place."""
    spans = zip(made.starts_samples.tolist(), made.stops_samples.tolist(), made.drops.tolist(), strict=True)
    return tuple(
        tuple(one.text for one in sounds_within((start, stop), sounds)) if drops else ()
        for start, stop, drops in spans
    )
