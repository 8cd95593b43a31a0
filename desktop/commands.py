"""The one table of commands: menus, shortcuts, palette, key caps and the key sheet all derive from it.

Keys are in Qt's portable notation. This module needs no Qt, so that the key sheet is made without a window:
``python -m desktop.commands > resources/keys.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from widgets.chrome.key_names import key_labels

WINDOW = "window"
"""Works wherever the focus is, a text field aside."""
REVIEW = "review"
"""Works while there is a proposal to answer; the keys of `WINDOW` work here too."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something the user can do.

    Attributes
    ----------
    id : "group.action"; shortcuts, buttons and tests refer to it
    label : what the menu and the palette say
    keys : in Qt's portable notation, the shown one first; empty where palette and button are enough
    context : `WINDOW` or `REVIEW`; a key means one thing in each
    description : one sentence
    group : the heading it stands under
    """

    id: str
    label: str
    keys: tuple[str, ...]
    context: str
    description: str
    group: str


def _review(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"review.{name}", label, keys, REVIEW, description, "Review")


def _edge(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"edge.{name}", label, keys, REVIEW, description, "Edges")


def _transport(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"transport.{name}", label, keys, WINDOW, description, "Listening")


def _view(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"view.{name}", label, keys, WINDOW, description, "View")


def _file(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"file.{name}", label, keys, WINDOW, description, "File")


def _taste(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"taste.{name}", label, keys, WINDOW, description, "Taste")


_FILE = (
    _file("new", "New document", ("Ctrl+N",), "Start an empty document in a file of your choice."),
    _file("open", "Open document…", ("Ctrl+Shift+O",), "Open an .offcut file."),
    _file("recent", "Open recent…", ("Ctrl+Shift+R",), "Choose one of the documents opened last."),
    _file("open_backup", "Open a backup…", (), "Open the newest sound backup of a damaged document."),
    _file("import", "Import recordings…", ("Ctrl+O",), "Add recordings to the document as tracks."),
    _file("relink", "Find missing recordings…", (), "Look in a folder for recordings that were moved."),
    _file("snapshot", "Named snapshot…", ("Ctrl+S",), "Keep the document as it is now under a name."),
    _file("export", "Export…", ("Ctrl+E",), "Write the result as audio or as an edit for another program."),
    _file("preferences", "Preferences…", ("Ctrl+,",), "Choose sound device, cache, threads and look."),
    _file("quit", "Quit", ("Ctrl+Q",), "Close Offcut; every decision is already on disk."),
)

_EDIT = (
    Command(
        "edit.undo", "Undo", ("Ctrl+Z",), WINDOW, "Take the last edit back, even after a restart.", "Edit"
    ),
    Command("edit.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), WINDOW, "Make the undone edit again.", "Edit"),
)

_TASTE = (
    _taste(
        "learn",
        "Learn from edits…",
        ("Ctrl+L",),
        "Show Offcut edits you made before and let it learn your taste.",
    ),
    _taste("open", "Use a taste…", ("Ctrl+T",), "Choose a .taste file that was learned before."),
    _taste(
        "listen",
        "Listen to the recording",
        ("Ctrl+Shift+L",),
        "Score every moment of it with the current taste.",
    ),
    _taste("propose", "Propose cuts", ("Ctrl+R",), "Turn the scores into cuts to review; decisions stay."),
)

_REVIEW_COMMANDS = (
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
    _review("threshold_up", "Threshold up", ("Alt+Up",), "Cut less: only what is odder."),
    _review("threshold_down", "Threshold down", ("Alt+Down",), "Cut more: also what is less odd."),
    _review(
        "accept_above",
        "Accept all at or above the threshold",
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        "Say how many those are, then accept them; one undo takes all back.",
    ),
    _review("search", "Search the queue", ("Ctrl+F",), "Show only proposals whose reason holds some words."),
    _review("sort", "Sort the queue otherwise", ("Alt+S",), "Step through time, score and length."),
    _review("group", "Group the queue otherwise", ("Alt+G",), "Step through states, kinds, makers and none."),
    _review(
        "fold",
        "Fold or unfold the group",
        ("Alt+Shift+G",),
        "Hide the group of the current proposal, or show it.",
    ),
    _review("select_all", "Select all shown", ("Ctrl+A",), "Select every proposal that the queue shows."),
    _review(
        "accept_many",
        "Accept all selected or shown",
        ("Alt+A",),
        "Accept the selected proposals, else all that filter and search leave.",
    ),
    _review(
        "reject_many",
        "Reject all selected or shown",
        ("Alt+X",),
        "Reject the selected proposals, else all that filter and search leave.",
    ),
    _review(
        "undecided_many",
        "Reopen all selected or shown",
        ("Alt+U",),
        "Leave the selected proposals undecided, else all that filter and search leave.",
    ),
    _review(
        "flag_many",
        "Flag all selected or shown",
        ("Alt+F",),
        "Flag the selected proposals, else all that filter and search leave.",
    ),
)

_EDGES = (
    _edge("switch", "Other edge", ("E",), "Make the other edge of the proposal the active one."),
    _edge("audition_left", "Hear the left edge", ("1",), "Play across the left edge."),
    _edge("audition_right", "Hear the right edge", ("2",), "Play across the right edge."),
    _edge("set_left", "Left edge to the playhead", ("I",), "Put the left edge where the playhead is."),
    _edge("set_right", "Right edge to the playhead", ("O",), "Put the right edge where the playhead is."),
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
    _edge("snap_beat", "Snap to beat", ("B",), "Move the active edge to the nearest beat."),
    _edge("snap_downbeat", "Snap to downbeat", ("Shift+B",), "Move the active edge to the nearest downbeat."),
    _edge("snap_zero", "Snap to zero crossing", ("Z",), "Move the active edge to the nearest zero crossing."),
    _edge("snap_transient", "Snap to transient", ("T",), "Move the active edge to the nearest transient."),
    _edge("snap_toggle", "Snapping on or off", ("N",), "Let edges that you move fall onto the grid, or not."),
)

_TRANSPORT = (
    _transport("toggle", "Play or stop", ("Space",), "Start playback at the playhead, or stop it."),
    _transport("stop", "Stop", ("Esc",), "Stop playback; decides nothing."),
    _transport(
        "preroll", "Play with pre-roll", ("R",), "Play the proposal with what comes before and after it."
    ),
    _transport("loop", "Loop", ("L",), "Repeat the current proposal, or play on."),
    _transport("solo", "Solo", ("S",), "Hear only the selected track, or all of them."),
    _transport(
        "preview",
        "Preview the cut",
        ("C",),
        "Hear the result around this edit, exactly as it will be exported.",
    ),
    _transport(
        "source_result", "Source or result", ("Q",), "See and hear the recording, or what is left of it."
    ),
    _transport("removed", "Hear what goes", ("D",), "Play only what would be removed."),
    _transport("to_start", "To the start", ("Home",), "Put the playhead at the start of the recording."),
    _transport("to_end", "To the end", ("End",), "Put the playhead at the end of the recording."),
)

_VIEW = (
    _view("zoom_in", "Zoom in", ("+", "="), "Show less of the recording in more detail."),
    _view("zoom_out", "Zoom out", ("-",), "Show more of the recording."),
    _view("fit", "Whole recording", ("Shift+Z",), "Fit the whole recording into the window."),
    _view("heads", "Show or hide the track heads", ("F7",), "Give the timeline the room of the track heads."),
    _view("queue", "Show or hide the queue", ("F8",), "Give the timeline the room of the review queue."),
    _view("history", "Show or hide the history", ("Ctrl+H",), "List every step of undo and redo; go to any."),
    _view("ruler", "Ruler in other units", ("F6",), "Count time, samples, or bars and beats on the ruler."),
    _view("theme", "Dark, light or the system's look", ("F9",), "Step to the next look."),
)

_HELP = (
    Command(
        "help.palette",
        "Find a command",
        ("Ctrl+Shift+P", "F1"),
        WINDOW,
        "Find any command by its name.",
        "Help",
    ),
    Command("help.keys", "Keys", ("?",), WINDOW, "Show every key on one sheet.", "Help"),
    Command("help.rebind", "Change keys…", ("Ctrl+Shift+K",), WINDOW, "Give commands other keys.", "Help"),
    Command(
        "job.cancel",
        "Cancel the running work",
        ("Ctrl+.",),
        WINDOW,
        "Stop it; the document stays as it was.",
        "Help",
    ),
)

COMMANDS: tuple[Command, ...] = (
    *_REVIEW_COMMANDS,
    *_EDGES,
    *_TRANSPORT,
    *_VIEW,
    *_TASTE,
    *_EDIT,
    *_FILE,
    *_HELP,
)

BY_ID: Mapping[str, Command] = MappingProxyType({command.id: command for command in COMMANDS})


def conflicts(commands: Iterable[Command]) -> tuple[tuple[str, str, str], ...]:
    """Return every (key, id, id) where one key would run two commands in one context.

    `WINDOW` holds everywhere, so its keys are taken in every other context too.
    """
    known = tuple(commands)
    found = []
    for position, first in enumerate(known):
        for second in known[position + 1 :]:
            meet = first.context == second.context or WINDOW in (first.context, second.context)
            found += [(key, first.id, second.id) for key in first.keys if meet and key in second.keys]
    return tuple(found)


def keys_markdown(commands: Iterable[Command]) -> str:
    """Write the key sheet: a table of keys and commands for each group."""
    lines = ["# Keys", "", "Made from the table of commands; change it there.", ""]
    for group, members in groupby(commands, key=lambda command: command.group):
        lines += [f"## {group}", "", "| keys | command | what it does |", "|---|---|---|"]
        for command in members:
            caps = ", ".join(f"`{label}`" for label in key_labels(command.keys))
            lines.append(f"| {caps} | {command.label} | {command.description} |")
        lines.append("")
    lines += [
        "Deciding twice is the same as once. Esc closes or stops and never decides. Delete and Backspace do",
        "nothing in the queue. Space always plays, a text field aside.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(keys_markdown(COMMANDS), end="")
