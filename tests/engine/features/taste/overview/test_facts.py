"""Facts of a taste: the extremes of its edits, as far as it knows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.features.taste.anomaly.cut_habits import CutHabits, RecordingCuts
from engine.features.taste.anomaly.found_faults import Habits
from engine.features.taste.anomaly.taste import Taste
from engine.features.taste.overview.jobs import facts_of

OF_EDITS = Habits(1.24, 0.0, 88.4, 3.2, 0.1)


def figures(taste: Taste, habits: Habits) -> dict[str, str]:
    return dict(facts_of(replace(taste, habits=habits), Path("band.taste")).figures)


def test_figures_include_the_extremes_of_the_edits(taste: Taste) -> None:
    shown = figures(taste, OF_EDITS)
    assert shown["longest dead air"] == "1.2 s"
    assert shown["shortest piece"] == "1:28"
    assert shown["largest change of level"] == "3 dB"
    assert shown["largest change of tempo"] == "11 %"
    cuts = CutHabits({"a": RecordingCuts((8.0,) * 6, 0, 0, 96.0)})
    assert figures(taste, replace(OF_EDITS, cuts=cuts))[cuts.sentence] == ""
    assert "" not in figures(taste, replace(OF_EDITS, cuts=CutHabits()))


def test_an_older_taste_knows_fewer(taste: Taste) -> None:
    assert figures(taste, OF_EDITS).keys() - figures(taste, Habits()).keys() == {
        "shortest piece",
        "largest change of level",
        "largest change of tempo",
    }
