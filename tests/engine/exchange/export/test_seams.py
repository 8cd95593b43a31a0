"""A seam is named after the one edit that made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from engine.document.state import DocumentState
from engine.exchange.export.placing.marks import LONGEST_LABEL, removed_edit_list, removed_pieces, seams
from engine.sound.edl.build import build
from tests.engine.sound.edl.recordings import by_hand, cut_proposal, timeline_state, with_cuts

Made = tuple[str, tuple[int, int], Mapping[str, object]]
LENGTH = 40_000


def kinds_at_seams(state: DocumentState) -> list[tuple[int, str]]:
    return [(one.position_samples, one.label.partition(":")[0]) for one in seams(state, build(state))]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        # a block comes from behind a cut and a mute that are jumped over, and are not heard there
        (
            (
                ("move", (20_000, 22_000), {"to_samples": 2_000}),
                ("cut", (5_000, 6_000), {}),
                ("mute", (8_000, 9_000), {}),
            ),
            [(2_000, "move"), (4_000, "move"), (7_000, "cut"), (21_000, "move")],
        ),
        # the block begins with what is cut of it
        (
            (("move", (20_000, 22_000), {"to_samples": 2_000}), ("cut", (20_000, 20_500), {})),
            [(2_000, "move"), (3_500, "move"), (21_500, "move")],
        ),
        ((("repeat", (10_000, 12_000), {"times": 3}),), [(12_000, "repeat"), (14_000, "repeat")]),
        (
            (("repeat", (10_000, 12_000), {"times": 2, "to_samples": 30_000}),),
            [(30_000, "repeat"), (32_000, "repeat")],
        ),
        # what is kept within a cut parts it
        (
            (("cut", (10_000, 20_000), {}), ("keep", (14_000, 15_000), {})),
            [(10_000, "cut"), (11_000, "cut")],
        ),
    ],
)
def test_the_edit_that_made_a_seam_names_it(edits: tuple[Made, ...], expected: list[tuple[int, str]]) -> None:
    state = timeline_state(LENGTH)
    for kind, span, payload in edits:
        fade = {} if kind in ("mute", "keep") else {"crossfade_ms": 0.0}
        state = by_hand(state, kind, span, {**fade, **payload})
    assert kinds_at_seams(state) == expected


def test_one_of_fourteen_cuts_at_a_seam_names_it() -> None:
    spans = [(1_000 + 100 * number, 3_000 + 110 * number) for number in range(14)]
    state = with_cuts(timeline_state(LENGTH), *spans, crossfade_ms=0.0)
    made = [cut_proposal(*span) for span in spans]
    reasons = {one.id: replace(one, reason=f"Reason {number}") for number, one in enumerate(made)}
    state = replace(state, proposals={**state.proposals, **reasons})
    (seam,) = seams(state, build(state))
    assert seam.label == "cut: Reason 13"  # each has one edge there or none; the last one is the longest


@pytest.mark.parametrize("reason", ["A long reason " * 20, "理由" * 100, "x" * 300])
def test_a_long_reason_is_shortened(reason: str) -> None:
    state = with_cuts(timeline_state(LENGTH), (1_000, 2_000))
    (made,) = state.proposals.values()
    state = replace(state, proposals={made.id: replace(made, reason=reason)})
    (seam,) = seams(state, build(state))
    assert len(seam.label) <= LONGEST_LABEL
    assert seam.label.startswith("cut: ")
    assert seam.label.endswith("…")
    assert reason.startswith(seam.label.removeprefix("cut: ").removesuffix("…"))


def test_a_removed_piece_is_named_after_the_cut_that_took_most_of_it() -> None:
    state = with_cuts(timeline_state(LENGTH), (1_000, 2_000), (1_500, 4_000), (9_000, 9_500))
    long = cut_proposal(1_500, 4_000)
    state = replace(state, proposals={**state.proposals, long.id: replace(long, reason="Talk")})
    removed = removed_edit_list(state, build(state))
    labels = [piece.label for piece in removed_pieces(state, removed)]
    assert labels == ["cut: Talk", "cut: Tuning between two takes"]
