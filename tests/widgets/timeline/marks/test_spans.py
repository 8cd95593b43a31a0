"""What is in view and under the mouse, found fast and found slowly."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from widgets.timeline.edits.spans import CACHED_COVERS, NO_SPANS, VERDICTS, Spans


def document(spans: list[tuple[int, int]]) -> DocumentState:
    proposals = {f"p{i}": Proposal(f"p{i}", "cut", *span, 0.5, "", "") for i, span in enumerate(spans)}
    verdicts = list(Verdict)
    decisions = {name: Decision(name, verdicts[i % 3]) for i, name in enumerate(proposals)}
    return DocumentState(1_000, {}, (), proposals, decisions)


@pytest.fixture
def crowded(rng: np.random.Generator) -> list[tuple[int, int]]:
    starts = rng.integers(0, 10_000, 300)
    return [
        (int(start), int(start + length))
        for start, length in zip(starts, rng.integers(1, 900, 300), strict=True)
    ]


def test_spans_in_a_window_equal_a_plain_search(
    crowded: list[tuple[int, int]], rng: np.random.Generator
) -> None:
    spans = Spans.of(document(crowded))
    for start in rng.integers(-100, 11_000, 50):
        stop = int(start + rng.integers(1, 700))
        found = {spans.id(i) for i in spans.within(int(start), stop)}
        assert found == {f"p{i}" for i, (a, b) in enumerate(crowded) if a < stop and b > start}


def test_touched_columns_equal_painting_each_span(crowded: list[tuple[int, int]]) -> None:
    state = document(crowded)
    edges = np.arange(0, 10_001, 7.5)
    spans = Spans.of(state)
    found = np.arange(len(crowded))
    fast = spans.touched(edges, found, spans.verdicts.astype(np.int64), len(VERDICTS))
    slow = np.zeros_like(fast)
    for i, (start, stop) in enumerate(crowded):
        touched = (edges[:-1] < stop) & (edges[1:] > start)
        slow[VERDICTS.index(state.verdict(f"p{i}"))] |= touched
    np.testing.assert_array_equal(fast, slow)


@pytest.mark.parametrize("per_column", [1.0, 4.0, 25.0, 100.0, 2_500.0])
@pytest.mark.parametrize("below_samples", [np.inf, 200.0])
def test_shares_equal_counting_every_sample(
    crowded: list[tuple[int, int]], per_column: float, below_samples: float
) -> None:
    state = document(crowded)
    edges = np.arange(0, 10_001, per_column)
    spans = Spans.of(state)
    for without in (None, "p7"):
        covered = np.zeros((3, 10_000), bool)
        for i, (start, stop) in enumerate(crowded):
            if f"p{i}" != without and stop - start < below_samples:
                covered[VERDICTS.index(state.verdict(f"p{i}")), start:stop] = True
        slow = covered.reshape(3, len(edges) - 1, -1).mean(axis=2)
        for _ in range(2):  # as it is added up, and as it is kept
            fast = spans.shares(edges, without, below_samples=below_samples)
            np.testing.assert_allclose(fast, slow, atol=1e-9)


def test_what_is_kept_of_sums_does_not_grow(crowded: list[tuple[int, int]]) -> None:
    spans, edges = Spans.of(document(crowded)), np.arange(0.0, 10_001.0)
    for below in range(1, 200):
        spans.shares(edges, below_samples=float(below))
    assert len(spans._covers) <= CACHED_COVERS
    assert not spans.moved(spans.starts, spans.stops)._covers, "sums of other places are not taken over"


def test_the_mouse_hits_the_current_one_else_the_shortest() -> None:
    spans = Spans.of(document([(0, 1_000), (100, 200), (150, 900)]))
    assert spans.hit(160) == "p1"
    assert spans.hit(160, prefer="p2") == "p2"
    assert spans.hit(950, prefer="p2") == "p0"
    assert spans.hit(1_001) is None
    assert spans.hit(1_001, slack_samples=5) == "p0"


def test_edges_the_user_moved_count() -> None:
    state = document([(10, 20)])
    moved = DocumentState(
        1_000, {}, (), state.proposals, {"p0": Decision("p0", start_samples=500, stop_samples=600)}
    )
    assert Spans.of(moved).hit(550) == "p0"
    assert Spans.of(moved).hit(15) is None


def test_a_document_without_proposals() -> None:
    assert NO_SPANS.hit(0) is None
    assert not NO_SPANS.shares(np.arange(5.0)).any()
