"""Aligned files are written without proposals of weak evidence, and these are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.document.edits.proposals import add_proposals, decide
from engine.document.file.storage import apply_rows
from engine.document.proposals import Evidence, Proposal, Verdict
from engine.document.state import DocumentState, Edit
from engine.features.timing.finders.second_recorders import ProposedRecorders
from engine.review.answers import accept_all, weak_left_sentence
from engine.sound.edl.build import build
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording


@pytest.fixture
def made(tmp_path: Path) -> Recording:
    """Two tracks of noise."""
    rng = np.random.default_rng(2)
    return recording(tmp_path, [0.1 * rng.standard_normal(4 * RATE_HZ) for _ in range(2)])


def moved_recorder(state: DocumentState, track: str, evidence: Evidence) -> Proposal:
    payload = {"by_samples": -500.0, "drift_ppm": 0.0}
    reason, length = f"{track} comes from another recorder.", state.length_samples
    return Proposal(
        f"id-{track}", "recorder", 0, length, 0.9, reason, "clocks", (), payload, None, (track,), evidence
    )


def put(state: DocumentState, *proposals: Proposal) -> Edit:
    return add_proposals(state, proposals, "Proposed")


def test_a_recorder_with_weak_evidence_is_not_lined_up(made: Recording) -> None:
    weak, strong = (
        moved_recorder(made.state, track, evidence)
        for track, evidence in (("t0", Evidence.WEAK), ("t1", Evidence.STRONG))
    )
    done = ProposedRecorders((weak, strong)).lined_up(made.state)
    assert done.weak_left == (weak,)
    assert done.state.verdict(strong.id) is Verdict.ACCEPTED
    assert done.state.verdict(weak.id) is Verdict.UNDECIDED
    only = ProposedRecorders((strong,)).lined_up(made.state)
    assert set(build(done.state).patches) == set(build(only.state).patches) == {"t1"}


def test_proposals_with_weak_evidence_are_left_and_named(made: Recording) -> None:
    weak, strong = (
        moved_recorder(made.state, track, evidence)
        for track, evidence in (("t0", Evidence.WEAK), ("t1", Evidence.STRONG))
    )
    alone = accept_all(made.state, put(made.state, weak), [weak])
    assert (alone.weak_left, alone.state.verdict(weak.id)) == ((weak,), Verdict.UNDECIDED)
    assert weak.reason in weak_left_sentence(alone.weak_left)
    every = accept_all(made.state, put(made.state, strong), [strong])
    assert not every.weak_left
    assert not weak_left_sentence(every.weak_left)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REJECTED])
def test_answers_of_the_user_stay(made: Recording, verdict: Verdict) -> None:
    one = moved_recorder(made.state, "t0", Evidence.WEAK)
    state = apply_rows(made.state, put(made.state, one).changes)
    state = apply_rows(state, decide(state, [one.id], verdict).changes)
    done = accept_all(state, put(state, replace(one, evidence=Evidence.STRONG)), [one])
    assert done.state.verdict(one.id) is verdict
    assert not done.weak_left
