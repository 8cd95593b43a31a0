"""Bars in the place of flags: as high as spans cover the time, and as tall as what holds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import VERDICTS
from tests.widgets.timeline.test_painting import FLAGS, picture, rgba, silent
from widgets.theme import DARK
from widgets.timeline.edits.coverage import FROM_BELOW, bar_edges, bar_heights, bar_of_columns, fill_bars
from widgets.timeline.frame import Frame, Wish, lay_out
from widgets.timeline.timeline_view import TimelineView
from widgets.timeline.viewport import Viewport

pytestmark = pytest.mark.usefixtures("qapp")
SHARES = st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=20)


@given(SHARES, st.integers(4, 60), st.integers(1, 4))
def test_bars_never_leave_their_strip_and_show_what_there_is(
    shares: list[tuple[float, float, float]], height: int, lowest: int
) -> None:
    heights = bar_heights(np.array(shares).T, height, lowest)
    assert heights.min() >= 0
    assert heights.sum(axis=0).max() <= height
    for bar, of_verdicts in enumerate(shares):
        present = [verdict for verdict in FROM_BELOW if of_verdicts[VERDICTS.index(verdict)] > 0]
        if present:
            assert heights[FROM_BELOW.index(present[0]), bar] >= min(lowest, height), "the lowest is seen"
        else:
            assert not heights[:, bar].any()


@given(st.integers(0, 10_000), st.integers(1, 400), st.integers(2, 12), st.floats(0.1, 1e5))
def test_every_column_lies_in_its_bar(first: int, columns: int, wide: int, per_column: float) -> None:
    edges = bar_edges(first, columns, per_column, wide)
    bars = bar_of_columns(first, columns, wide)
    assert bars.min() == 0
    assert bars.max() == len(edges) - 2
    middles = (np.arange(first, first + columns) + 0.5) * per_column
    assert np.all((edges[bars] <= middles) & (middles < edges[bars + 1]))


def test_states_differ_without_colour() -> None:
    frame = Frame(Viewport(), lay_out(100, 600, (Wish(),)), DARK, 1.0)
    seen = []
    for verdict in VERDICTS:
        shares = np.zeros((3, 25))
        shares[VERDICTS.index(verdict)] = 1.0
        pixels = np.zeros((24, 100), np.uint32)
        fill_bars(pixels, frame, shares, 0, 4)
        seen.append(pixels == rgba(DARK.verdict(verdict)))
    assert seen[VERDICTS.index(Verdict.UNDECIDED)][:, :3].all(), "solid"
    assert len({pattern.tobytes() for pattern in seen}) == 3
    rejected = seen[VERDICTS.index(Verdict.REJECTED)][:, 0]
    assert 0.3 < rejected.mean() < 0.7, "dashed"


def crowded(count: int, verdicts: tuple[Verdict, ...]) -> DocumentState:
    step = 100_000 // count
    made = {
        f"p{n:05}": Proposal(f"p{n:05}", "cut", n * step, n * step + step // 3, 0.5, "", "t")
        for n in range(count)
    }
    decisions = {name: Decision(name, verdicts[n % len(verdicts)]) for n, name in enumerate(made)}
    return DocumentState(1_000, {}, (), made, decisions)


@pytest.mark.parametrize("count", [191, 1_000, 10_000])
def test_no_line_goes_through_the_lanes_where_spans_are_narrow(
    view: TimelineView, state: DocumentState, count: int
) -> None:
    made = crowded(count, tuple(VERDICTS))
    silent(view).lanes.set_document(replace(state, proposals=made.proposals, decisions=made.decisions))
    view.canvas.set_playhead(100_000)
    lanes = picture(view)[200:420, 20:980]
    for verdict in VERDICTS:
        assert not np.any(lanes == rgba(DARK.verdict(verdict)))
    strip = picture(view)[FLAGS, 20:980]
    for verdict in VERDICTS:
        assert np.any(strip == rgba(DARK.verdict(verdict))), "each state is in the ribbon"


def test_a_scroll_moves_bars_and_changes_none(view: TimelineView, state: DocumentState) -> None:
    made = crowded(1_000, (Verdict.UNDECIDED,))
    silent(view).lanes.set_document(replace(state, proposals=made.proposals, decisions=made.decisions))
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=10_020.0, samples_per_px=30.0))
    before = picture(view)[FLAGS]
    view.canvas.set_viewport(view.canvas.viewport.scrolled(7))
    after = picture(view)[FLAGS]
    np.testing.assert_array_equal(before[:, 57:990], after[:, 50:983])


def test_the_current_one_is_seen_among_bars(view: TimelineView, state: DocumentState) -> None:
    made = crowded(1_000, (Verdict.UNDECIDED,))
    silent(view).lanes.set_document(replace(state, proposals=made.proposals, decisions=made.decisions))
    view.canvas.set_current("p00500")
    seen = picture(view)[FLAGS]
    full = np.flatnonzero(np.all(seen[1:-1] == rgba(DARK.undecided), axis=0))
    assert 4 <= len(full) <= 6
    assert np.all(abs(full - 500) <= 3)
    assert rgba(DARK.text) in seen[10, 494:508], "outlined"


def test_the_overview_shows_how_much_goes_where(view: TimelineView, state: DocumentState) -> None:
    proposals = {
        "half": Proposal("half", "cut", 20_000, 20_200, 0.5, "", "t"),
        "all": Proposal("all", "cut", 60_000, 64_000, 0.5, "", "t"),
    }
    silent(view).lanes.set_document(replace(state, proposals=proposals, decisions={}))
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=90_000.0, samples_per_px=5.0))
    bars = (picture(view)[40:56] == rgba(DARK.undecided)).sum(axis=0)
    assert bars[600:640].max() > bars[200:203].max() > 0
    assert not bars[300:500].any()
