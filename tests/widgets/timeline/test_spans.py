"""What is in view and under the mouse, found fast and found slowly."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.decisions import Decision, Verdict
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from widgets.timeline.spans import NO_SPANS, VERDICTS, Spans


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


def test_coverage_equals_painting_each_span(crowded: list[tuple[int, int]]) -> None:
    state = document(crowded)
    edges = np.arange(0, 10_001, 7.5)
    fast = Spans.of(state).coverage(edges)
    slow = np.zeros_like(fast)
    for i, (start, stop) in enumerate(crowded):
        touched = (edges[:-1] < stop) & (edges[1:] > start)
        slow[VERDICTS.index(state.verdict(f"p{i}"))] |= touched
    np.testing.assert_array_equal(fast, slow)


def test_one_span_is_left_out_of_the_coverage_when_asked() -> None:
    spans = Spans.of(document([(10, 20), (50, 60)]))
    edges = np.arange(0.0, 101.0)
    assert spans.coverage(edges, without="p0").sum() == 10


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
    assert not NO_SPANS.coverage(np.arange(5.0)).any()
