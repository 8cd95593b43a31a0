"""Bars rank: they agree with the order of the queue, spread where scores do not, and let equals be equal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from engine.document.proposals import BY_HAND, Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.queue import Learned, queue, standing


def state_of(scores: list[float], answered: Mapping[int, Verdict] | None = None) -> DocumentState:
    proposals = {
        f"p{k}": Proposal(f"p{k}", "cut", 100 * k, 100 * k + 50, score, "Odd.", "taste")
        for k, score in enumerate(scores)
    }
    decisions = {f"p{k}": Decision(f"p{k}", verdict) for k, verdict in (answered or {}).items()}
    return DocumentState(1_000, proposals=proposals, decisions=decisions)


def test_scores_that_lie_close_together_spread() -> None:
    found = standing(state_of([0.991, 0.999, 0.995]))
    assert found.bars == pytest.approx([1 / 6, 5 / 6, 0.5])
    assert found.top_shares == pytest.approx([1.0, 1 / 3, 2 / 3])


def test_equals_are_equal() -> None:
    found = standing(state_of([0.9, 0.8, 0.9, 0.9]))
    assert found.bars == pytest.approx([0.625, 0.125, 0.625, 0.625])
    assert found.top_shares == pytest.approx([0.75, 1.0, 0.75, 0.75])
    assert standing(state_of([0.8] * 7)).bars == pytest.approx(0.5)
    assert standing(state_of([0.8])).bars == pytest.approx(0.5)
    assert not len(standing(state_of([])).bars)


def test_edits_by_hand_have_none_and_count_for_nothing() -> None:
    state = state_of([0.7, 0.9])
    hand = Proposal("mine", "cut", 5, 10, 1.0, "Made by hand.", BY_HAND)
    more = DocumentState(1_000, proposals={**state.proposals, "mine": hand})
    found, table = standing(more), table_of(more)
    assert found.bar(table, "mine") is None
    assert found.top_share(table, "mine") is None
    assert [found.bar(table, key) for key in ("p0", "p1")] == [0.25, 0.75]


@pytest.mark.parametrize("seed", range(5))
def test_sorted_by_how_sure_the_bars_never_rise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    answered = {
        int(k): Verdict.ACCEPTED if k % 2 else Verdict.REJECTED for k in rng.choice(200, 60, replace=False)
    }
    state = state_of(np.round(rng.uniform(0.9, 1.0, 200), 2).tolist(), answered)
    for learned in (None, Learned(np.round(rng.uniform(0, 1, 200), 2), np.zeros(200))):
        found, table = standing(state, learned), table_of(state)
        ids = queue(state, "score", learned=learned)
        for figures in (found.bars, -found.top_shares):
            shown = np.array([figures[table.made.places[key]] for key in ids])
            assert (np.diff(shown) <= 1e-12).all()
