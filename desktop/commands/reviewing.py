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
    _review("undecided", "Undecided", ("U", "8"), "Leave it open and go to the next undecided one."),
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
    _review("undecided_stay", "Undecided and stay", ("Shift+U", "Shift+8"), "Open it again and stay on it."),
    _review("next", "Next proposal", ("Down",), "Go to the next proposal in the queue."),
    _review("previous", "Previous proposal", ("Up",), "Go to the previous proposal in the queue."),
    _review("next_undecided", "Next undecided", ("Ctrl+Down",), "Go to the next proposal without an answer."),
    _review(
        "previous_undecided", "Previous undecided", ("Ctrl+Up",), "Go to the one before without an answer."
    ),
    _review("alternative", "Next alternative", ("V",), "Try the next way to make this edit."),
    _review("flag", "Flag for later", ("F",), "Mark it to come back to, or take the mark away."),
    _review("note", "Note on this proposal…", ("Alt+N",), "Write down something about it."),
    _review(
        "hear_kept",
        "Hear the nearest kept example",
        ("Shift+C",),
        "Play what you kept that is most like it; once more for the proposal, and so by turns.",
    ),
    _queue("threshold_up", "Threshold up", ("Alt+Up",), "Cut less: only what is odder."),
    _queue("threshold_down", "Threshold down", ("Alt+Down",), "Cut more: also what is less odd."),
    _queue(
        "accept_above",
        "Accept all at or above the threshold",
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        "Say how many those are, then accept them; one undo takes all back.",
    ),
    _queue("search", "Search the queue", ("Ctrl+F",), "Show only proposals whose reason holds some words."),
    _queue("sort", "Change the order of the queue", ("Alt+S",), "Step through time, score, length and use."),
    _queue(
        "learn",
        "Learn from decisions, or not",
        ("Alt+L",),
        "Let each decision reorder what is undecided, or leave the score alone.",
    ),
    _queue(
        "group",
        "Change the grouping of the queue",
        ("Alt+G",),
        "Step through regions, states, kinds, makers and none.",
    ),
    _queue(
        "fold",
        "Fold or unfold the group",
        ("Alt+Shift+G",),
        "Hide the group of the current proposal, or show it.",
    ),
    _queue("select_all", "Select all shown", ("Ctrl+A",), "Select every proposal that the queue shows."),
    _queue("extend_down", "Select one more below", ("Shift+Down",), "Let the selection reach one row down."),
    _queue("extend_up", "Select one more above", ("Shift+Up",), "Let the selection reach one row up."),
    _queue(
        "accept_many",
        "Accept all selected or shown",
        ("Alt+A",),
        "Accept the selected proposals, else all that filter and search leave.",
    ),
    _queue(
        "reject_many",
        "Reject all selected or shown",
        ("Alt+X",),
        "Reject the selected proposals, else all that filter and search leave.",
    ),
    _queue(
        "undecided_many",
        "Reopen all selected or shown",
        ("Alt+U",),
        "Leave the selected proposals undecided, else all that filter and search leave.",
    ),
    _queue(
        "flag_many",
        "Flag all selected or shown",
        ("Alt+F",),
        "Flag the selected proposals, else all that filter and search leave.",
    ),
)

EDGES = (
    _edge("switch", "Other edge", ("E",), "Make the other edge of the proposal the active one."),
    _edge("audition_left", "Hear the left edge", ("1",), "Play across the left edge."),
    _edge("audition_right", "Hear the right edge", ("2",), "Play across the right edge."),
    _edge(
        "set_left",
        "Left edge to the playhead",
        ("I",),
        "Put the left edge, else that of the selection, there.",
    ),
    _edge(
        "set_right",
        "Right edge to the playhead",
        ("O",),
        "Put the right edge, else that of the selection, there.",
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
        "nudge_left_sample", "One sample left", ("Ctrl+Alt+Left",), "Move the active edge one sample earlier."
    ),
    _edge(
        "nudge_right_sample",
        "One sample right",
        ("Ctrl+Alt+Right",),
        "Move the active edge one sample later.",
    ),
    _edge("fade_shorter", "Shorter crossfade", ("3",), "Take 5 ms off the crossfade of this edit."),
    _edge("fade_longer", "Longer crossfade", ("4",), "Make the crossfade of this edit 5 ms longer."),
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
        "Let edges, markers and clicks on the ruler fall onto the grid, or not.",
        "Edges",
    ),
)
