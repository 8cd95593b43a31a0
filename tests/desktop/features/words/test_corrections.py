"""Corrections of a transcript: times of replaced words, and names of speakers."""

from __future__ import annotations

import numpy as np
import pytest

from desktop.features.words.corrections import corrected, renamed
from engine.core.errors import UsageError
from engine.document.analysis import BY_HAND, Transcript

SPANS = np.array([[0, 10], [10, 20], [30, 40], [40, 50]], np.int64)


def made() -> Transcript:
    return Transcript(
        ["a", "b", "c", "d"],
        SPANS,
        np.full(4, 0.4, np.float32),
        np.array([0, 0, 1, -1], np.int16),
        names=["Anna", "Ben"],
    )


@pytest.mark.parametrize(
    ("first", "stop", "text", "texts", "spans"),
    [
        (1, 2, "x", "a x c d", [[0, 10], [10, 20], [30, 40], [40, 50]]),
        (1, 3, "b x", "a b x d", [[0, 10], [10, 20], [30, 40], [40, 50]]),
        (1, 2, "xx yyy", "a xx yyy c d", [[0, 10], [10, 14], [14, 20], [30, 40], [40, 50]]),
        (1, 3, "b x c", "a b x c d", [[0, 10], [10, 15], [15, 20], [30, 40], [40, 50]]),
        (0, 3, "a c", "a c d", [[0, 10], [30, 40], [40, 50]]),
        (0, 4, "whole", "whole", [[0, 50]]),
        (0, 1, "a", "a b c d", SPANS.tolist()),
    ],
)
def test_corrected(first: int, stop: int, text: str, texts: str, spans: list[list[int]]) -> None:
    found = corrected(made(), first, stop, text)
    assert list(found.texts) == texts.split()
    assert found.spans_samples.tolist() == spans
    assert (np.diff(found.spans_samples[:, 0]) >= 0).all()
    assert len(found.probabilities) == len(found.speakers) == len(found)
    assert found.probabilities[first] == 1.0
    assert found.maker == BY_HAND
    assert found.speakers[0] == 0


def test_words_stay_in_the_order_of_their_starts() -> None:
    spans = np.array([[0, 100], [20, 30]], np.int64)
    both = Transcript(
        ["long", "short"], spans, np.ones(2, np.float32), np.array([0, 1], np.int16), names=["A", "B"]
    )
    found = corrected(both, 0, 1, "very long")
    assert list(found.texts) == ["very", "short", "long"]
    assert found.speakers.tolist() == [0, 1, 0]


def test_a_correction_needs_a_word() -> None:
    with pytest.raises(UsageError):
        corrected(made(), 0, 1, "  ")


def test_speakers_are_renamed_named_and_joined() -> None:
    assert list(renamed(made(), 0, " Anna  Berg ").names) == ["Anna Berg", "Ben"]
    named = renamed(made(), -1, "Cleo")
    assert (list(named.names), named.speakers.tolist()) == (["Anna", "Ben", "Cleo"], [0, 0, 1, 2])
    joined = renamed(made(), 0, "Ben")
    assert (list(joined.names), joined.speakers.tolist()) == (["Ben"], [0, 0, 0, -1])
    for name in ("", "Anna", "x" * 300):
        with pytest.raises(UsageError):
            renamed(made(), 0, name)
