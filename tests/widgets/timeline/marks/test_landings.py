"""Lines in the source view at the places where repeats and moves are played."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QImage

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.sound.edl.build import build
from tests.widgets.timeline.conftest import RATE_HZ
from widgets.theme import DARK
from widgets.timeline.overlays import Landings
from widgets.timeline.timeline_view import TimelineView

AT = 60_000


def with_edit(
    state: DocumentState, kind: str, verdict: Verdict, to_samples: int | None = AT
) -> DocumentState:
    payload = {"times": 2} if kind == "repeat" else {}
    if to_samples is not None:
        payload["to_samples"] = to_samples
    made = Proposal("there", kind, 25_000, 30_000, 1.0, "", "you", payload=payload)
    decisions = {"there": Decision("there", verdict)}
    return replace(state, proposals={"there": made}, decisions=decisions)


def colors_at(view: TimelineView, samples: int) -> set[str]:
    """The colours of the column of pixels at a position, below what is written at the top of the lanes."""
    canvas = view.canvas
    image = QImage(canvas.size(), QImage.Format.Format_RGB32)
    canvas.render(image)
    layout, x = canvas.frame.layout, round(canvas.viewport.x_at(samples))
    return {image.pixelColor(x, y).name() for y in range(layout.lanes_top + 40, layout.lanes_bottom)}


@pytest.mark.parametrize("kind", ["repeat", "move"])
def test_an_accepted_repeat_or_move_has_a_line_where_it_is_played(
    view: TimelineView, state: DocumentState, kind: str
) -> None:
    edited = with_edit(state, kind, Verdict.ACCEPTED)
    view.lanes.set_document(edited)
    assert colors_at(view, AT) == {DARK.accepted}
    view.lanes.set_document(with_edit(state, kind, Verdict.REJECTED))
    assert DARK.accepted not in colors_at(view, AT)
    view.lanes.set_document(edited, build(edited))
    assert DARK.accepted not in colors_at(view, AT), "the result plays it there"


def test_an_undecided_one_has_a_line_while_it_is_the_current_one(
    view: TimelineView, state: DocumentState
) -> None:
    edited = with_edit(state, "move", Verdict.UNDECIDED)
    assert not len(Landings.of(edited, None))
    found = Landings.of(edited, "there")
    assert (found.orders.ats.tolist(), found.is_current.tolist(), found.is_open) == ([AT], [True], True)
    assert found.words(0, RATE_HZ) == ("moved from 0:25.0 – 0:30.0", "from 0:25.0")
    view.lanes.set_document(edited)
    view.canvas.set_current("there")
    assert DARK.undecided in colors_at(view, AT)


def test_a_repeat_right_after_itself_needs_no_line(state: DocumentState) -> None:
    assert not len(Landings.of(with_edit(state, "repeat", Verdict.ACCEPTED, None), None))
