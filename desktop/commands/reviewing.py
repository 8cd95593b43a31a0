"""Answering proposals and shaping their edges."""

from __future__ import annotations

from desktop.commands.command import REVIEW, WINDOW, Command


def _review(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"review.{name}", label, keys, REVIEW, description, "Review")


def _queue(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"review.{name}", label, keys, REVIEW, description, "Queue")


def _edge(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    # Those two select where nothing is proposed.
    context = WINDOW if name in ("set_left", "set_right") else REVIEW
    return Command(f"edge.{name}", label, keys, context, description, "Edges")


ANSWERS = (
    _review(
        "accept", "Accept", ("A", "P", "Return", "Enter", "7"), "Accept it and go to the next undecided one."
    ),
    _review("reject", "Reject", ("X", "9"), "Reject it and go to the next undecided one."),
    _review("undecided", "Undecided", ("U", "8"), "Leave it undecided and go to the next undecided one."),
    _review(
        "accept_stay",
        "Accept and stay",
        ("Shift+A", "Shift+P", "Shift+Return", "Shift+Enter", "Shift+7"),
        "Accept the current proposal and stay on it.",
    ),
    _review(
        "reject_stay",
        "Reject and stay",
        ("Shift+X", "Shift+9"),
        "Reject the current proposal and stay on it.",
    ),
    _review(
        "undecided_stay", "Undecided and stay", ("Shift+U", "Shift+8"), "Set it to undecided and stay on it."
    ),
    _review("next", "Next proposal", ("Down",), "Go to the next proposal in the queue."),
    _review("previous", "Previous proposal", ("Up",), "Go to the previous proposal in the queue."),
    _review("next_undecided", "Next undecided", ("Ctrl+Down",), "Go to the next undecided proposal."),
    _review(
        "previous_undecided", "Previous undecided", ("Ctrl+Up",), "Go to the previous undecided proposal."
    ),
    _review("alternative", "Next alternative", ("V",), "Try the next way to make this edit."),
    _review("flag", "Flag for later", ("F",), "Flag it, or remove the flag."),
    _review("note", "Note on this proposal…", ("Alt+N",), "Write a note about the proposal."),
    _review(
        "hear_kept",
        "Play nearest reference",
        ("Shift+C",),
        "Play the most similar passage of the training data; again: the proposal.",
    ),
    _queue("threshold_up", "Threshold up", ("Alt+Up",), "Propose fewer cuts: only higher scores."),
    _queue("threshold_down", "Threshold down", ("Alt+Down",), "Propose more cuts: lower scores too."),
    _queue(
        "accept_above",
        "Accept all at or above the threshold",
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        "Show their number, then accept them as one undo step.",
    ),
    _queue("search", "Search the queue", ("Ctrl+F",), "Show only proposals whose reason contains the words."),
    _queue(
        "sort",
        "Change the order of the queue",
        ("Alt+S",),
        "Step through time, score, length, use and newest.",
    ),
    _queue(
        "learn",
        "Learn from decisions on or off",
        ("Alt+L",),
        "Reorder undecided proposals after each decision, or use the score only.",
    ),
    _queue(
        "group",
        "Change the grouping of the queue",
        ("Alt+G",),
        "Step through regions, states, kinds, makers, sounds and none.",
    ),
    _queue(
        "fold",
        "Fold or unfold the group",
        ("Alt+Shift+G",),
        "Fold the group of the current proposal, or unfold it.",
    ),
    _queue("select_all", "Select all shown", ("Ctrl+A",), "Select every proposal that the queue shows."),
    _queue("extend_down", "Select one more below", ("Shift+Down",), "Extend the selection by one row down."),
    _queue("extend_up", "Select one more above", ("Shift+Up",), "Extend the selection by one row up."),
    _queue(
        "accept_many",
        "Accept all selected or shown",
        ("Alt+A",),
        "Accept the selected proposals, else all that are shown.",
    ),
    _queue(
        "reject_many",
        "Reject all selected or shown",
        ("Alt+X",),
        "Reject the selected proposals, else all that are shown.",
    ),
    _queue(
        "undecided_many",
        "Reopen all selected or shown",
        ("Alt+U",),
        "Set the selected proposals, else all that are shown, to undecided.",
    ),
    _queue(
        "flag_many",
        "Flag all selected or shown",
        ("Alt+F",),
        "Flag the selected proposals, else all that are shown.",
    ),
)

EDGES = (
    _edge("switch", "Switch edge", ("E",), "Activate the other edge of the proposal."),
    _edge("audition_left", "Play left edge", ("1",), "Play across the left edge."),
    _edge("audition_right", "Play right edge", ("2",), "Play across the right edge."),
    _edge(
        "set_left",
        "Left edge to the playhead",
        ("I",),
        "Set the left edge, else the selection start, there.",
    ),
    _edge(
        "set_right",
        "Right edge to the playhead",
        ("O",),
        "Set the right edge, else the selection end, there.",
    ),
    _edge("nudge_left", "Nudge left", ("Alt+Left",), "Move the active edge 10 ms earlier."),
    _edge("nudge_right", "Nudge right", ("Alt+Right",), "Move the active edge 10 ms later."),
    _edge(
        "nudge_left_coarse", "Nudge left, coarse", ("Alt+Shift+Left",), "Move the active edge 100 ms earlier."
    ),
    _edge(
        "nudge_right_coarse",
        "Nudge right, coarse",
        ("Alt+Shift+Right",),
        "Move the active edge 100 ms later.",
    ),
    _edge(
        "nudge_left_sample",
        "Nudge left by one sample",
        ("Ctrl+Alt+Left",),
        "Move the active edge one sample earlier.",
    ),
    _edge(
        "nudge_right_sample",
        "Nudge right by one sample",
        ("Ctrl+Alt+Right",),
        "Move the active edge one sample later.",
    ),
    _edge("fade_shorter", "Shorter crossfade", ("3",), "Shorten the crossfade of this edit by 5 ms."),
    _edge("fade_longer", "Longer crossfade", ("4",), "Lengthen the crossfade of this edit by 5 ms."),
    _edge("fade_shorter_fine", "Crossfade 1 ms shorter", ("Ctrl+3",), "The same by one millisecond."),
    _edge("fade_longer_fine", "Crossfade 1 ms longer", ("Ctrl+4",), "The same by one millisecond."),
    _edge("snap_beat", "Snap to beat", ("B",), "Move the active edge to the nearest beat."),
    _edge("snap_downbeat", "Snap to downbeat", ("Shift+B",), "Move the active edge to the nearest downbeat."),
    _edge("snap_zero", "Snap to zero crossing", ("Z",), "Move the active edge to the nearest zero crossing."),
    _edge("snap_transient", "Snap to transient", ("T",), "Move the active edge to the nearest transient."),
    Command(
        "edge.snap_toggle",
        "Snapping on or off",
        ("N",),
        WINDOW,
        "Snap edges, markers and ruler clicks to the grid, or not.",
        "Edges",
    ),
)
