"""Answering proposals and shaping their edges."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts
from engine.document.decisions import Verdict
from engine.document.kinds import Edge, NudgeSize


def answers(window: Parts) -> Mapping[str, Handler]:
    review, bulk = window.review, window.queue.bulk
    left = window.timing_proposing.left
    answers = {"accept": Verdict.ACCEPTED, "reject": Verdict.REJECTED, "undecided": Verdict.UNDECIDED}

    def threshold(direction: int) -> None:
        window.analysing.propose(review.step_threshold(direction), merges_as="threshold")

    def extend(step: int) -> None:
        window.queue.panel.show_proposal(review.extend(step))

    def search() -> None:
        window.side.show()
        window.queue.panel.focus_search()

    return {
        **{f"review.{name}": partial(review.decide, verdict) for name, verdict in answers.items()},
        **{
            f"review.{name}_stay": partial(review.decide, verdict, stay=True)
            for name, verdict in answers.items()
        },
        "review.next": partial(review.go, forward=True),
        "review.previous": partial(review.go, forward=False),
        "review.next_undecided": partial(review.go, forward=True, undecided_only=True),
        "review.previous_undecided": partial(review.go, forward=False, undecided_only=True),
        "review.alternative": review.next_alternative,
        "review.flag": review.flag,
        "review.note": window.notes.about_proposal,
        "review.hear_kept": window.kept.hear,
        "review.threshold_up": partial(threshold, 1),
        "review.threshold_down": partial(threshold, -1),
        "review.accept_above": lambda: left.before_accepting(review.above(), review.accept_above),
        "review.search": search,
        "review.sort": review.sort,
        "review.learn": review.calibrating.toggle,
        "review.group": review.group,
        "review.fold": review.fold_here,
        "review.select_all": review.select_all,
        "review.extend_down": partial(extend, 1),
        "review.extend_up": partial(extend, -1),
        **{f"review.{name}_many": partial(bulk.decide, verdict) for name, verdict in answers.items()},
        "review.accept_many": lambda: left.before_accepting(
            bulk.scope().ids, partial(bulk.decide, Verdict.ACCEPTED)
        ),
        "review.flag_many": bulk.flag,
    }


def edges(window: Parts) -> Mapping[str, Handler]:
    review, transport, selecting = window.review, window.transport, window.selecting
    amounts = window.amounts

    def to_playhead(edge: Edge) -> None:
        if review.current is None or selecting.span is not None:
            selecting.edge_to_playhead(is_start=edge is Edge.START)
        else:
            review.edge_to_playhead(edge)

    nudges = {"": NudgeSize.FINE, "_coarse": NudgeSize.COARSE, "_sample": NudgeSize.SAMPLE}
    return {
        "edge.switch": review.switch_edge,
        "edge.audition_left": lambda: transport.play_edge(review.span(), Edge.START),
        "edge.audition_right": lambda: transport.play_edge(review.span(), Edge.STOP),
        "edge.set_left": partial(to_playhead, Edge.START),
        "edge.set_right": partial(to_playhead, Edge.STOP),
        **{f"edge.nudge_left{name}": partial(review.nudge, -1, size) for name, size in nudges.items()},
        **{f"edge.nudge_right{name}": partial(review.nudge, 1, size) for name, size in nudges.items()},
        "edge.fade_shorter": partial(amounts.nudge_fade, -1),
        "edge.fade_longer": partial(amounts.nudge_fade, 1),
        "edge.fade_shorter_fine": partial(amounts.nudge_fade, -1, fine=True),
        "edge.fade_longer_fine": partial(amounts.nudge_fade, 1, fine=True),
        "edge.snap_beat": partial(review.snap_to_beat, downbeat=False),
        "edge.snap_downbeat": partial(review.snap_to_beat, downbeat=True),
        "edge.snap_zero": review.snap_to_zero_crossing,
        "edge.snap_transient": review.snap_to_transient,
    }
