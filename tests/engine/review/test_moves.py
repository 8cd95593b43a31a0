"""Moves of hits as arrays: what was proposed, what the user made of it, and which hit goes with which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import VERDICTS
from engine.review.moves import STAYS, moves_of, offsets_of, retained_pulls_of, shifts_of
from tests.engine.features.timing.hits.played import EIGHTH, RATE_HZ, played


def test_moves_are_what_the_proposals_say() -> None:
    hits, state, _ = played(24)
    moves = moves_of(state)
    assert moves.ids == tuple(state.proposals)
    assert (np.diff(moves.onsets_samples) > 0).all()
    np.testing.assert_allclose(moves.onsets_samples + moves.by_samples, (1 + np.arange(24)) * EIGHTH)
    assert moves.voices[0] == ("kick", "hat")
    assert moves.chosen(moves.are(Verdict.ACCEPTED)) == tuple(list(state.proposals)[4::5])
    assert moves_of(state) is moves, "found once"
    by, verdicts = shifts_of(hits, moves, RATE_HZ)
    np.testing.assert_allclose((hits.onsets_samples + by) % EIGHTH, 0)
    assert set(verdicts.tolist()) == {0, 1, 2}


def test_a_nudge_is_seen_and_nothing_else_changes() -> None:
    _, state, _ = played(24)
    before = moves_of(state)
    key = before.ids[3]
    nudged = replace(state, decisions={**state.decisions, key: Decision(key, payload={"by_samples": 96.0})})
    after = moves_of(nudged)
    assert after.by_samples[3] == 96.0
    others = np.arange(24) != 3
    np.testing.assert_array_equal(after.by_samples[others], before.by_samples[others])


def test_a_voice_moved_by_itself_goes_further_than_its_stroke() -> None:
    hits, state, _ = played(8)
    moves = moves_of(state)
    onset = float(hits.onsets_samples[0])
    payload = {"onset_samples": onset, "by_samples": -200.0, "voices": "kick", "bleed": {}}
    start, stop = int(onset) - 480, int(onset) + 4_800
    kick = Proposal("flam-0", "flam", start, stop, 0.9, "Late.", "align", payload=payload, tracks=("Kick",))
    alone = replace(state, proposals={**state.proposals, "flam-0": kick})
    by, _ = shifts_of(hits, moves, RATE_HZ)
    by_alone, verdicts = shifts_of(hits, moves_of(alone), RATE_HZ)
    assert (hits.tracks[0], hits.onsets_samples[0]) == (0, hits.onsets_samples[1])
    assert by_alone[0] == by[0] - 200.0
    assert by_alone[1] == by[1], "the hat of that stroke stays with the slice"
    assert verdicts[0] == VERDICTS.index(Verdict.UNDECIDED)


def test_offsets_are_told_by_voice_whatever_the_strength() -> None:
    hits, state, _ = played(200)
    halves = {
        key: replace(one, payload={**one.payload, "by_samples": one.payload["by_samples"] / 2})
        for key, one in state.proposals.items()
    }
    lines = np.arange(0, 202) * float(EIGHTH)
    full = offsets_of(hits, moves_of(state), lines, 1.0, RATE_HZ)
    half = offsets_of(hits, moves_of(replace(state, proposals=halves)), lines, 0.5, RATE_HZ)
    nothing = offsets_of(hits, moves_of(DocumentState(RATE_HZ)), lines, 1.0, RATE_HZ)
    assert list(full) == ["kick", "snare", "hat"]
    for voice, late_ms in full.items():
        np.testing.assert_allclose(half[voice], late_ms, atol=1e-9)
        np.testing.assert_allclose(nothing[voice], late_ms, atol=1e-9)
        assert 5 < np.std(late_ms) < 15


def test_without_lines_only_what_moves_is_told() -> None:
    hits, state, _ = played(24)
    some = replace(state, proposals=dict(list(state.proposals.items())[:4]))
    told = offsets_of(hits, moves_of(some), np.zeros(0), 1.0, RATE_HZ)
    assert [len(found) for found in told.values()] == [1, 1, 4]
    _, verdicts = shifts_of(hits, moves_of(DocumentState(RATE_HZ)), RATE_HZ)
    assert (verdicts == STAYS).all()


def test_what_is_left_of_the_players_pull_is_told_of_what_is_moved_alone() -> None:
    hits, state, _ = played(200)
    pull = 0.010 * RATE_HZ
    pulled = {
        key: replace(one, payload={**one.payload, "by_samples": one.payload["by_samples"] + pull})
        for key, one in state.proposals.items()
    }
    lines = np.arange(0, 202) * float(EIGHTH)
    # Whatever is rejected stays where it was played, and says nothing of what is left of the moves.
    rejected = {key: Decision(key, Verdict.REJECTED) for key in list(pulled)[20:]}
    by_nothing = {key: Decision(key, payload={"by_samples": 0.0}) for key in list(pulled)[20:]}
    for decisions in ({}, rejected, by_nothing):
        told = retained_pulls_of(
            hits, moves_of(replace(state, proposals=pulled, decisions=decisions)), lines, 1.0, RATE_HZ
        )
        assert set(told) == {"kick", "snare", "hat"}
        np.testing.assert_allclose(list(told.values()), 10.0, atol=1e-6)
    assert retained_pulls_of(hits, moves_of(DocumentState(RATE_HZ)), lines, 1.0, RATE_HZ) == {}


def test_a_payload_that_is_no_number_moves_nothing() -> None:
    _, state, _ = played(8)
    key, one = next(iter(state.proposals.items()))
    for bad in ("far", None, float("nan"), float("inf")):
        broken = replace(one, payload={**one.payload, "by_samples": bad})
        moves = moves_of(replace(state, proposals={**state.proposals, key: broken}))
        assert moves.by_samples[moves.ids.index(key)] == 0.0


def test_two_lines_are_enough_and_one_is_none() -> None:
    hits, state, _ = played(2)
    two = np.array([1.0, 2.0]) * EIGHTH
    assert set(offsets_of(hits, moves_of(DocumentState(RATE_HZ)), two, 1.0, RATE_HZ)) == {
        "kick",
        "snare",
        "hat",
    }
    late = offsets_of(hits, moves_of(DocumentState(RATE_HZ)), two, 1.0, RATE_HZ)["hat"]
    np.testing.assert_allclose(late, -moves_of(state).by_samples / RATE_HZ * 1000, atol=1e-6)
    assert len(offsets_of(hits, moves_of(DocumentState(RATE_HZ)), two[:1], 1.0, RATE_HZ)["hat"]) == 0
    np.testing.assert_allclose(
        list(retained_pulls_of(hits, moves_of(state), two, 1.0, RATE_HZ).values()), 0.0, atol=1e-6
    )
    assert retained_pulls_of(hits, moves_of(state), two[:1], 1.0, RATE_HZ) == {}
