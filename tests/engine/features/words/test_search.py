"""Search in words, and their marks."""

from __future__ import annotations

import numpy as np
import pytest

from desktop.features.words.marks import CUT, PLAYING, are_cut, are_inside, runs_of, set_mark
from engine.features.words.search import index_of, places

TALK = (
    *("Well,", "you", "know.", "You", "--", "KNOW?", "It's", "an", "umbrella,", "um...", "Umbrella!"),
    *("Straße", "日本", "語", "です"),
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("you know", [(1, 3), (3, 6)]),
        ("YOU, know!", [(1, 3), (3, 6)]),
        ("its", [(6, 7)]),
        ("um", [(9, 10)]),
        ("umb", [(8, 9), (10, 11)]),
        ("ell", []),
        ("strasse", [(11, 12)]),
        ("本語", [(12, 14)]),
        ("日本 語", []),
        ("...", []),
        ("  ", []),
    ],
)
def test_places(query: str, found: list[tuple[int, int]]) -> None:
    assert places(index_of(TALK), query) == found


def test_nothing_is_found_in_nothing() -> None:
    assert places(index_of([]), "um") == places(index_of(["—", "…"]), "um") == []


def test_a_word_is_cut_if_its_larger_part_is() -> None:
    spans = np.array([[0, 10], [10, 20], [20, 30], [30, 30], [40, 50]], np.int64)
    assert are_cut(spans, [(26, 31), (5, 16)]).tolist() == [False, True, False, True, False]
    assert are_cut(spans, [(42, 45), (46, 50), (0, 6)]).tolist() == [True, False, False, False, True]
    assert not are_cut(spans, []).any()
    rng = np.random.default_rng(3)
    starts = np.sort(rng.integers(0, 900, 60))
    words = np.stack([starts, starts + rng.integers(1, 40, 60)], axis=1)
    removed = np.stack([cuts := rng.integers(0, 900, 15), cuts + rng.integers(1, 50, 15)], axis=1)
    gone = np.zeros(1000, bool)
    for start, stop in removed:
        gone[start:stop] = True
    slow = [2 * int(gone[start:stop].sum()) > stop - start for start, stop in words]
    assert are_cut(words, removed).tolist() == slow


def test_marks_change_by_word_and_are_painted_by_run() -> None:
    marks = np.zeros(5, np.uint8)
    spans = np.array([[0, 10], [10, 20], [20, 30], [30, 40], [40, 50]], np.int64)
    assert set_mark(marks, CUT, are_inside(spans, 10, 35)).tolist() == [1, 2]
    marks[4] |= PLAYING
    assert list(runs_of(marks)) == [(1, 3, int(CUT)), (4, 5, int(PLAYING))]
    assert set_mark(marks, CUT, np.zeros(5, bool)).tolist() == [1, 2]
    assert list(runs_of(marks[:0])) == []
