"""What follows from the user's cuts, as soon as there are enough of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.errors import TasteError
from engine.features.taste.anomaly.cut_habits import CutHabits, RecordingCuts
from engine.features.taste.anomaly.taste import Taste, load_taste, save_taste


def cuts_of(lengths_s: Sequence[float], inside: int = 0, kept: int = 0, recordings: int = 1) -> CutHabits:
    """Cuts of recordings of 200 s; those inside songs, and rejected ones, are of the first."""
    shared = [tuple(lengths_s[number::recordings]) for number in range(recordings)]
    counts = [(inside, kept), *[(0, 0)] * (recordings - 1)]
    return CutHabits(
        {
            f"{number}": RecordingCuts(own, *own_counts, 200.0)
            for number, (own, own_counts) in enumerate(zip(shared, counts, strict=True))
        }
    )


TEN = cuts_of([float(length) for length in range(4, 14)], recordings=3)


@pytest.mark.parametrize(
    ("cuts", "keeps"),
    [
        (cuts_of([8.0] * 5, recordings=2), True),
        (cuts_of([8.0] * 4, recordings=2), False),
        (cuts_of([8.0] * 9), False),
        (cuts_of([8.0] * 9, 1, 9, recordings=2), False),
        (cuts_of([8.0], 0, 5), True),
        (cuts_of([8.0], 0, 4), False),
        (cuts_of([], 0, 5), True),
        (CutHabits(), False),
    ],
)
def test_few_cuts_show_no_habit(cuts: CutHabits, keeps: bool) -> None:
    assert cuts.keeps_songs is keeps


def test_the_shortest_cut_is_known_from_eight_on() -> None:
    assert TEN.shortest_s == 2.0
    assert cuts_of([4.0] * 7).shortest_s == 0.0
    assert CutHabits().shortest_s == 0.0


def test_further_decisions_about_a_recording_replace_earlier_ones() -> None:
    newer = CutHabits({"0": RecordingCuts((2.0, 100.0), 1, 2, 200.0), "more": RecordingCuts((7.0,))})
    both = TEN | newer
    assert both.lengths_s == (2.0, 5.0, 6.0, 7.0, 8.0, 9.0, 11.0, 12.0, 100.0)
    assert (both.inside_songs, both.kept_inside_songs, both.recordings) == (1, 2, 4)
    assert both | newer == both
    assert TEN | CutHabits() == TEN


def test_the_sentence_has_the_figures_and_what_follows() -> None:
    assert TEN.sentence == (
        "Your cuts: 10, 4.0 s to 13.0 s (median 8.5 s), 14 % of the recordings; none inside songs, so none "
        "is proposed there; cuts under 2.0 s are not proposed."
    )
    assert "; 3 inside songs; cuts" in cuts_of(TEN.lengths_s, 3, recordings=3).sentence
    assert cuts_of([100.0], 0, 1).sentence == (
        "Your cuts: 1, 1:40, 50 % of the recordings; none inside songs, 1 rejected there."
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
        RecordingCuts((-1.0,), 0, 0, 9.0),
        RecordingCuts((1.0,), -1, 0, 9.0),
        RecordingCuts((1.0,), 0, 2.5, 9.0),
        RecordingCuts((1.0,), 0, 0, float("nan")),
        RecordingCuts((1.0,), 0, 0, 0.0),
        RecordingCuts(3.0, 0, 0, 9.0),
    ],
)
def test_invalid_ones_are_a_damaged_taste(taste: Taste, tmp_path: Path, cuts: RecordingCuts) -> None:
    damaged = replace(taste, habits=replace(taste.habits, cuts=CutHabits({"a": cuts})))
    save_taste(tmp_path / "band.taste", damaged, overwrite=True)
    with pytest.raises(TasteError):
        load_taste(tmp_path / "band.taste")
