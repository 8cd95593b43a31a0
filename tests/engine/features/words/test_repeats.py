"""Passages that sound alike, and the similarity of their words."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.words.repeats import repeated_breaths
from engine.features.words.similarity import is_list, similarity
from tests.engine.features.words.made_speech import held, placed, room, syllables

NEAR_S = 0.02


def test_a_passage_that_breaks_off_and_begins_again_is_found() -> None:
    whole = syllables(1.6, 3)
    samples = placed([(0.5, whole[: len(whole) // 2]), (2.0, 0.6 * whole), (4.4, syllables(1.2, 9))], 6.0)
    [(first, again)] = repeated_breaths(samples)
    assert first == pytest.approx((0.5, 1.3), abs=NEAR_S)
    assert again == pytest.approx((2.0, 3.6), abs=NEAR_S)


@pytest.mark.parametrize(
    "sounds",
    [
        [(0.5, syllables(0.8, 1)), (2.0, syllables(0.8, 2)), (3.5, syllables(1.0, 4))],
        [(0.5, syllables(0.3, 1)), (2.0, syllables(0.3, 1))],
        [(0.5, held(0.9)), (2.0, syllables(0.8, 2))],
        [],
    ],
)
def test_other_short_and_no_passages_are_not(sounds: list[tuple[float, np.ndarray]]) -> None:
    assert repeated_breaths(placed(sounds, 5.0)) == []
    assert repeated_breaths(room(0.02)) == []


def test_numbers_within_words_are_compared_by_their_digits() -> None:
    assert similarity(["precio", "mi", "4", "para"], ["precio", "n4", "para", "el"]) > 0.7
    assert similarity(["press", "4", "now"], ["press", "n5", "now"]) == 0.0


def test_items_of_a_list_have_another_long_word() -> None:
    assert is_list(["it", "was", "locked"], ["it", "was", "extended"])
    assert not is_list(["it", "was", "locked"], ["it", "was", "looked"])
    assert not is_list(["it", "was", "locked"], ["it", "locked"])
