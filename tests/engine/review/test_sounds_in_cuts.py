"""What sounds in a cut: half of a sound lies in it, the likeliest word first, in search and groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.document.analysis import DetectedSounds
from engine.document.proposals import Decision, Proposal
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.queue import NOT_NAMED, QueueFilter, listing, queue
from engine.review.wording import (
    DetectedWord,
    sounds_in_cut,
    sounds_sentence,
    sounds_within,
    words_of_cuts,
)
from tests.engine.review.test_queue import RATE_HZ, made

SOUNDS = DetectedSounds(
    np.array([(1, 2), (1.5, 3), (11, 13), (24, 26), (25, 25.5)], np.float64) @ np.eye(2) * RATE_HZ,
    ("crow", "cat", "cat", "cat", "car horn"),
    np.array([0.6, 0.9, 0.7, 0.55, 0.8], np.float32),
    "test",
)
SOUNDS = replace(SOUNDS, spans_samples=SOUNDS.spans_samples.astype(np.int64))
STATE = made([(0, 5), (10, 12), (20, 30), (40, 41)])


def plain(span: tuple[int, int], sounds: DetectedSounds) -> dict[str, float]:
    """Each word with the highest likelihood of a sound of which half or more lies in a span, in order."""
    found: dict[str, float] = {}
    weights: dict[str, float] = {}
    for (start, stop), word, likelihood in zip(
        sounds.spans_samples.tolist(), sounds.words, sounds.likelihoods.tolist(), strict=True
    ):
        inside = max(0, min(stop, span[1]) - max(start, span[0]))
        if 2 * inside >= stop - start:
            found[word] = max(found.get(word, 0.0), likelihood)
            weights[word] = weights.get(word, 0.0) + inside * likelihood
    return {word: found[word] for word in sorted(found, key=lambda word: -weights[word])}


def test_what_sounds_is_that_of_a_plain_walk_the_longest_first(rng: np.random.Generator) -> None:
    starts = np.sort(rng.integers(0, 1_000, 60))
    spans = np.stack([starts, starts + rng.integers(1, 80, 60)], axis=1)
    words = tuple(rng.choice(["a", "b", "c", "d", "e"], 60).tolist())
    sounds = DetectedSounds(spans, words, rng.uniform(0.5, 1.0, 60).astype(np.float32), "test")
    for _ in range(100):
        start = int(rng.integers(0, 1_000))
        span = start, start + int(rng.integers(1, 200))
        found = sounds_within(span, sounds)
        assert [(one.text, one.likelihood) for one in found] == list(plain(span, sounds).items())


def test_a_cut_says_what_sounds_where_its_edges_are_now() -> None:
    assert [one.text for one in sounds_in_cut(STATE, "c0", SOUNDS)] == ["cat", "crow"]
    assert [one.text for one in sounds_in_cut(STATE, "c1", SOUNDS)] == ["cat"]
    assert sounds_in_cut(STATE, "c3", SOUNDS) == sounds_in_cut(STATE, "c0", None) == ()
    moved = replace(STATE, decisions={"c0": Decision("c0", start_samples=3 * RATE_HZ)})
    assert sounds_in_cut(moved, "c0", SOUNDS) == ()


def test_talk_with_one_cough_is_talk() -> None:
    sounds = DetectedSounds(
        np.array([(0, 9), (4, 5)], np.int64) * RATE_HZ,
        ("speech", "coughing"),
        np.array([0.7, 0.95], np.float32),
        "test",
    )
    assert [one.text for one in sounds_within((0, 10 * RATE_HZ), sounds)] == ["speech", "coughing"]


def test_what_leaves_nothing_out_says_nothing() -> None:
    gain = Proposal("g", "gain", 0, 5 * RATE_HZ, 0.5, "Louder.", "test", payload={"gain_db": 3.0})
    state: DocumentState = replace(STATE, proposals={**STATE.proposals, "g": gain})
    assert sounds_in_cut(state, "g", SOUNDS) == ()
    assert words_of_cuts(table_of(state).made, SOUNDS)[table_of(state).made.places["g"]] == ()


def test_the_sentence_names_three_at_most() -> None:
    words = [
        DetectedWord(name, likelihood) for name, likelihood in zip("abcd", (0.9, 0.8, 0.7, 0.6), strict=True)
    ]
    assert sounds_sentence(words) == "Detected: a (90 % likely), b (80 % likely) and c (70 % likely)."
    assert sounds_sentence(()) == ""


def test_the_queue_is_searched_and_grouped_by_what_is_heard() -> None:
    def found(text: str, sounds: DetectedSounds | None) -> tuple[str, ...]:
        return queue(STATE, "time", QueueFilter(text=text, sounds=sounds))

    assert found("cat", SOUNDS) == ("c0", "c1", "c2")
    assert found("cat crow", SOUNDS) == ("c0",)
    assert found("cat", None) == ()
    groups = listing(STATE, queue(STATE), "sound", sounds=SOUNDS).groups
    assert [(one.name, one.ids) for one in groups] == [
        ("cat", ("c0", "c1", "c2")),
        (NOT_NAMED, ("c3",)),
    ]
    assert [one.name for one in listing(STATE, queue(STATE), "sound").groups] == [NOT_NAMED]
