"""Selecting a span, and editing it by hand."""

from __future__ import annotations

from desktop.commands.command import REVIEW, WINDOW, Command


def _hand(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    group = "Selection" if name.startswith(("select", "track")) else "By hand"
    return Command(f"hand.{name}", label, keys, WINDOW, description, group, repeats=name in _REPEATED)


def _amount(name: str, label: str, key: str, description: str) -> Command:
    said = f"Change the current edit: {description}."
    return Command(f"hand.{name}", label, (key,), REVIEW, said, "By hand")


_REPEATED = ("select_left", "select_right")

BY_HAND = (
    _hand("select_left", "Select to the left", ("Shift+Left",), "Take 1 s off the selection."),
    _hand("select_right", "Select to the right", ("Shift+Right",), "Select 1 s more."),
    _hand("select_start", "Selection from here", (), "Begin the selection at the playhead."),
    _hand("select_stop", "Selection to here", (), "End the selection at the playhead."),
    _hand("select_home", "Select to the start", ("Shift+Home",), "Let the selection reach to the start."),
    _hand("select_end", "Select to the end", ("Shift+End",), "Let the selection reach to the end."),
    _hand("select_all", "Select the whole recording", ("Ctrl+Shift+A",), "Select from start to end."),
    _hand(
        "select_piece",
        "Select between the seams",
        (),
        "Select between the two cuts around the playhead, as a double click in a lane does.",
    ),
    _hand("select_region", "Select this region", (), "Select the region that the playhead is in."),
    _hand("select_bar", "Select this bar", (), "Select the bar that the playhead is in."),
    _hand("select_beats", "Select between grid lines", (), "Select from one grid line to the next."),
    _hand("select_markers", "Select between markers", (), "Select from one marker to the next."),
    _hand("select_proposal", "Select the proposal", (), "Select the span of the current proposal."),
    _hand("tracks", "All tracks or one", ("Alt+T",), "Select on the chosen track alone, or on all of them."),
    _hand(
        "track",
        "One track more or less",
        ("Alt+Shift+T",),
        "Select on the chosen track too, or no longer; so does a click on its head with Ctrl.",
    ),
    _hand(
        "cut",
        "Cut the selection",
        ("Del", "Backspace"),
        "Leave the selected span out of the result; without a selection, delete the current edit.",
    ),
    _hand("delete", "Delete the edit", (), "Remove your own edit, or reject the current proposal."),
    _hand("copy", "Copy the selection", ("Ctrl+C",), "Copy the selected span, to paste it elsewhere."),
    _hand("cut_copy", "Cut and copy the span", ("Ctrl+X",), "Cut the selected span, to paste it elsewhere."),
    _hand("paste", "Paste at the playhead", ("Ctrl+V",), "Play the copied span there too; move a cut one."),
    _hand(
        "duplicate",
        "Duplicate the selection",
        ("Ctrl+D",),
        "Play the selected span again right after itself.",
    ),
    _hand(
        "split",
        "Split at the playhead",
        ("S",),
        "Split your own cut or keep, else the region there, else place a boundary marker.",
    ),
    _hand("keep", "Keep the selection", (), "Hold the selected span against every cut."),
    _hand("mute", "Mute the selection", (), "Fill the selected span with room tone, or silence."),
    _hand("repeat", "Repeat the selection…", (), "Hear the selected span several times in a row."),
    _hand("move", "Move the selection…", (), "Take the selected span out and bring it back elsewhere."),
    _hand("move_here", "Move the selection to the playhead", (), "Bring it back before the playhead."),
    _hand("slip", "Slip the selection…", (), "Play the selected span earlier or later; its length stays."),
    _hand("gain", "Gain of the selection…", (), "Make the selected span louder or quieter."),
    _hand(
        "fade_ends",
        "Fade in and out at the ends…",
        (),
        "Fade all tracks in where the result begins and out where it ends, as two edits of gain.",
    ),
    _hand("play", "Play the selection looped", (), "Hear the selected span over and over."),
    _hand("export", "Export the selection…", (), "Write what is heard of the selected span as a file."),
    _hand("let_go", "Let go of the selection", (), "Select nothing."),
    _amount(
        "less", "Decrease amount", "Ctrl+Shift+Left", "slip 1 ms or move a beat earlier, 0.5 dB, once less"
    ),
    _amount(
        "more", "Increase amount", "Ctrl+Shift+Right", "slip 1 ms or move a beat later, 0.5 dB, once more"
    ),
    _amount("less_fine", "Decrease amount slightly", "Ctrl+Alt+Shift+Left", "a tenth of that, or 1 ms"),
    _amount("more_fine", "Increase amount slightly", "Ctrl+Alt+Shift+Right", "a tenth of that, or 1 ms"),
    Command(
        "hand.change",
        "Change the amount…",
        ("Alt+Enter", "Alt+Return"),
        REVIEW,
        "Type how far, how loud, how often or where to for the current edit.",
        "By hand",
    ),
    Command(
        "hand.tone",
        "Use the selection as room tone",
        (),
        REVIEW,
        "Fill the current mute with the selected quiet span.",
        "By hand",
    ),
)
