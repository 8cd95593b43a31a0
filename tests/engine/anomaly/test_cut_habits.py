"""What follows from the user's cuts, as soon as there are enough of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.anomaly.cut_habits import CutHabits
from engine.anomaly.taste import Taste, load_taste, save_taste
from engine.errors import TasteError

TEN = CutHabits(tuple(range(4, 14)), 0, 0, 3, 600.0)


@pytest.mark.parametrize(
    ("cuts", "keeps"),
    [
        (CutHabits((8.0,) * 5, 0, 0, 2, 100.0), True),
        (CutHabits((8.0,) * 4, 0, 0, 2, 100.0), False),
        (CutHabits((8.0,) * 9, 0, 0, 1, 100.0), False),
        (CutHabits((8.0,) * 9, 1, 9, 2, 100.0), False),
        (CutHabits((8.0,), 0, 5, 1, 100.0), True),
        (CutHabits((8.0,), 0, 4, 1, 100.0), False),
        (CutHabits(), False),
    ],
)
def test_few_cuts_show_no_habit(cuts: CutHabits, keeps: bool) -> None:
    assert cuts.keeps_songs is keeps


def test_the_shortest_cut_is_known_from_eight_on() -> None:
    assert TEN.shortest_s == 2.0
    assert CutHabits((4.0,) * 7).shortest_s == 0.0
    assert CutHabits().shortest_s == 0.0


def test_cuts_of_two_sources_add_up() -> None:
    both = TEN | CutHabits((2.0, 200.0), 1, 2, 1, 400.0)
    assert both == CutHabits((2.0, *range(4, 14), 200.0), 1, 2, 4, 1000.0)
    assert TEN | CutHabits() == TEN


def test_the_sentence_has_the_figures_and_what_follows() -> None:
    assert TEN.sentence == (
        "Your cuts: 10, 4.0 s to 13.0 s (median 8.5 s), 14 % of the recordings; none inside songs, so none "
        "is proposed there; cuts under 2.0 s are not proposed."
    )
    assert "3 inside songs" in replace(TEN, inside_songs=3).sentence
    assert "none is proposed there" not in replace(TEN, inside_songs=3).sentence
    assert CutHabits((200.0,), 0, 1, 1, 400.0).sentence == (
        "Your cuts: 1, 3:20, 50 % of the recordings; none inside songs, 1 rejected there."
    )
    assert CutHabits().sentence == ""


def test_a_taste_keeps_them(taste: Taste, tmp_path: Path) -> None:
    for cuts in (TEN, None):
        known = replace(taste, habits=replace(taste.habits, cuts=cuts))
        save_taste(tmp_path / "band.taste", known, overwrite=True)
        assert load_taste(tmp_path / "band.taste").habits.cuts == cuts


@pytest.mark.parametrize(
    "cuts",
    [
        replace(TEN, lengths_s=(-1.0,)),
        replace(TEN, inside_songs=-1),
        replace(TEN, recordings=2.5),
        replace(TEN, recorded_s=float("nan")),
        replace(TEN, lengths_s=3.0),
    ],
)
def test_invalid_ones_are_a_damaged_taste(taste: Taste, tmp_path: Path, cuts: CutHabits) -> None:
    damaged = replace(taste, habits=replace(taste.habits, cuts=cuts))
    save_taste(tmp_path / "band.taste", damaged, overwrite=True)
    with pytest.raises(TasteError):
        load_taste(tmp_path / "band.taste")
