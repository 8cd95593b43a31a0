"""Figures of edits by plain computations, and the list of editor files from heads that are made here."""

from __future__ import annotations

import json
import struct
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import OffcutError
from engine.features.arrangement.editor_files import EditorCard, card_of, cards_of, require_editor
from engine.features.arrangement.habits import Counted, Habits, Piece, habits_of

BEATS_S = np.arange(0.0, 60.0, 0.5)
MUSIC = Counted(60.0, BEATS_S, BEATS_S[::4], ((0.0, 60.0),))


def of(*spans_s: tuple[float, float], recording: Counted = MUSIC) -> Habits:
    return habits_of([[Piece(0, *span) for span in spans_s]], {0: recording})


def least_moved(starts_s: list[float]) -> int:
    """Return the least number of pieces without which the others ascend, by trying all."""
    n = len(starts_s)
    for moved in range(n):
        for kept in combinations(starts_s, n - moved):
            if all(one < other for one, other in pairwise(kept)):
                return moved
    return 0


@pytest.mark.parametrize("seed", range(15))
def test_the_least_number_of_moved_pieces_is_that_of_all_choices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts_s = rng.permutation(8)[: rng.integers(1, 8)].astype(float) * 7.0
    assert of(*((start, start + 3.0) for start in starts_s.tolist())).moved == least_moved(starts_s.tolist())


@pytest.mark.parametrize("seed", range(8))
def test_what_is_retained_is_the_length_of_all_that_is_covered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 50, 6)
    stops = np.minimum(starts + rng.integers(1, 12, 6), 60)
    covered = np.zeros(60, bool)
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        covered[start:stop] = True
    found = of(*zip(starts.astype(float).tolist(), stops.astype(float).tolist(), strict=True))
    assert found.kept_share == pytest.approx(covered.mean())
    assert found.plays == pytest.approx((stops - starts).sum() / covered.sum())


def test_pieces_within_three_hundredths_of_a_second_are_one() -> None:
    assert of((0.0, 10.0), (10.03, 20.0)).pieces == 1
    assert of((0.0, 10.0), (9.98, 20.0)).pieces == 1
    assert of((0.0, 10.0), (10.04, 20.0)).pieces == 2
    both = habits_of([[Piece(0, 0.0, 10.0), Piece(1, 10.0, 20.0)]], {0: MUSIC, 1: MUSIC})
    assert both.pieces == 2
    assert both.piece_s == 10.0


def test_cuts_far_from_all_beats_are_not_counted() -> None:
    slow = Counted(60.0, np.array([10.0, 12.0, 15.0]), np.array([10.0]), ((0.0, 60.0),))
    found = of((9.96, 11.0), (13.0, 15.04), recording=slow)
    # 9.96 is on the first beat, 11 between two, 13 in a gap, 15.04 on the last.
    assert (found.cuts, found.counted_cuts) == (4, 3)
    assert found.beat_share == pytest.approx(2 / 3)
    assert found.downbeat_share == pytest.approx(1 / 3)
    assert found.chance_share == pytest.approx(0.1 / 2.0)  # a gap of three seconds has no beat
    before = of((5.0, 12.0), recording=slow)
    assert (before.cuts, before.counted_cuts) == (2, 1)


def test_loops_are_counted_with_their_rounds_and_median_length() -> None:
    found = of((0.0, 8.0), (4.0, 8.0), (20.0, 26.0), (24.0, 26.0), (24.0, 26.0))
    assert (found.loops, found.rounds, found.loop_s) == (2, 5, 3.0)
    assert of((0.0, 8.0), (7.8, 12.0)).loops == 0  # less than a quarter of a second
    assert of((4.0, 8.0), (0.0, 8.0)).loops == 0  # longer than what was played
    assert of((4.0, 8.0)).loop_s is None


def test_no_edits_have_no_figures() -> None:
    found = habits_of([], {0: MUSIC})
    assert (found.pieces, found.cuts, found.kept_share, found.moved) == (0, 0, 0.0, 0)
    assert (found.piece_s, found.pause_share, found.beat_share, found.plays, found.loop_s) == (None,) * 5
    assert found.rows() == (("Pieces", "none"),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pieces", 1.5),
        ("pieces", True),
        ("kept_share", "1"),
        ("plays", -0.1),
        ("rule", "x" * 201),
        ("rounds", None),
    ],
)
def test_figures_that_cannot_be_are_refused(name: str, value: object) -> None:
    facts = of((0.0, 10.0)).facts()
    assert Habits.of_facts(facts) == of((0.0, 10.0))
    assert Habits.of_facts({**facts, name: value}) is None
    assert Habits.of_facts([facts]) is None


def written(path: Path, facts: object, *, length: int | None = None) -> Path:
    """Write the head of an editor file."""
    head = json.dumps({"__metadata__": {"offcut": json.dumps(facts)}}).encode()
    path.write_bytes(struct.pack("<Q", len(head) if length is None else length) + head)
    return path


def test_a_card_counts_pairs_and_has_the_figures_of_the_head(tmp_path: Path) -> None:
    habits = of((2.0, 10.0), (6.0, 10.0), (20.5, 30.25))
    path = written(tmp_path / "a.editor", {"pairs": [{}, {}], "habits": habits.facts()})
    assert card_of(path) == EditorCard(path, 2, habits)
    assert EditorCard(path, 2, habits).words == (
        "2 edits, 8.0 s pieces, 67 % of cuts on downbeats, 30 % retained, 1 loop"
    )
    assert EditorCard(path, 0, None).words == "0 edits"
    silent = of((2.0, 10.0), recording=Counted(60.0, np.zeros(0), np.zeros(0), ()))
    assert EditorCard(path, 1, silent).words == "1 edit, 8.0 s pieces, 13 % retained"


@pytest.mark.parametrize("facts", [{}, [], {"pairs": 3}, None, 7, {"pairs": None}])
def test_a_head_without_pairs_has_no_card(tmp_path: Path, facts: object) -> None:
    assert card_of(written(tmp_path / "a.editor", facts)) is None


@pytest.mark.parametrize("length", [0, 5, 1 << 22, (1 << 22) + 1, (1 << 64) - 1])
def test_a_head_of_another_length_has_no_card(tmp_path: Path, length: int) -> None:
    path = written(tmp_path / "a.editor", {"pairs": []})
    assert card_of(path) is not None
    head = path.read_bytes()[8:]
    path.write_bytes(struct.pack("<Q", length) + head)
    # Up to the limit, a head that is said to be longer than the file is read to its end.
    assert (card_of(path) is None) == (length != 1 << 22)


def test_damaged_figures_leave_a_card_without_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a.editor", {"pairs": [], "habits": {"pieces": -1}})
    assert card_of(path) == EditorCard(path, 0, None)


def test_used_editors_come_first_and_each_is_listed_once(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    paths = [written(folder / f"{name}.editor", {"pairs": []}) for name in "cab"]
    other = written(tmp_path / "z.editor", {"pairs": []})
    (folder / "notes.txt").write_text("no editor")
    found = cards_of([other, paths[0], other], [folder, folder, tmp_path / "gone"])
    assert [one.path.name for one in found] == ["z.editor", "c.editor", "a.editor", "b.editor"]
    assert cards_of([], []) == ()


def test_a_list_holds_fifty_files(tmp_path: Path) -> None:
    for number in range(52):
        written(tmp_path / f"{number:02}.editor", {"pairs": []})
    assert [one.path.name for one in cards_of([], [tmp_path])] == [
        f"{number:02}.editor" for number in range(50)
    ]


def test_a_file_that_is_no_editor_is_refused(tmp_path: Path) -> None:
    require_editor(written(tmp_path / "a.editor", {"pairs": []}))
    with pytest.raises(OffcutError, match=r"no editor at .*gone\.editor"):
        require_editor(tmp_path / "gone.editor")
    with pytest.raises(OffcutError, match="damaged or not an editor"):
        require_editor(written(tmp_path / "b.editor", {}))
