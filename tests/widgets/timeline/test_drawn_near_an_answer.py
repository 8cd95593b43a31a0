"""After an answer only what it changed is drawn: to the pixel as all of it would be drawn."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.sound.edl.build import build, in_place
from tests.engine.features.timing.hits.played import played
from tests.mostly_long import mostly_long
from tests.widgets.timeline.made_up import MadeUp
from tests.widgets.timeline.test_painting import picture
from widgets.timeline.timeline_view import TimelineView

ANSWERS = 12


def drawn_in_parts(view: TimelineView) -> bool:
    """Compare the picture with one that is drawn anew; return whether it was drawn in parts."""
    layers = view.canvas._layers
    parts = layers.stale_parts(view.canvas.frame, view.canvas.shown)
    layers.bring_overview_up()
    found = picture(view)
    layers.forget_lanes()
    np.testing.assert_array_equal(found, picture(view))
    return parts is not None


def answered(state: DocumentState, proposal_id: str, verdict: Verdict) -> DocumentState:
    decision = state.decisions.get(proposal_id) or Decision(proposal_id)
    return replace(state, decisions={**state.decisions, proposal_id: replace(decision, verdict=verdict)})


def show(view: TimelineView, state: DocumentState, current: str, *, is_result: bool) -> None:
    programme = build(state) if is_result else None
    view.lanes.set_document(state, programme, in_place(state).patches)
    view.canvas.set_current(current)


@mostly_long("is_result", [False, True], keep=(True,), ids=["source", "result"])
@mostly_long("width", [96.0, 350.5, 2_880.0], keep=(96.0,))
def test_moved_hits(view: TimelineView, rng: np.random.Generator, width: float, is_result: bool) -> None:
    hits, state, grid = played(400)
    view.lanes.set_document(DocumentState())
    view.lanes.set_document(state)
    frames = state.length_samples
    sound = rng.uniform(-0.9, 0.9, (frames, 1)).astype(np.float32)
    view.lanes.set_waves({track.id: MadeUp(sound * (0.3 + 0.2 * n)) for n, track in enumerate(state.tracks)})
    view.canvas.set_grid(grid)
    view.canvas.set_hits(hits)
    ids = sorted(state.proposals, key=lambda key: state.proposals[key].start_samples)
    # at half a column, where rounding is most easily another; the width is one that a float holds exactly, or
    # a column that is read by itself may begin a sample later
    view.canvas.set_viewport(replace(view.canvas.viewport, samples_per_px=width, start_samples=37.5 * width))
    inside = [key for key in ids if view.canvas.viewport.holds(state.proposals[key].stop_samples)]
    show(view, state, inside[0], is_result=is_result)
    drawn_in_parts(view)
    in_parts = 0
    for here, following in pairwise(rng.permutation(len(inside))[: ANSWERS + 1]):
        state = answered(state, inside[int(here)], Verdict(rng.choice([one.value for one in Verdict])))
        show(view, state, inside[int(following)], is_result=is_result)
        in_parts += drawn_in_parts(view)
    assert in_parts >= (0 if width < 100 else ANSWERS - 2)


def test_cuts_and_edits_of_sound(view: TimelineView, state: DocumentState) -> None:
    kinds: list[tuple[str, dict[str, object]]] = [
        ("mute", {}),
        ("gain", {"gain_db": -6.0}),
        ("cut", {}),
        ("slip", {"by_samples": 300.5}),
    ]
    made = {}
    for number in range(40):
        (kind, payload), start, key = kinds[number % 4], 1_000 + number * 2_000, f"p{number}"
        tracks = ("kick",) if number % 3 == 1 and kind != "cut" else ()
        made[key] = Proposal(key, kind, start, start + 1_500, 0.5, "Why.", "test", tracks, payload)
    state = replace(state, proposals=made, decisions={})
    show(view, state, "p0", is_result=False)
    drawn_in_parts(view)
    in_parts = 0
    for number, verdict in enumerate((Verdict.ACCEPTED, Verdict.REJECTED, Verdict.ACCEPTED) * 4):
        state = answered(state, f"p{number}", verdict)
        show(view, state, f"p{number + 1}", is_result=False)
        in_parts += drawn_in_parts(view)
    assert in_parts >= 6
