"""Answering proposals and shaping their edges."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import REVIEW, WINDOW, Command
from desktop.shell.shell import Shell
from engine.document.kinds import Edge, NudgeSize
from engine.document.proposals import Verdict

if TYPE_CHECKING:
    from desktop.features.timing.grid_editing import GridEditing
    from desktop.review.by_hand import Amounts
    from desktop.review.notes import Notes
    from desktop.review.queue_side import QueueSide
    from desktop.shell.side import Side


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    amounts: Amounts
    grid_editing: GridEditing
    notes: Notes
    queue: QueueSide
    side: Side


Handler = Callable[[Parts], object]


def _review(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"review.{name}", label, keys, REVIEW, description, "Review", do)


def _queue(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"review.{name}", label, keys, REVIEW, description, "Queue", do)


def _edge(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    # Those two select where nothing is proposed.
    context = WINDOW if name in ("set_left", "set_right") else REVIEW
    return Command(f"edge.{name}", label, keys, context, description, "Edges", do)


def _accept_above(parts: Parts) -> None:
    parts.review.before_accepting(parts.review.above(), parts.review.accept_above)


def _accept_many(parts: Parts) -> None:
    bulk = parts.queue.bulk
    accept = partial(bulk.decide, Verdict.ACCEPTED)
    parts.review.before_accepting(bulk.scope().ids, accept)


def _search(parts: Parts) -> None:
    parts.side.show()
    parts.queue.panel.begin_search()


def _extend(parts: Parts, step: int) -> None:
    parts.queue.panel.show_proposal(parts.review.extend(step))


def _go(parts: Parts, *, forward: bool, undecided_only: bool = False) -> None:
    parts.review.go(forward=forward, undecided_only=undecided_only)
    parts.queue.panel.focus_rows()


def _to_playhead(parts: Parts, edge: Edge) -> None:
    if parts.review.current is None or parts.selecting.span is not None:
        parts.selecting.edge_to_playhead(is_start=edge is Edge.START)
    else:
        parts.review.edge_to_playhead(edge)


# fmt: off
ANSWERS = (
    _review("accept", "Accept", ("A", "P", "Return", "Enter", "7"),
        "Accept it and go to the next undecided one.",
        do=lambda parts: parts.review.decide(Verdict.ACCEPTED)),
    _review("reject", "Reject", ("X", "9"), "Reject it and go to the next undecided one.",
        do=lambda parts: parts.review.decide(Verdict.REJECTED)),
    _review("undecided", "Undecided", ("U", "8"), "Leave it undecided and go to the next undecided one.",
        do=lambda parts: parts.review.decide(Verdict.UNDECIDED)),
    _review("accept_stay", "Accept and stay",
        ("Shift+A", "Shift+P", "Shift+Return", "Shift+Enter", "Shift+7"),
        "Accept the current proposal and stay on it.",
        do=lambda parts: parts.review.decide(Verdict.ACCEPTED, stay=True)),
    _review("reject_stay", "Reject and stay", ("Shift+X", "Shift+9"),
        "Reject the current proposal and stay on it.",
        do=lambda parts: parts.review.decide(Verdict.REJECTED, stay=True)),
    _review("undecided_stay", "Undecided and stay", ("Shift+U", "Shift+8"),
        "Set it to undecided and stay on it.",
        do=lambda parts: parts.review.decide(Verdict.UNDECIDED, stay=True)),
    _review("next", "Next proposal", ("Down",), "Go to the next proposal in the queue.",
        do=lambda parts: _go(parts, forward=True)),
    _review("previous", "Previous proposal", ("Up",), "Go to the previous proposal in the queue.",
        do=lambda parts: _go(parts, forward=False)),
    _review("next_undecided", "Next undecided", ("Ctrl+Down",), "Go to the next undecided proposal.",
        do=lambda parts: _go(parts, forward=True, undecided_only=True)),
    _review("previous_undecided", "Previous undecided", ("Ctrl+Up",),
        "Go to the previous undecided proposal.",
        do=lambda parts: _go(parts, forward=False, undecided_only=True)),
    _review("alternative", "Next alternative", ("V",), "Try the next way to make this edit.",
        do=lambda parts: parts.review.next_alternative()),
    _review("flag", "Flag for later", ("F",), "Flag it, or remove the flag.",
        do=lambda parts: parts.review.flag()),
    _review("note", "Note on this proposal…", ("Alt+N",), "Write a note about the proposal.",
        do=lambda parts: parts.notes.about_proposal()),
    _queue("threshold_up", "Threshold up", ("Alt+Up",), "Propose fewer cuts: only higher scores.",
        do=lambda parts: parts.review.move_threshold(1)),
    _queue("threshold_down", "Threshold down", ("Alt+Down",), "Propose more cuts: lower scores too.",
        do=lambda parts: parts.review.move_threshold(-1)),
    _queue("accept_above", "Accept all at or above the threshold", ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        "Show their number, then accept them as one undo step.", do=_accept_above),
    _queue("search", "Search the queue", ("Ctrl+F",), "Show only proposals whose reason contains the words.",
        do=_search),
    _queue("sort", "Change the order of the queue", ("Alt+S",),
        "Step through time, score, length, use and newest.", do=lambda parts: parts.review.sort()),
    _queue("learn", "Learn from decisions on or off", ("Alt+L",),
        "Reorder undecided proposals after each decision, or use the score only.",
        do=lambda parts: parts.review.calibrating.toggle()),
    _queue("group", "Change the grouping of the queue", ("Alt+G",),
        "Step through regions, states, kinds, makers, sounds and none.",
        do=lambda parts: parts.review.group()),
    _queue("fold", "Fold or unfold the group", ("Alt+Shift+G",),
        "Fold the group of the current proposal, or unfold it.", do=lambda parts: parts.review.fold_here()),
    _queue("select_all", "Select all shown", ("Ctrl+A",), "Select every proposal that the queue shows.",
        do=lambda parts: parts.review.select_all()),
    _queue("extend_down", "Select one more below", ("Shift+Down",), "Extend the selection by one row down.",
        do=lambda parts: _extend(parts, 1)),
    _queue("extend_up", "Select one more above", ("Shift+Up",), "Extend the selection by one row up.",
        do=lambda parts: _extend(parts, -1)),
    _queue("accept_many", "Accept all selected or shown", ("Alt+A",),
        "Accept the selected proposals, else all that are shown.", do=_accept_many),
    _queue("reject_many", "Reject all selected or shown", ("Alt+X",),
        "Reject the selected proposals, else all that are shown.",
        do=lambda parts: parts.queue.bulk.decide(Verdict.REJECTED)),
    _queue("undecided_many", "Reopen all selected or shown", ("Alt+U",),
        "Set the selected proposals, else all that are shown, to undecided.",
        do=lambda parts: parts.queue.bulk.decide(Verdict.UNDECIDED)),
    _queue("flag_many", "Flag all selected or shown", ("Alt+F",),
        "Flag the selected proposals, else all that are shown.", do=lambda parts: parts.queue.bulk.flag()),
)

EDGES = (
    _edge("switch", "Switch edge", ("E",), "Activate the other edge of the proposal.",
        do=lambda parts: parts.review.switch_edge()),
    _edge("audition_left", "Play left edge", ("1",), "Play across the left edge.",
        do=lambda parts: parts.transport.play_edge(parts.review.span(), Edge.START)),
    _edge("audition_right", "Play right edge", ("2",), "Play across the right edge.",
        do=lambda parts: parts.transport.play_edge(parts.review.span(), Edge.STOP)),
    _edge("set_left", "Left edge to the playhead", ("I",),
        "Set the left edge, else the selection start, there.",
        do=lambda parts: _to_playhead(parts, Edge.START)),
    _edge("set_right", "Right edge to the playhead", ("O",),
        "Set the right edge, else the selection end, there.",
        do=lambda parts: _to_playhead(parts, Edge.STOP)),
    _edge("nudge_left", "Nudge left", ("Alt+Left",), "Move the active edge 10 ms earlier.",
        do=lambda parts: parts.review.nudge(-1, NudgeSize.FINE)),
    _edge("nudge_right", "Nudge right", ("Alt+Right",), "Move the active edge 10 ms later.",
        do=lambda parts: parts.review.nudge(1, NudgeSize.FINE)),
    _edge("nudge_left_coarse", "Nudge left, coarse", ("Alt+Shift+Left",),
        "Move the active edge 100 ms earlier.", do=lambda parts: parts.review.nudge(-1, NudgeSize.COARSE)),
    _edge("nudge_right_coarse", "Nudge right, coarse", ("Alt+Shift+Right",),
        "Move the active edge 100 ms later.", do=lambda parts: parts.review.nudge(1, NudgeSize.COARSE)),
    _edge("nudge_left_sample", "Nudge left by one sample", ("Ctrl+Alt+Left",),
        "Move the active edge one sample earlier.",
        do=lambda parts: parts.review.nudge(-1, NudgeSize.SAMPLE)),
    _edge("nudge_right_sample", "Nudge right by one sample", ("Ctrl+Alt+Right",),
        "Move the active edge one sample later.", do=lambda parts: parts.review.nudge(1, NudgeSize.SAMPLE)),
    _edge("fade_shorter", "Shorter crossfade", ("3",), "Shorten the crossfade of this edit by 5 ms.",
        do=lambda parts: parts.amounts.nudge_fade(-1)),
    _edge("fade_longer", "Longer crossfade", ("4",), "Lengthen the crossfade of this edit by 5 ms.",
        do=lambda parts: parts.amounts.nudge_fade(1)),
    _edge("fade_shorter_fine", "Crossfade 1 ms shorter", ("Ctrl+3",), "The same by one millisecond.",
        do=lambda parts: parts.amounts.nudge_fade(-1, fine=True)),
    _edge("fade_longer_fine", "Crossfade 1 ms longer", ("Ctrl+4",), "The same by one millisecond.",
        do=lambda parts: parts.amounts.nudge_fade(1, fine=True)),
    _edge("snap_beat", "Snap to beat", ("B",), "Move the active edge to the nearest beat.",
        do=lambda parts: parts.review.snap_to_beat(downbeat=False)),
    _edge("snap_downbeat", "Snap to downbeat", ("Shift+B",), "Move the active edge to the nearest downbeat.",
        do=lambda parts: parts.review.snap_to_beat(downbeat=True)),
    _edge("snap_zero", "Snap to zero crossing", ("Z",), "Move the active edge to the nearest zero crossing.",
        do=lambda parts: parts.review.snap_to_zero_crossing()),
    _edge("snap_transient", "Snap to transient", ("T",), "Move the active edge to the nearest transient.",
        do=lambda parts: parts.review.snap_to_transient()),
    Command("edge.snap_toggle", "Snapping on or off", ("N",), WINDOW,
        "Snap edges, markers and ruler clicks to the grid, or not.", "Edges",
        do=lambda parts: parts.grid_editing.toggle_snapping()),
)
