"""A cut whose edges were moved says of its span what the proposer would have said there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import Listening, NearestReference, ScoreCurve
from engine.document.edits import proposals as edits
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.features.taste.cuts.profile import PAUSES, exact_spans, smooth
from engine.features.taste.document_cuts import MovedRequest, assess_moved, propose, propose_pauses
from tests.engine.features.taste.finders.test_propose import HOP, LENGTH_S, RATE_HZ, document, proposed, wavy

PARTS = ("talk", "noise", "unlike-rest-rhythm")


def heard(seed: int, *, dead: bool = True) -> Listening:
    """Playing that comes, goes and stops, with dead air in it."""
    rng = np.random.default_rng(seed)
    hops = LENGTH_S * RATE_HZ // 80
    level = -25.0 + 10.0 * np.sin(np.arange(hops) / 700.0) + rng.normal(0, 1, hops)
    for start in rng.integers(0, hops - 300, 8):
        level[start : start + 200] = -85.0
    onsets = np.unique(rng.integers(0, LENGTH_S * RATE_HZ, 500))
    spans = np.array([[40, 45], [80, 90]], np.int64) * RATE_HZ
    return Listening(
        onsets,
        level.astype(np.float32),
        80,
        "ears",
        spans if dead else np.zeros((0, 2), np.int64),
        ("hiss", "room") if dead else (),
        np.full(2 if dead else 0, -60, np.float32),
    )


def scored(seed: int) -> ScoreCurve:
    curve = wavy(seed)
    parts = np.random.default_rng(seed).normal(1, 2, (len(curve.scores), len(PARTS))).astype(np.float32)
    return replace(curve, part_names=PARTS, parts=parts)


def moved(state: DocumentState, key: str, start: int, stop: int) -> DocumentState:
    return apply_rows(state, edits.move_edges(state, key, start, stop).changes)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("wanted", [{"threshold_mode": "score", "score": 0.6}, {"threshold_mode": "keep"}])
def test_moved_to_where_another_was_proposed_a_cut_says_the_same(
    seed: int, wanted: dict[str, object]
) -> None:
    curve, listening = scored(seed), heard(seed)
    starts = np.arange(0, LENGTH_S * RATE_HZ - HOP, HOP, dtype=np.int64)
    distances = np.random.default_rng(seed).uniform(0.1, 3, len(starts)).astype(np.float32)
    zeros = np.zeros(len(starts))
    nearest = NearestReference(
        starts, HOP, zeros.astype(np.int32), zeros, distances, ("kept.wav",), ("0",), np.ones(1), curve.maker
    )
    made = propose(document(), curve, None, listening, wanted, nearest=nearest)
    state = apply_rows(document(), made.edit.changes)
    proposals = list(state.proposals.values())
    assert len(proposals) > 3
    mover = proposals[0]
    for there in proposals[1:]:
        now = moved(state, mover.id, there.start_samples, there.stop_samples)
        said = assess_moved(MovedRequest(now, mover.id, curve, listening, nearest))
        assert (said.reason, said.score) == (there.reason, pytest.approx(there.score))


def test_the_score_is_the_highest_of_the_smoothed_curve() -> None:
    curve, listening = scored(4), heard(4, dead=False)
    state = proposed(document(), curve, threshold_mode="score", score=0.6)
    key = next(iter(state.proposals))
    for start_s, stop_s in ((0.0, 3.0), (10.0, 10.05), (55.5, 118.0), (100.0, 120.0)):
        start, stop = round(start_s * RATE_HZ), round(stop_s * RATE_HZ)
        said = assess_moved(MovedRequest(moved(state, key, start, stop), key, curve, listening, None))
        profile = smooth(
            curve,
            length_samples=LENGTH_S * RATE_HZ,
            rate_hz=RATE_HZ,
            sharp=exact_spans(curve, listening),
        )
        cells = [
            score
            for score, first, last in zip(
                profile.scores, profile.edges_samples[:-1], profile.edges_samples[1:], strict=True
            )
            if first < stop and start < last
        ]
        assert said.score == pytest.approx(max(cells))
        length_s = stop_s - start_s
        words = f"{length_s:.1f} s" if length_s < 10 else "1:02 min" if length_s > 60 else f"{length_s:.0f} s"
        assert words in said.reason


def test_nothing_is_made_up_without_the_scores_it_came_from() -> None:
    curve = scored(1)
    state = proposed(document(), curve, threshold_mode="score", score=0.6)
    key, proposal = next(iter(state.proposals.items()))
    now = moved(state, key, proposal.start_samples, proposal.stop_samples + 4_000)
    for known in (None, replace(curve, maker="another taste")):
        said = assess_moved(MovedRequest(now, key, known, heard(1), None))
        assert said.score is None
        assert said.reason == f"As proposed: {proposal.reason}"


def test_pauses_know_their_dead_air_without_a_taste() -> None:
    listening = heard(1)
    state = apply_rows(document(), propose_pauses(document(), listening).edit.changes)
    first, second = state.proposals.values()
    assert first.maker == PAUSES
    now = moved(state, first.id, second.start_samples, second.stop_samples)
    said = assess_moved(MovedRequest(now, first.id, None, listening, None))
    assert (said.reason, said.score) == (second.reason, pytest.approx(second.score))
