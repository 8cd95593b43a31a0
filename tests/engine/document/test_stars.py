"""Stars of bars: one key gives or takes a star, and their names are those of regions."""

from __future__ import annotations

import pytest

from engine.core.errors import UsageError
from engine.document.edits.markers import AVOIDED, MOST_STARS, rate, rating_of, ratings_of
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState, Marker

BAR = (1_000, 2_000)


def after(*steps: int) -> DocumentState:
    state = DocumentState()
    for by in steps:
        state = apply_rows(state, rate(state, BAR, by).changes)
    return state


@pytest.mark.parametrize(
    ("steps", "rating"),
    [((1,), 1), ((1, 1, 1), MOST_STARS), ((1, 1, -1), 1), ((-1,), AVOIDED), ((1, -1, -1), AVOIDED)],
)
def test_stars_are_counted(steps: tuple[int, ...], rating: int) -> None:
    assert ratings_of(after(*steps)) == [(*BAR, rating)]


def test_a_star_that_is_taken_leaves_no_region() -> None:
    assert not after(1, -1).markers
    assert not after(-1, 1).markers


@pytest.mark.parametrize("steps", [(1, 1, 1, 1), (-1, -1)])
def test_there_are_no_more_than_three_stars_and_none_below_avoided(steps: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        after(*steps)


@pytest.mark.parametrize(("name", "rating"), [("★★", 2), ("☆", -1), ("★★★★", 0), ("★ good", 0), ("", 0)])
def test_only_stars_are_a_rating(name: str, rating: int) -> None:
    assert rating_of(Marker("marker-1", *BAR, name)) == rating
