"""A ripple cut in the views: drawn as a cut is, on the lanes of its tracks alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.sound.edl.build import build
from tests.sources import begun_at
from tests.widgets.timeline.conftest import LENGTH
from tests.widgets.timeline.test_painting import picture, rgba
from widgets.theme import DARK
from widgets.timeline.mouse.drags import fade_of
from widgets.timeline.mouse.gestures import edge_at
from widgets.timeline.timeline_view import TimelineView

SPAN = (30_000, 40_000)
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def edited(state: DocumentState, *edits: tuple[str, tuple[str, ...]]) -> DocumentState:
    """Return the document from its start on all tracks, with accepted edits of `SPAN` and nothing else."""
    proposals = {
        kind: Proposal(kind, kind, *SPAN, 0.5, "", "t", {"crossfade_ms": 10.0}, tracks=tracks)
        for kind, tracks in edits
    }
    proposals["end"] = Proposal("end", "cut", LENGTH - 1, LENGTH, 0.5, "", "t")  # the strip is always there
    decisions = {kind: Decision(kind, Verdict.ACCEPTED) for kind, _ in edits}
    tracks = tuple(begun_at(track, 0) for track in state.tracks)
    return replace(state, tracks=tracks, proposals=proposals, decisions=decisions)


def lanes_of(view: TimelineView) -> list[NDArray[np.uint32]]:
    """Return the pixels of each lane."""
    seen, layout = picture(view), view.canvas.frame.layout
    return [seen[top:bottom] for top, bottom in pairwise(layout.lane_tops)]


@pytest.mark.parametrize("current", [True, False])
def test_in_the_source_it_looks_like_a_cut_on_its_own_lane_alone(
    view: TimelineView, state: DocumentState, current: bool
) -> None:
    def drawn(*edits: tuple[str, tuple[str, ...]]) -> list[NDArray[np.uint32]]:
        view.lanes.set_document(edited(state, *edits))
        view.canvas.set_current(edits[0][0] if edits and current else None)
        return lanes_of(view)

    bare, cut, ripple = drawn(), drawn(("cut", ())), drawn(("ripple", ("keys",)))
    np.testing.assert_array_equal(ripple[0], bare[0])
    np.testing.assert_array_equal(ripple[1], cut[1])
    assert (ripple[1] != bare[1]).any()


def test_in_the_result_its_seam_crosses_its_own_lane_alone(view: TimelineView, state: DocumentState) -> None:
    done = edited(state, ("ripple", ("keys",)))
    view.lanes.set_document(done, build(done))
    seam, ink = round(view.canvas.viewport.x_at(SPAN[0])), rgba(DARK.accepted)
    for current in (None, "ripple"):
        view.canvas.set_current(current)
        kick, keys = lanes_of(view)
        assert not (kick[:, seam] == ink).any()
        assert np.mean(keys[:, seam] == ink) > 0.7


def test_both_seams_of_a_j_cut_are_drawn(view: TimelineView, state: DocumentState) -> None:
    done = edited(state, ("ripple", ("keys",)))
    later = replace(
        done.proposals["ripple"], id="kick", tracks=("kick",), start_samples=31_000, stop_samples=41_000
    )
    proposals, decisions = {**done.proposals, "kick": later}, dict(done.decisions)
    done = replace(
        done, proposals=proposals, decisions=decisions | {"kick": Decision("kick", Verdict.ACCEPTED)}
    )
    view.lanes.set_document(done, build(done))
    ink, drawn = rgba(DARK.accepted), lanes_of(view)
    for lane, own, other in zip(drawn, (31_000, 30_000), (30_000, 31_000), strict=True):
        columns = [round(view.canvas.viewport.x_at(at)) for at in (own, other)]
        assert [np.mean(lane[30:, column] == ink) > 0.7 for column in columns] == [True, False]


def test_in_the_result_its_edges_are_where_its_track_plays_them(
    view: TimelineView, state: DocumentState, qtbot: QtBot
) -> None:
    done = edited(state, ("ripple", ("keys",)))
    view.lanes.set_document(done, build(done))
    view.canvas.set_current("ripple")
    canvas, layout = view.canvas, view.canvas.frame.layout
    fade, seam = fade_of(canvas), canvas.viewport.x_at(SPAN[0])
    assert fade is not None
    assert fade.edges == (seam, seam)
    middle = (layout.lane_tops[1] + layout.lane_tops[2]) // 2
    assert edge_at(canvas, seam + 1, middle) == 1
    assert edge_at(canvas, canvas.viewport.x_at(SPAN[1]), middle) is None
    with qtbot.waitSignal(canvas.edge_dragged) as dragged:
        QTest.mousePress(canvas, LEFT, NO_KEYS, QPoint(round(seam) + 1, middle))
        QTest.mouseMove(canvas, QPoint(round(seam) + 11, middle))
        QTest.mouseRelease(canvas, LEFT, NO_KEYS, QPoint(round(seam) + 11, middle))
    assert dragged.args == ["ripple", SPAN[0], SPAN[1] + 1_000]
