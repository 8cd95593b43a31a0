"""Inserts: silence and room tone in the result, and positions that lead into them and out again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.edits.by_hand import edit_by_hand
from engine.document.kinds import KINDS, Edge
from engine.document.proposals import Decision, Edited, Verdict
from engine.document.state import DocumentState, Marker
from engine.sound.edl.arrangement import arrangement, block_taken_out, copied_block, moved_block
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import place_in, placed_markers
from engine.sound.edl.render import render
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording

LENGTH = 2 * RATE_HZ
HARD = {"crossfade_ms": 0.0}
TONE = {"tone_start_samples": 100, "tone_stop_samples": 900}


@pytest.fixture
def pair(tmp_path: Path) -> Recording:
    rng = np.random.default_rng(5)
    return recording(tmp_path, [0.2 * rng.standard_normal(LENGTH), 0.2 * rng.standard_normal((LENGTH, 2))])


def inserted(state: DocumentState, *asked: tuple[str, int, int, dict[str, object]]) -> DocumentState:
    for kind, start, stop, payload in asked:
        _, made = edit_by_hand(state, kind, start, stop, payload)
        decision = Decision(made.id, Verdict.ACCEPTED)
        state = replace(
            state,
            proposals={**state.proposals, made.id: made},
            decisions={**state.decisions, made.id: decision},
        )
    return state


def silence(at: int, length: int, **more: object) -> tuple[str, int, int, dict[str, object]]:
    return "insert", at, at, {"length_samples": length, **HARD, **more}


def heard(jam: Recording, state: DocumentState) -> np.ndarray:
    found = build(state)
    return render(state, found, jam.media, 0, found.length_samples)


def test_silence_is_laid_before_its_place_and_all_else_stays_bit_for_bit(pair: Recording) -> None:
    before = heard(pair, pair.state)
    for at in (0, 5_000, LENGTH):
        sound = heard(pair, inserted(pair.state, silence(at, 700)))
        assert not sound[at : at + 700].any()
        np.testing.assert_array_equal(np.delete(sound, slice(at, at + 700), axis=0), before)


def test_several_at_one_place_and_inside_a_cut(pair: Recording) -> None:
    state = inserted(
        pair.state,
        silence(5_000, 700),
        silence(5_000, 300, rank=1),
        ("cut", 4_000, 6_000, HARD),
        silence(5_500, 50),
    )
    found = build(state)
    assert found.length_samples == LENGTH - 2_000 + 1_050
    assert not heard(pair, state)[4_000:5_050].any()
    assert found.removed_spans == ((4_000, 6_000),)


def test_room_tone_is_that_of_each_track_in_a_loop(pair: Recording) -> None:
    state = inserted(pair.state, silence(5_000, 5_000, **TONE))
    before, sound = heard(pair, pair.state), heard(pair, state)
    loop = 800 - RATE_HZ // 20
    np.testing.assert_array_equal(
        sound[5_000 + loop : 5_000 + 2 * loop], sound[5_000 + 2 * loop : 5_000 + 3 * loop]
    )
    level = np.std(sound[5_000:10_000]) / np.std(before)
    assert 0.8 < level < 1.2
    _, silent = edit_by_hand(
        pair.state, "insert", 5_000, 5_000, {**TONE, "length_samples": 9, "is_silent": True}
    )
    assert KINDS["insert"].other(Edited(5_000, 5_000, silent.payload)) == {"is_silent": False}


def test_positions_in_an_insert_are_those_of_what_follows(pair: Recording) -> None:
    found = build(inserted(pair.state, silence(5_000, 700), silence(LENGTH, 300)))
    results = [4_999, 5_000, 5_699, 5_700, LENGTH + 700, LENGTH + 999, LENGTH + 1_000]
    assert found.to_source_array(results).tolist() == [4_999, 5_000, 5_000, 5_000, LENGTH, LENGTH, LENGTH]
    assert found.to_result_array([4_999, 5_000, LENGTH]).tolist() == [4_999, 5_700, LENGTH + 700]
    assert found.removed_spans == ()
    placed = placed_markers([Marker("m", 5_000, 5_000, "M"), Marker("r", 4_000, 6_000, "R")], found)
    assert [(one.start_samples, one.stop_samples) for one in placed] == [(4_000, 6_700), (5_700, 5_700)]


def test_the_playhead_stays_in_an_insert_when_another_edit_comes(pair: Recording) -> None:
    here = build(inserted(pair.state, silence(5_000, 700)))
    there = build(inserted(pair.state, silence(5_000, 700), ("cut", 1_000, 2_000, HARD)))
    assert place_in(there, here, 5_350) == 4_350
    assert place_in(build(pair.state), here, 5_350) == 5_000


def test_a_nudge_moves_the_place_and_no_edge() -> None:
    move = KINDS["insert"].nudged
    for edge in Edge:
        assert move((500, 500), edge, 20, length_samples=1_000, rate_hz=RATE_HZ) == (520, 520)
        assert move((990, 990), edge, 20, length_samples=1_000, rate_hz=RATE_HZ) == (1_000, 1_000)


def test_blocks_name_an_insert_and_do_not_move_it(pair: Recording) -> None:
    state = inserted(pair.state, silence(5_000, 700))
    made = arrangement(state)
    assert [one.is_inserted for one in made.blocks] == [False, True, False]
    assert [one.length_samples for one in made.blocks] == [5_000, 700, LENGTH - 5_000]
    for move in (moved_block, copied_block):
        with pytest.raises(UsageError, match="not a block of the recording"):
            move(state, made, 1, 3)
    _, taken = block_taken_out(state, made, 1)
    assert taken == next(iter(state.proposals))
