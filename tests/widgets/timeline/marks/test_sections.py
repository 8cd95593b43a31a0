"""The lane of sections: a bar wherever a section plays, in one piece if only a part of it is cut."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from engine.document.analysis import StoredSections
from engine.sound.edl.build import build
from tests.engine.sound.edl.test_arrangement import LENGTH, RATE_HZ, edited, recording
from widgets.theme import DARK
from widgets.timeline.frame import Frame, lay_out
from widgets.timeline.marks.label_lanes import SectionLane
from widgets.timeline.time_map import TimeMap
from widgets.timeline.viewport import Viewport

pytestmark = pytest.mark.usefixtures("qapp")

SPANS = np.array([[0, 10_000], [10_000, 20_000], [20_000, LENGTH]], np.int64)
SECTIONS = StoredSections(SPANS, ["A", "B", "A"], np.full(3, 0.9))


def lane(*edits: tuple[str, int, int, dict[str, object]]) -> SectionLane:
    state = edited(recording(), *edits)
    return SectionLane(SECTIONS, TimeMap(LENGTH, build(state)))


def test_a_lane_without_sections_is_not_shown() -> None:
    assert not SectionLane().is_shown
    assert not SectionLane(StoredSections()).is_shown
    assert SectionLane(SECTIONS).is_shown


def test_equal_labels_have_one_colour() -> None:
    assert SectionLane(SECTIONS).hues == {"A": 0, "B": 1}


@pytest.mark.parametrize(
    ("edit", "order"),
    [
        (("cut", 12_000, 15_000, {}), [0, 1, 2]),
        (("cut", 10_000, 20_000, {}), [0, 2]),
        (("repeat", 10_000, 20_000, {"times": 3}), [0, 1, 1, 1, 2]),
        (("move", 20_000, LENGTH, {"to_samples": 0}), [2, 0, 1]),
        (("move", 12_000, 15_000, {"to_samples": 0}), [1, 0, 1, 2]),
    ],
)
def test_sections_are_drawn_where_they_play(
    edit: tuple[str, int, int, dict[str, object]], order: list[int]
) -> None:
    bars = lane(edit).bars
    assert bars.sections.tolist() == order
    assert (np.diff(bars.starts) > 0).all()
    assert (bars.stops > bars.starts).all()


def test_the_mouse_meets_a_section_in_its_lane_only() -> None:
    layout = lay_out(600, 400, (), has_sections=True)
    frame = Frame(Viewport().recorded(LENGTH, RATE_HZ).resized(600).fitted(), layout, DARK, 1.0)
    made, y = SectionLane(SECTIONS), (layout.sections_top + layout.score_top) / 2
    middle = frame.viewport.x_at(15_000)
    assert made.at(frame, QPointF(middle, y)) == 1
    assert made.at(frame, QPointF(middle, layout.sections_top - 1)) is None
    assert made.tip_at(frame, QPointF(middle, y)).startswith("Section B\n")
    assert layout.score_top > lay_out(600, 400, ()).score_top
