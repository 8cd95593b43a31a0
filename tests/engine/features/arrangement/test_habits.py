"""What somebody does in their edits is counted: worked examples, edges, and what is kept of it in a file."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.features.arrangement.habits import Counted, Habits, Piece, habits_of
from engine.features.arrangement.rules.search import FAMILIES, RULES_IN_WORDS

BEATS_S = np.arange(0.0, 100.0, 0.5)
MUSIC = Counted(100.0, BEATS_S, BEATS_S[::4], ((0.0, 100.0),))


def of(*spans_s: tuple[float, float], recording: Counted = MUSIC) -> Habits:
    return habits_of([[Piece(0, *span) for span in spans_s]], {0: recording})


def test_cuts_are_told_on_downbeats_on_beats_and_beside_them() -> None:
    found = of((2.0, 10.03), (20.5, 30.25), (40.04, 50.46))
    assert found.cuts == found.counted_cuts == 6
    assert found.downbeat_share == pytest.approx(3 / 6)  # 2.0, 10.03 and 40.04
    assert found.beat_share == pytest.approx(5 / 6)  # all but 30.25
    assert found.chance_share == pytest.approx(0.2)  # 50 ms to either side of a beat each 500 ms
    assert found.pause_share == 0.0
    assert found.piece_s == pytest.approx(9.75)


def test_random_cuts_are_on_beats_as_often_as_chance_says(rng: np.random.Generator) -> None:
    edges_s = np.sort(rng.uniform(1.0, 99.0, 2_000)).reshape(-1, 2)
    found = of(*map(tuple, edges_s))
    assert found.beat_share == pytest.approx(found.chance_share, abs=0.03)


def test_the_ends_of_a_recording_and_what_goes_on_are_no_cuts() -> None:
    found = of((0.0, 40.0), (40.01, 70.0), (80.0, 100.0))
    assert (found.pieces, found.cuts) == (2, 2)
    assert not of((0.0, 100.0)).cuts
    assert not of((0.0, 100.0)).counted_cuts


def test_cuts_in_pauses_and_without_beats_are_not_counted_as_beside_them() -> None:
    halves = Counted(100.0, BEATS_S[BEATS_S < 50.0], BEATS_S[:100:4], ((0.0, 40.0), (60.0, 90.0)))
    found = of((2.0, 45.0), (70.25, 95.0), recording=halves)
    assert (found.cuts, found.counted_cuts) == (4, 1)
    assert found.pause_share == pytest.approx(2 / 4)  # 45 and 95
    assert found.beat_share == 1.0
    nothing = Counted(100.0, np.zeros(0), np.zeros(0), ())
    assert of((2.0, 45.0), recording=nothing).beat_share is None


def test_a_side_that_could_lie_elsewhere_is_not_counted() -> None:
    pieces = [Piece(0, 0.0, 30.0), Piece(0, 60.25, 100.0, is_start_sure=False)]
    assert habits_of([pieces], {0: MUSIC}).cuts == 0


def test_moved_pieces_are_the_fewest_without_which_the_order_is_that_of_the_recording() -> None:
    assert of((10.0, 20.0), (30.0, 40.0)).moved == 0
    assert of((60.0, 70.0), (0.0, 50.0), (80.0, 90.0)).moved == 1
    assert of((60.0, 70.0), (40.0, 50.0), (20.0, 30.0)).moved == 2
    assert of((10.0, 20.0), (16.0, 20.0), (16.0, 24.0)).moved == 0  # rounds of a loop
    two = [Piece(0, 60.0, 70.0), Piece(1, 10.0, 20.0), Piece(0, 80.0, 90.0)]
    assert habits_of([two], {0: MUSIC, 1: MUSIC}).moved == 0


def test_the_rule_of_an_editor_is_in_words_and_in_its_facts() -> None:
    ruled = replace(of((60.0, 70.0), (0.0, 50.0)), rule="loops sections", rule_fit=0.934)
    assert ruled.words()[-1] == "Rule: loops sections (93 % alike)"
    assert Habits.of_facts(ruled.facts()) == Habits.of_facts(json.loads(json.dumps(ruled.facts())))
    assert Habits.of_facts({**ruled.facts(), "rule": 3}) is None
    assert len(RULES_IN_WORDS) == len(FAMILIES)


def test_a_file_of_before_has_habits_without_an_order() -> None:
    facts = of((60.0, 70.0), (0.0, 50.0)).facts()
    del facts["moved"]
    found = Habits.of_facts(facts)
    assert found is not None
    assert found.moved is None
    assert not any(line.startswith("Order") for line in found.words())


def test_loops_are_what_is_played_again_at_once() -> None:
    found = of((10.0, 20.0), (16.0, 20.0), (16.0, 24.0), (50.0, 60.0), (10.0, 14.0))
    assert (found.loops, found.rounds, found.loop_s) == (1, 3, 4.0)
    assert found.kept_share == pytest.approx(0.24)
    assert found.plays == pytest.approx(36.0 / 24.0)
    assert of((10.0, 20.0), (10.0, 20.0)).loops == 1
    assert of((10.0, 20.0), (19.9, 30.0)).loops == 0  # a blur at a cut


def test_recordings_and_edits_are_counted_together_and_kept_apart() -> None:
    edits = [[Piece(0, 10.0, 20.0), Piece(1, 18.0, 30.0)], [Piece(0, 10.0, 20.0)]]
    found = habits_of(edits, {0: MUSIC, 1: MUSIC})
    assert (found.pieces, found.loops) == (3, 0)
    assert found.kept_share == pytest.approx(32.0 / 300.0)
    assert found.plays == 1.0


def test_words_say_it_and_nothing_at_all_is_said_too() -> None:
    said = of((2.0, 10.0), (6.0, 10.0), (20.5, 30.25)).words()
    assert said == (
        "Length of a piece: 8.0 s (median of 3)",
        "Cuts: 6, of these 67 % on downbeats, 83 % on beats (chance: 20 %)",
        "Retained: 18 % of the recording, each moment 1.23 times",
        "Loops: 1 of 4.0 s, played 2.0 times each",
        "Order: as in the recording",
    )
    assert habits_of([], {}).words() == ("Pieces: none",)


def test_they_come_back_from_json_and_what_is_damaged_does_not() -> None:
    for found in (of((2.0, 10.0), (6.0, 10.0)), of((0.0, 100.0)), habits_of([], {})):
        facts = json.loads(json.dumps(found.facts()))
        assert Habits.of_facts(facts) == found
        assert Habits.of_facts({**facts, "pieces": -1}) is None
        assert Habits.of_facts({**facts, "kept_share": float("nan")}) is None
        assert Habits.of_facts({**facts, "cuts": None}) is None
        assert Habits.of_facts({**facts, "loop_s": "4"}) is None
        facts.pop("kept_share")
        assert Habits.of_facts(facts) is None
    assert Habits.of_facts(None) is None
