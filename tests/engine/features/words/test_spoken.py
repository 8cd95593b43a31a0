"""Hesitations between the words of a transcript."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import Transcript
from engine.features.words.spoken import HESITATION, spoken_text
from tests.desktop.features.words.transcripts import RATE_HZ, transcript_of


def with_sounds(transcript: Transcript, *spans_s: tuple[float, float]) -> Transcript:
    return replace(
        transcript,
        hesitations_samples=np.rint(np.array(spans_s) * RATE_HZ).astype(np.int64).reshape(-1, 2),
        hesitation_scores=np.linspace(0.7, 0.9, len(spans_s), dtype=np.float32),
    )


TWO = transcript_of([("Anna", "one two."), ("Ben", "three")])
"""Words at 0.5, 0.9 and 3.8 s, each of 0.3 s."""


def test_hesitations_are_between_words_in_the_order_of_time() -> None:
    spoken = spoken_text(with_sounds(TWO, (0.82, 0.88), (3.2, 3.7), (0.1, 0.4), (4.2, 4.4)))
    assert spoken.items.texts == [HESITATION, "one", HESITATION, "two.", HESITATION, "three", HESITATION]
    assert spoken.words.tolist() == [-1, 0, -1, 1, -1, 2, -1]
    assert (np.diff(spoken.items.spans_samples[:, 0]) > 0).all()
    np.testing.assert_allclose(
        spoken.items.probabilities[spoken.words < 0], [0.7 + 0.4 / 3, 0.7, 0.7 + 0.2 / 3, 0.9]
    )
    assert spoken.items.speakers.tolist() == [0, 0, 0, 0, 1, 1, 1], "of the nearest word"


@pytest.mark.parametrize(
    ("items", "words", "texts"),
    [((0, 4), (0, 2), ["one", "two."]), ((2, 3), (0, 0), []), ((2, 4), (1, 2), ["two."])],
)
def test_items_without_their_hesitations_are_words(
    items: tuple[int, int], words: tuple[int, int], texts: list[str]
) -> None:
    spoken = spoken_text(with_sounds(TWO, (0.1, 0.4), (0.82, 0.88)))
    assert spoken.words_in(*items) == words
    assert list(spoken.texts_in(*items)) == texts


@pytest.mark.parametrize("transcript", [TWO, transcript_of([])])
def test_without_hesitations_the_items_are_the_words(transcript: Transcript) -> None:
    spoken = spoken_text(transcript)
    assert spoken.items is transcript
    assert spoken.words.tolist() == list(range(len(transcript)))
