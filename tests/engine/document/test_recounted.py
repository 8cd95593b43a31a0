"""Kind `tempo`: spans of the grid counted as was decided, and nothing else changed by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import DocumentError
from engine.document.analysis import HAND, BeatGrid
from engine.document.document import Document
from engine.document.edits.proposals import choose_alternative, decide, replace_proposals, set_analyses
from engine.document.grid_edits import DecidedTempo, doubled, halved, is_edited, keeping_edited, set_grid
from engine.document.grid_readings import LEVELS, grid_in_force, readings_of, recounted
from engine.document.kinds.timing import HEARD, OFF_BEAT, READINGS, TEMPO
from engine.document.proposals import Alternative, Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.sound.edl.build import build
from engine.sound.edl.render import Renderer
from tests.engine.sound.edl.recordings import recording

BEATS = np.arange(32, dtype=np.int64) * 500 + 100
GRID = BeatGrid(BEATS, np.arange(32) % 4 + 1, 120.0, 0.6, "heard", ("half",), np.array([0.3]))
END = 100 + 32 * 500


def tempo(start: int, stop: int, reading: str = "half", of: str = "grid-1", **payload: object) -> Proposal:
    made = {"grid": of, "reading": reading, "bars_later_beats": 0, "tempo_bpm": 60.0, **payload}
    others = (Alternative("Double tempo", start, stop, {"reading": "double", "tempo_bpm": 240.0}),)
    return Proposal(f"tempo-{start}", "tempo", start, stop, 0.7, "Why.", "tempo", others, made)


def holding(*proposals: Proposal, verdict: Verdict = Verdict.ACCEPTED) -> DocumentState:
    return DocumentState(
        rate_hz=1_000,
        proposals={one.id: one for one in proposals},
        decisions={one.id: Decision(one.id, verdict) for one in proposals},
        analyses={"beats": "grid-1"},
    )


def in_force(state: DocumentState) -> BeatGrid:
    found = grid_in_force(state, GRID)
    assert found is not None
    return found


def beats_of(grid: BeatGrid) -> tuple[list[int], list[int]]:
    return grid.beats_samples.tolist(), grid.bar_positions.tolist()


def test_without_a_decision_the_grid_is_the_stored_one_itself() -> None:
    assert in_force(DocumentState(analyses={"beats": "grid-1"})) is GRID
    assert in_force(holding(tempo(0, END), verdict=Verdict.UNDECIDED)) is GRID
    assert in_force(holding(tempo(0, END), verdict=Verdict.REJECTED)) is GRID
    assert in_force(holding(tempo(0, END, HEARD))) is GRID
    assert grid_in_force(holding(tempo(0, END)), None) is None


@pytest.mark.parametrize("reading", LEVELS)
def test_a_whole_grid_is_counted_as_its_reading(reading: str) -> None:
    found, expected = in_force(holding(tempo(0, END, reading))), LEVELS[reading].count(GRID)
    assert beats_of(found) == beats_of(expected)
    assert found.tempo_bpm == pytest.approx(expected.tempo_bpm, rel=2e-3), "beats are whole samples of 1 ms"
    assert (found.maker, tuple(found.readings)) == (HAND, ())


@pytest.mark.parametrize(("count", "reading", "step"), [(2, "double", 250), (4, "half", 1_000)])
def test_few_beats_have_the_tempo_of_their_reading(count: int, reading: str, step: int) -> None:
    few = replace(GRID, beats_samples=BEATS[:count], bar_positions=GRID.bar_positions[:count])
    found = recounted(few, (DecidedTempo(0, END, reading),))
    assert found.beats_samples.tolist() == np.arange(100, int(BEATS[count - 1]) + 1, step).tolist()
    assert found.tempo_bpm == 60_000 / step


def test_every_reading_that_a_level_has_can_be_decided() -> None:
    assert set(READINGS) == {HEARD, OFF_BEAT, *LEVELS}
    assert all(level.label == READINGS[name] for name, level in LEVELS.items())
    with pytest.raises(DocumentError, match="reading cannot be 'quadruple'"):
        TEMPO.validate({"reading": "quadruple"})


def test_beats_outside_of_its_span_stay() -> None:
    start, stop = int(BEATS[8]), int(BEATS[16])
    slow = in_force(holding(tempo(start, stop)))
    outside = (slow.beats_samples < start) | (slow.beats_samples >= stop)
    assert slow.beats_samples[outside].tolist() == [*BEATS[:8].tolist(), *BEATS[16:].tolist()]
    assert slow.beats_samples[~outside].tolist() == BEATS[8:16:2].tolist()
    assert slow.bar_positions[~outside].tolist() == [1, 2, 3, 4]
    fast = in_force(holding(tempo(start, stop, "double")))
    inside = fast.beats_samples[(fast.beats_samples >= start) & (fast.beats_samples < stop)]
    assert np.diff(inside).tolist() == [250] * 15, "the last beat of the span is parted as well"
    assert fast.tempo_bpm == pytest.approx(120.0)


@pytest.mark.parametrize(
    ("beats_later", "counted"), [(1, [4, 1, 2, 3, 4]), (2, [3, 4, 1, 2, 3]), (3, [2, 3, 4, 1, 2])]
)
def test_bars_begin_later(beats_later: int, counted: list[int]) -> None:
    later = in_force(holding(tempo(0, END, HEARD, bars_later_beats=beats_later)))
    assert later.beats_samples.tolist() == BEATS.tolist()
    assert later.bar_positions[:5].tolist() == counted


def test_beats_come_half_a_beat_later() -> None:
    off = in_force(holding(tempo(0, END, OFF_BEAT)))
    assert off.beats_samples.tolist() == (BEATS + 250).tolist()
    assert off.bar_positions.tolist() == GRID.bar_positions.tolist()


def test_the_order_of_answering_and_overlaps_make_no_difference() -> None:
    ones = (tempo(0, 4_100), tempo(3_100, 9_100, "double"), tempo(9_100, END, OFF_BEAT))
    found = [beats_of(in_force(holding(*some))) for some in permutations(ones)]
    assert all(one == found[0] for one in found)
    beats = np.array(found[0][0])
    assert np.all(np.diff(beats) > 0)


def test_what_cannot_be_counted_so_stays() -> None:
    quick = replace(GRID, tempo_bpm=600.0)
    assert recounted(quick, (DecidedTempo(0, END, "double"),)) is quick
    lone = replace(GRID, beats_samples=BEATS[:1], bar_positions=GRID.bar_positions[:1])
    for reading in READINGS:
        assert len(recounted(lone, (DecidedTempo(0, END, reading),)).beats_samples) == 1
    assert recounted(GRID, (DecidedTempo(5, 5, "half"),)) is GRID


def test_a_decision_is_of_the_grid_it_was_made_of() -> None:
    """The user edits what they decided: that is not counted once more."""
    state = holding(tempo(0, END))
    assert is_edited(state)
    assert keeping_edited(state, {"beats": "new", "listening": "new"}) == {"listening": "new"}
    edit, _ = set_grid(state, halved(in_force(state)), "Half tempo")
    after = replace(state, analyses={"beats": edit.changes[0].row.analysis_id})
    assert in_force(after) is GRID, "which stands for what is stored under the id of the edited one"
    assert [change.row for change in edit.changes[1:]] == [], "what was answered is kept"


def test_the_same_answer_is_the_same_grid() -> None:
    state = holding(tempo(0, END))
    assert in_force(state) is in_force(replace(state, settings={"threshold": 0.5}))


def restarted(path: Path, expected: BeatGrid) -> None:
    with Document.open(path) as again:
        found = grid_in_force(again.state, again.analysis("beats"))
        assert found is not None
        assert beats_of(found) == beats_of(expected)


def test_it_is_answered_undone_and_survives_a_restart(document: Document) -> None:
    path, one = document.path, tempo(0, END)
    document.apply(set_analyses(document.state, {"beats": "grid-1"}, "Heard"), {"grid-1": GRID})
    document.apply(replace_proposals(document.state, (one,), {}, "Proposed", kinds=("tempo",)))
    document.close()
    restarted(path, GRID)
    answers: Mapping[str, BeatGrid] = {"accept": halved(GRID), "other": doubled(GRID)}
    for answer, expected in answers.items():
        with Document.open(path) as opened:
            if answer == "accept":
                opened.apply(decide(opened.state, [one.id], Verdict.ACCEPTED))
            else:
                opened.apply(choose_alternative(opened.state, one.id, 1))
        restarted(path, expected)
    for expected in (halved(GRID), GRID):
        with Document.open(path) as opened:
            opened.undo()
        restarted(path, expected)


def test_a_question_about_a_grid_that_its_user_edits_is_taken_away_with_one_undo(document: Document) -> None:
    others = set(document.state.proposals)
    document.apply(set_analyses(document.state, {"beats": "grid-1"}, "Heard"), {"grid-1": GRID})
    document.apply(replace_proposals(document.state, (tempo(0, END),), {}, "Proposed", kinds=("tempo",)))
    document.apply(*set_grid(document.state, halved(GRID), "Half tempo"))
    assert set(document.state.proposals) == others
    document.undo()
    assert set(document.state.proposals) == {"tempo-0", *others}


def test_nothing_that_is_heard_changes(tmp_path: Path) -> None:
    sound = 0.2 * np.random.default_rng(2).standard_normal(9_000)
    made = recording(tmp_path, [sound, sound[::-1]])
    state = replace(made.state, analyses={"beats": "grid-1"})
    cut = Proposal("cut-1", "cut", 2_000, 3_000, 0.9, "Why.", "test", (), {"crossfade_ms": 5.0})
    heard = []
    for ones in ((cut,), (cut, tempo(0, END), tempo(2_500, 4_000, "double"))):
        asked = replace(holding(*ones), sources=state.sources, tracks=state.tracks, rate_hz=state.rate_hz)
        with Renderer(asked, build(asked), made.media) as renderer:
            heard.append(np.concatenate(list(renderer.blocks(1_000))))
        assert build(asked) == build(replace(asked, analyses={}))
    np.testing.assert_array_equal(heard[0], heard[1])


def test_the_other_half_and_bars_of_four() -> None:
    beats = np.arange(33) * 24_000
    grid = BeatGrid(beats, np.arange(33) % 4 + 1, 120.0, 0.6, "m", ("half-later",), np.array([0.4]))
    later = readings_of(grid)[1].grid
    assert later.beats_samples.tolist() == beats[1::2].tolist()
    assert later.bar_positions.tolist() == (np.arange(16) % 4 + 1).tolist()
    assert later.tempo_bpm == 60.0
