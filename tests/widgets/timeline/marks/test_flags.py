"""What flags say of each kind, on which lanes edits are drawn, and how conflicts are marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from engine.document.kinds import KINDS
from engine.document.proposals import BY_HAND, Decision, Proposal, Verdict
from engine.document.state import DocumentState
from tests.kind_examples import EXAMPLES
from tests.widgets.timeline.conftest import make_state
from tests.widgets.timeline.test_painting import picture, rgba, silent
from widgets import theme
from widgets.edit_words import flag_words
from widgets.theme import DARK
from widgets.timeline.edits.coverage import TINT, shares_of
from widgets.timeline.edits.proposals import Proposals, span_at
from widgets.timeline.edits.signs import rooms
from widgets.timeline.edits.spans import VERDICTS, Spans
from widgets.timeline.mouse.gestures import cursor_at, tip_at
from widgets.timeline.timeline_view import TimelineView

MADE = {kind: dict(one.payload if one.drawn is None else one.drawn) for kind, one in EXAMPLES.items()}


def made(
    kind: str, start: int, stop: int, payload: Mapping[str, object], tracks: tuple[str, ...] = ()
) -> Proposal:
    name = f"{kind}-{start}"
    return Proposal(name, kind, start, stop, 1.0, "Made by hand.", BY_HAND, (), payload, None, tracks)


def holding(proposals: Sequence[Proposal], verdict: Verdict = Verdict.ACCEPTED) -> DocumentState:
    decisions = {one.id: Decision(one.id, verdict) for one in proposals}
    return replace(make_state(), proposals={one.id: one for one in proposals}, decisions=decisions)


def test_every_kind_says_what_it_does() -> None:
    assert set(MADE) == set(KINDS)
    for kind, payload in MADE.items():
        words = flag_words(made(kind, 10_000, 18_000, payload), None, 1_000)
        assert words == EXAMPLES[kind].flag
        assert KINDS[kind].icon


def test_what_the_user_changed_of_an_edit_is_said() -> None:
    changed = Decision("slip-0", Verdict.ACCEPTED, payload={"by_samples": -1.5})
    assert (
        flag_words(made("slip", 0, 8_000, {"by_samples": 1.0}), changed, 1_000)[1] == "slip −1.5 ms · yours"
    )


def test_a_kind_of_a_newer_version_is_named() -> None:
    assert flag_words(made("hum", 0, 8_000, {}), None, 1_000) == ("hum 8.0 s", "hum")


def test_a_flag_has_the_picture_of_its_kind_and_a_cut_none(view: TimelineView) -> None:
    state = holding([made("cut", 0, 9_000, {}), made("slip", 10_000, 18_000, MADE["slip"])])
    spans = Spans.of(state)
    first, second = (span_at(view.canvas.frame, spans, index, current=False) for index in (0, 1))
    assert (first.icon, second.icon) == ("", "slip")


EDGES = st.lists(st.tuples(st.integers(-200, 1_200), st.integers(1, 500)), min_size=1, max_size=12)
SEAMS = st.lists(st.integers(-20, 1_020), max_size=6)
OVER = st.none() | st.tuples(st.integers(-100, 1_100), st.integers(1, 400)).map(
    lambda one: (one[0], sum(one))
)


@given(EDGES, SEAMS, OVER)
def test_no_flag_speaks_into_another(
    edges: list[tuple[int, int]], seams: list[int], over: tuple[int, int] | None
) -> None:
    lefts, lengths = np.array(sorted(edges), float).T
    rights = lefts + lengths
    starts, stops = rooms(lefts, rights, 1_000.0, over, np.array(sorted(seams), float), 9.0)
    taken = [(seam - 9.0, seam + 9.0) for seam in seams] + ([over] if over is not None else [])
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        if start >= stop:
            continue
        assert max(lefts[index], 0) <= start
        assert stop <= min(rights[index], 1_000)
        others = [(a, b) for k, (a, b) in enumerate(zip(starts, stops, strict=True)) if k != index and a < b]
        for first, last in others:
            assert stop <= first or last <= start
        for first, last in taken:
            inside = max(start, first) < min(stop, last)
            # of seams that touch each other only the first keeps a flag away: the second has none
            assert not inside or (first, last) != over


def test_a_flag_alone_has_all_of_its_room() -> None:
    starts, stops = rooms(np.array([-50.0, 300.0]), np.array([200.0, 400.0]), 1_000.0, None, np.zeros(0), 9.0)
    assert list(zip(starts, stops, strict=True)) == [(0.0, 200.0), (300.0, 400.0)]
    starts, stops = rooms(np.array([100.0]), np.array([200.0]), 1_000.0, None, np.array([104.0, 180.0]), 9.0)
    assert (starts[0], stops[0]) == (113.0, 171.0)


def test_an_edit_of_one_track_is_drawn_on_its_lane_alone(view: TimelineView) -> None:
    silent(view)
    view.lanes.set_document(holding([made("mute", 40_000, 50_000, {}, ("keys",))]))
    seen = picture(view)
    tops = view.canvas.frame.layout.lane_tops
    tint = rgba(theme.mix(DARK.bg, DARK.accepted, TINT).name())
    kick, keys = (seen[first + 20 : last - 2, 402:498] for first, last in pairwise(tops))
    assert np.all(kick == rgba(DARK.bg))
    assert np.all(keys == tint)
    assert seen[tops[0] - 3, 495] == rgba(DARK.accepted), "the flag stands where all flags do"
    assert seen[tops[0] + 60, 400] == rgba(DARK.bg)
    assert seen[tops[1] + 60, 400] == rgba(DARK.accepted)
    view.canvas.set_current("mute-40000")
    stronger = picture(view)
    np.testing.assert_array_equal(stronger[tops[0] + 20 : tops[1] - 2], seen[tops[0] + 20 : tops[1] - 2])
    assert not np.array_equal(stronger[tops[1] + 20 : tops[2] - 2], seen[tops[1] + 20 : tops[2] - 2])


def test_waves_are_seen_through_the_tint_of_their_own_lane(view: TimelineView) -> None:
    everywhere = holding([made("mute", 40_000, 50_000, {})])
    view.lanes.set_document(holding([made("mute", 99_999, 100_000, {}, ("none",))]))
    bare = picture(view)
    view.lanes.set_document(everywhere)
    tinted = picture(view)
    view.lanes.set_document(holding([made("mute", 40_000, 50_000, {}, ("keys",))]))
    seen = picture(view)
    tops = view.canvas.frame.layout.lane_tops
    np.testing.assert_array_equal(seen[tops[0] : tops[1]], bare[tops[0] : tops[1]])
    np.testing.assert_array_equal(seen[tops[1] : tops[2]], tinted[tops[1] : tops[2]])


SPANS = st.lists(
    st.tuples(
        st.integers(0, 900),
        st.integers(1, 300),
        st.sampled_from([(), ("a",), ("b",), ("a", "c")]),
        st.sampled_from(VERDICTS),
    ),
    max_size=12,
)


@given(SPANS)
def test_what_covers_a_lane_equals_painting_each_span(
    rows: list[tuple[int, int, tuple[str, ...], Verdict]],
) -> None:
    proposals = [
        Proposal(f"p{i}", "mute", start, start + length, 0.5, "", "t", tracks=tracks)
        for i, (start, length, tracks, _) in enumerate(rows)
    ]
    decisions = {f"p{i}": Decision(f"p{i}", row[3]) for i, row in enumerate(rows)}
    spans = Spans.of(DocumentState(1_000, {}, (), {one.id: one for one in proposals}, decisions))
    edges = np.arange(0, 1_001, 2.5)
    found = spans.within(0.0, 1_000.0)
    shares = shares_of(spans, found, edges, ("a", "b", "c", "d"), None)
    halves = np.arange(0, 2_000)  # every border of a column falls between two halves of a sample
    for track in "abcd":
        slow = np.zeros((3, 2_000), bool)
        for start, length, tracks, verdict in rows:
            if not tracks or track in tracks:
                slow[VERDICTS.index(verdict)] |= (halves >= 2 * start) & (halves < 2 * (start + length))
        (fast,) = (covered for names, covered, _ in shares if names is None or track in names)
        np.testing.assert_allclose(fast, slow.reshape(3, -1, 5).mean(axis=2), atol=1e-9)


def test_without_edits_of_some_tracks_all_lanes_are_drawn_at_once(view: TimelineView) -> None:
    canvas = view.canvas
    found = Proposals.of(canvas.frame, canvas.shown.spans, None, ("kick", "keys"))
    assert [names for names, *_ in found.shares] == [None]


def test_the_mouse_finds_an_edit_on_its_lane_alone(view: TimelineView) -> None:
    view.lanes.set_document(holding([made("mute", 40_000, 50_000, {}, ("keys",))]))
    view.canvas.set_current("mute-40000")
    tops, canvas = view.canvas.frame.layout.lane_tops, view.canvas
    assert tip_at(canvas, QPointF(450, tops[0] + 60)) == ""
    tip = tip_at(canvas, QPointF(450, tops[1] + 60))
    assert tip == "Mute 0:40.0 – 0:50.0 · Keys · accepted · yours\nMade by hand."
    assert cursor_at(canvas, QPointF(400, tops[0] + 60)) is not Qt.CursorShape.SplitHCursor
    assert cursor_at(canvas, QPointF(400, tops[1] + 60)) is Qt.CursorShape.SplitHCursor
    moved: list[tuple[object, ...]] = []
    view.canvas.edge_dragged.connect(lambda *edge: moved.append(edge))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(400, tops[1] + 60))
    QTest.mouseMove(canvas, QPoint(380, tops[1] + 60))
    during = picture(view)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(380, tops[1] + 60))
    assert moved == [("mute-40000", 38_000, 50_000)]
    assert during[tops[1] + 90, 380] == rgba(DARK.accepted) != during[tops[0] + 90, 380]


def test_edits_that_cannot_both_hold_are_marked(view: TimelineView) -> None:
    one, other = (
        made("slip", 10_000, 30_000, {"by_samples": 5.0}),
        made("slip", 25_000, 45_000, {"by_samples": 9.0}),
    )
    state = holding([one, other, made("gain", 60_000, 70_000, MADE["gain"])])
    silent(view)
    view.lanes.set_document(state)
    seen = picture(view)
    top = view.canvas.frame.layout.lanes_top
    error = rgba(DARK.error)
    line = np.flatnonzero(seen[top - 2, 100:450] != error)
    assert line.tolist() == [150], "a line under the flags, parted where the second begins"
    assert not np.any(seen[top - 2, 605:690] == error)
    assert np.all(seen[top + 20 : top + 120, [100, 250, 299, 449]] == error), "and all edges"
    for flag in (slice(100, 250), slice(252, 450)):
        assert np.any(seen[top - 20 : top - 5, flag] == error), "and a sign on each flag"
    assert np.all(seen[top + 20 : top + 120, [101, 448]] == rgba(DARK.bg)), "red on orange has a ground"
    tip = tip_at(view.canvas, QPointF(200, top + 60))
    assert tip.endswith("In conflict with the slip at 0:25.0: reject one of them.")
    view.lanes.set_document(replace(state, decisions={one.id: state.decisions[one.id]}))
    assert not np.any(picture(view)[top:] == error)


@pytest.mark.parametrize("narrow_px", [14, 24, 40, 60, 90, 140])
def test_words_are_left_out_whole_where_there_is_no_room(view: TimelineView, narrow_px: int) -> None:
    state = holding([made("gain", 10_000, 10_000 + 100 * narrow_px, MADE["gain"])])
    silent(view)
    view.lanes.set_document(state)
    seen = picture(view)
    top = view.canvas.frame.layout.edits_top
    flag = seen[top + 1 : top + 16, 100 : 100 + narrow_px]
    assert np.all(flag[:, -2:] == rgba(DARK.accepted)), "nothing is cut off at its end"


def test_every_window_of_time_is_painted(view: TimelineView) -> None:
    """Also those that end about where a proposal begins, on whichever side of the last column."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        start = int(rng.integers(40_000, 90_000))
        one = made("cut", start, start + 9_000, {})
        view.lanes.set_document(replace(make_state(), proposals={one.id: one}, decisions={}))
        px_samples = float(rng.uniform(2, 60))
        ends = start + float(rng.uniform(-1, 1)) * px_samples
        zoomed = replace(view.canvas.viewport, samples_per_px=px_samples)
        view.canvas.set_viewport(replace(zoomed, start_samples=max(0.0, ends - zoomed.visible_samples)))
        view.canvas.compose()
