"""A window of time that moves reads what comes into view alone: to the pixel as if all were read anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.sound.edl.build import in_place
from engine.sound.edl.tracks.patches import changed_span
from engine.sound.pictures.peaks import Columns
from tests.engine.features.timing.hits.played import EIGHTH, played
from tests.mostly_long import mostly_long
from tests.widgets.timeline.made_up import MadeUp
from tests.widgets.timeline.test_drawn_near_an_answer import answered, show
from tests.widgets.timeline.test_painting import picture
from widgets.timeline.frame import Frame
from widgets.timeline.sound.lanes import Lane, WavePainter
from widgets.timeline.sound.waves import ColumnGrid
from widgets.timeline.timeline_view import TimelineView

STEPS = 12


@dataclass(frozen=True)
class Counting(MadeUp):
    """A source that tells how many columns it was asked for."""

    asked: list[int] = field(default_factory=list)

    def columns(self, channel: int, start: float, width: float, n_columns: int) -> Columns:
        self.asked.append(n_columns)
        return super().columns(channel, start, width, n_columns)


@pytest.fixture
def drums(view: TimelineView, rng: np.random.Generator) -> DocumentState:
    hits, state, grid = played(400)
    view.lanes.set_document(DocumentState())
    view.lanes.set_document(state)
    sound = rng.uniform(-0.9, 0.9, (state.length_samples, 1)).astype(np.float32)
    view.lanes.set_waves({track.id: MadeUp(sound * (0.3 + 0.2 * n)) for n, track in enumerate(state.tracks)})
    view.canvas.set_grid(grid)
    view.canvas.set_hits(hits)
    return state


def is_drawn_as_anew(view: TimelineView) -> None:
    layers = view.canvas._layers
    layers.bring_overview_up()
    found = picture(view)
    layers.forget_lanes()
    np.testing.assert_array_equal(found, picture(view))


@mostly_long("is_result", [False, True], keep=(True,), ids=["source", "result"])
@mostly_long("width", [96.0, 2_880.0], keep=(96.0,))
def test_a_walk_of_answers_and_moves(
    view: TimelineView, drums: DocumentState, rng: np.random.Generator, width: float, is_result: bool
) -> None:
    state, layers = drums, view.canvas._layers
    ids = sorted(state.proposals, key=lambda key: state.proposals[key].start_samples)
    # a width that a float holds exactly, or a column that is read by itself may begin a sample later
    at = replace(view.canvas.viewport, samples_per_px=width, start_samples=137.5 * width)
    for step, by_px in enumerate(rng.choice([3, 64, 250, 901, -40, -333, 2_500], STEPS).tolist()):
        view.canvas.set_viewport(at)
        show(view, state, ids[step], is_result=is_result)
        picture(view)
        for _ in range(int(rng.integers(0, 9))):  # as far as there was time for
            layers.read_ahead(view.canvas.frame, view.canvas.shown, int(rng.choice([1, -1])))
        at = view.canvas.viewport.scrolled(float(by_px))
        inside = [key for key in ids if view.canvas.viewport.holds(state.proposals[key].start_samples)] or ids
        state = answered(state, str(rng.choice(inside)), Verdict.ACCEPTED)
        show(view, state, ids[step + 1], is_result=is_result)
        view.canvas.set_viewport(at)
        found = picture(view)
        kept = {key: one.channels for key, one in layers._wave_painter._cached.items()}
        assert kept, "the lanes were read"
        layers.bring_overview_up()
        np.testing.assert_array_equal(picture(view)[60:], found[60:])  # below the overview
        is_drawn_as_anew(view)


def test_only_what_comes_into_view_is_read(view: TimelineView, rng: np.random.Generator) -> None:
    source = Counting(rng.uniform(-0.9, 0.9, (4_000_000, 1)).astype(np.float32))
    lane = Lane("kick", 1, 0, 4_000_000)
    painter, canvas = WavePainter(), view.canvas
    painter.set_waves({"kick": source})

    def frame(first: int) -> Frame:
        window = replace(canvas.viewport, samples_per_px=300.0, start_samples=300.0 * first)
        return replace(canvas.frame, viewport=window, layout=replace(canvas.frame.layout, width=500))

    painter.columns(frame(1_000), lane)
    painter.columns(frame(1_130), lane)
    painter.columns(frame(980), lane)
    painter.columns(frame(1_100), lane)
    assert source.asked == [500, 130, 20]
    painter.set_waves({"kick": source}, (300 * 1_200, 300 * 1_210))
    painter.columns(frame(1_250), lane)
    assert source.asked[3:] == [120], "what changed is out of view"
    painter.columns(frame(1_150), lane)
    assert source.asked[4:] == [12], "and is read once it is in view"
    painter.columns(frame(9_000), lane)
    assert source.asked[5:] == [500], "nothing between two windows is read"
    painter.forget()
    painter.columns(frame(9_000), lane)
    assert source.asked[6:] == [500]


def test_little_is_kept_beside_the_window(view: TimelineView, rng: np.random.Generator) -> None:
    source = MadeUp(rng.uniform(-0.9, 0.9, (9_000_000, 1)).astype(np.float32))
    painter, canvas = WavePainter(), view.canvas
    painter.set_waves({"kick": source})
    lane = Lane("kick", 1, 0, 9_000_000)
    for first in range(0, 20_000, 400):
        window = replace(canvas.viewport, samples_per_px=300.0, start_samples=300.0 * first)
        frame = replace(canvas.frame, viewport=window, layout=replace(canvas.frame.layout, width=500))
        found = painter.columns(frame, lane)
        np.testing.assert_array_equal(found[0].maximum, source.columns(0, 300.0 * first, 300.0, 500).maximum)
        assert painter._cached["kick"].grid.n_columns <= 5 * 500


@pytest.mark.parametrize(
    ("other", "whole"),
    [
        (ColumnGrid(10, 2.0, 5), ColumnGrid(10, 2.0, 5)),
        (ColumnGrid(12, 2.0, 5), ColumnGrid(10, 2.0, 7)),
        (ColumnGrid(4, 2.0, 6), ColumnGrid(4, 2.0, 11)),
        (ColumnGrid(4, 2.0, 5), None),
        (ColumnGrid(10, 2.5, 5), None),
    ],
)
def test_grids_are_united_where_nothing_lies_between(other: ColumnGrid, whole: ColumnGrid | None) -> None:
    grid = ColumnGrid(10, 2.0, 5)
    assert grid.united(other) == whole == other.united(grid)
    assert grid.beside(1) == ColumnGrid(15, 2.0, 5)
    assert grid.beside(-1) == ColumnGrid(5, 2.0, 5)


def test_an_answer_changes_its_own_slice_and_the_joints_beside_it() -> None:
    """Slices around it are laid out anew, and are what they were."""
    _, state, _ = played(400)
    ids = sorted(state.proposals, key=lambda key: state.proposals[key].start_samples)
    for key in ids[::4]:
        state = answered(state, key, Verdict.ACCEPTED)
    for key in ids[101:200:12]:
        before, state = in_place(state).patches, answered(state, key, Verdict.ACCEPTED)
        spans = [changed_span(before.get(track), one) for track, one in in_place(state).patches.items()]
        assert None not in spans
        assert max(stop - start for start, stop in filter(None, spans)) < 4 * EIGHTH


def test_what_lies_beside_a_window_that_moved_is_read_while_nobody_waits(
    view: TimelineView, drums: DocumentState, qtbot: QtBot
) -> None:
    kept = view.canvas._layers._wave_painter._cached
    view.canvas.set_viewport(replace(view.canvas.viewport, samples_per_px=300.0, start_samples=300_000.0))
    qtbot.waitUntil(lambda: bool(kept))
    view.canvas.set_viewport(view.canvas.viewport.scrolled(50.0))
    columns = view.canvas.frame.columns
    kept = view.canvas._layers._wave_painter._cached
    qtbot.waitUntil(lambda: all(one.grid.n_columns >= 2 * columns for one in kept.values()))
    assert len(kept) == len(drums.tracks)
