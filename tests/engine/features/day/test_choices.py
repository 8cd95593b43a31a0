"""Choices of the user about a day: stars, takes that stay, names; each is one step of undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.analysis import BY_HAND, BeatGrid, StoredDay
from engine.document.document import Document
from engine.document.edits.analyses import known_day
from engine.document.edits.markers import add_all
from engine.features.day.choices import give_stars, joined, name_of, rename_song, retain, retain_suggested
from engine.features.day.figures import StoredResults, tempo_variation
from engine.features.day.finder import take_regions
from engine.features.day.stored import day_of as day_in_seconds
from engine.features.day.suggest import suggestions
from tests.engine.features.day.made import RATE_HZ, made_day


def _day(document: Document) -> StoredDay:
    found = known_day(document.state, document.analysis("day"))
    assert found is not None
    return found


def test_stars_are_given_taken_off_and_undone(tmp_path: Path) -> None:
    with Document.open(made_day(tmp_path)) as document:
        before = _day(document).stars.tolist()
        document.apply(*give_stars(document.state, _day(document), 3, 4))
        assert _day(document).stars.tolist() == [*before[:3], 4]
        assert _day(document).maker == BY_HAND
        document.apply(*give_stars(document.state, _day(document), 3, 4))
        assert _day(document).stars.tolist() == [*before[:3], 0]
        document.undo()
        document.undo()
        assert _day(document).stars.tolist() == before
        with pytest.raises(UsageError):
            give_stars(document.state, _day(document), 0, 6)


def test_one_take_of_a_song_is_retained_and_the_others_are_marked(tmp_path: Path) -> None:
    with Document.open(made_day(tmp_path)) as document:
        document.apply(*retain(document.state, _day(document), 0))
        assert _day(document).retained.tolist() == [1, -1, 1, -1]
        document.apply(*retain(document.state, _day(document), 0))
        assert _day(document).retained.tolist() == [0, 0, 1, -1]


def test_suggested_takes_are_retained_where_nothing_is_chosen_and_they_are_complete(tmp_path: Path) -> None:
    with Document.open(made_day(tmp_path)) as document:
        document.apply(*retain(document.state, _day(document), 1))  # no choice for the first song any more
        document.apply(*retain_suggested(document.state, _day(document), (0, 3)))
        assert _day(document).retained.tolist() == [1, -1, 1, -1]
        with pytest.raises(UsageError):
            retain_suggested(document.state, _day(document), (1, 3))
        document.apply(*retain(document.state, _day(document), 2))
        with pytest.raises(UsageError):  # take 2 of the second song is a part
            retain_suggested(document.state, _day(document), (3,))
        document.undo()
        document.undo()
        assert _day(document).retained.tolist() == [0, 0, 1, -1]


def test_a_name_goes_to_all_takes_and_their_regions(tmp_path: Path) -> None:
    with Document.open(made_day(tmp_path)) as document:
        day = day_in_seconds(_day(document), RATE_HZ)
        document.apply(add_all(document.state, take_regions(document.state, day), "Named 4 regions"))
        document.apply(*rename_song(document.state, _day(document), 1, "  Tide   Song "))
        assert list(_day(document).names) == ["Blue: Moon", "Tide Song"]
        names = [one.name for one in document.state.markers.values()]
        assert names == [f"{song} – take {take}" for song in ("Blue: Moon", "Tide Song") for take in (1, 2)]
        document.undo()
        assert "Über – take 1" in {one.name for one in document.state.markers.values()}


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "Über"])
def test_an_impossible_name_is_refused(tmp_path: Path, name: str) -> None:
    with Document.open(made_day(tmp_path)) as document, pytest.raises(UsageError):
        rename_song(document.state, _day(document), 1, name)


def test_the_name_of_another_song_joins_both(tmp_path: Path) -> None:
    with Document.open(made_day(tmp_path)) as document:
        stars = _day(document).stars.tolist()
        document.apply(*rename_song(document.state, _day(document), 1, "Blue: Moon"))
        day = _day(document)
        assert list(day.names) == ["Blue: Moon"]
        assert day.songs.tolist() == [0, 0, 0, 0]
        assert day.stars.tolist() == stars
        assert name_of(day, 3) == "Blue: Moon – take 4"


def test_joined_takes_are_in_the_order_they_were_played(tmp_path: Path) -> None:
    with Document.open(made_day(tmp_path)) as document:
        day = joined(_day(document), 1, 0)
        assert day.names == ("Über",)
        assert (np.diff(day.spans_samples[:, 0]) > 0).all()


def test_the_steadiest_complete_take_is_suggested(tmp_path: Path) -> None:
    with Document.open(made_day(tmp_path)) as document:
        day = _day(document)
        assert [(one.row, one.reasons) for one in suggestions(day, StoredResults(document.state))] == [
            (1, ("the last one",)),
            (2, ("complete",)),
        ]
        steady, loose = np.full(20, 0.2), np.tile([0.15, 0.25], 10)
        beats_s = np.concatenate([1.0 + np.cumsum(steady), 7.0 + np.cumsum(loose)])
        beats = np.rint(beats_s * RATE_HZ).astype(np.int64)
        grid = BeatGrid(beats, np.zeros(len(beats), np.int64), 120.0, 1.0, "a test")
        assert next(suggestions(day, StoredResults(document.state, grid))).row == 0
        first, second = (tempo_variation(grid, day.spans_samples[row].tolist()) for row in (0, 1))
        assert first is not None
        assert second is not None
        assert first < 0.05 < second
