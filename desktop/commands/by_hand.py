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
    _hand("select_left", "Shrink selection", ("Shift+Left",), "Shorten the selection by 1 s."),
    _hand("select_right", "Extend selection", ("Shift+Right",), "Lengthen the selection by 1 s."),
    _hand("select_start", "Set selection start", (), "Start the selection at the playhead."),
    _hand("select_stop", "Set selection end", (), "End the selection at the playhead."),
    _hand("select_home", "Extend selection to start", ("Shift+Home",), "Extend the selection to the start."),
    _hand("select_end", "Extend selection to end", ("Shift+End",), "Extend the selection to the end."),
    _hand("select_all", "Select the whole recording", ("Ctrl+Shift+A",), "Select from start to end."),
    _hand(
        "select_piece",
        "Select between cuts",
        (),
        "Select between the two cuts around the playhead, as a double click in a lane does.",
    ),
    _hand("select_region", "Select this region", (), "Select the region at the playhead."),
    _hand("select_bar", "Select this bar", (), "Select the bar at the playhead."),
    _hand("select_beats", "Select between grid lines", (), "Select from one grid line to the next."),
    _hand("select_markers", "Select between markers", (), "Select from one marker to the next."),
    _hand("select_proposal", "Select the proposal", (), "Select the span of the current proposal."),
    _hand(
        "tracks",
        "Select on all tracks or one",
        ("Alt+T",),
        "Select on the chosen track only, or on all tracks.",
    ),
    _hand(
        "track",
        "Add or remove track from selection",
        ("Alt+Shift+T",),
        "Add the chosen track to the selection, or remove it; or Ctrl-click its head.",
    ),
    _hand(
        "cut",
        "Cut the selection",
        ("Del", "Backspace"),
        "Cut the selected span from the result; without a selection, delete the current edit.",
    ),
    _hand("delete", "Delete the edit", (), "Remove your own edit, or reject the current proposal."),
    _hand("copy", "Copy the selection", ("Ctrl+C",), "Copy the selected span, to paste it elsewhere."),
    _hand("cut_copy", "Cut to clipboard", ("Ctrl+X",), "Cut the selected span, to paste it elsewhere."),
    _hand(
        "paste", "Paste at the playhead", ("Ctrl+V",), "Insert the copied span, or move the cut one there."
    ),
    _hand(
        "duplicate",
        "Duplicate selection",
        ("Ctrl+D",),
        "Repeat the selected span right after itself.",
    ),
    _hand(
        "split",
        "Split at the playhead",
        ("S",),
        "Split your own cut or keep, else the region, else add a boundary marker.",
    ),
    _hand("keep", "Keep the selection", (), "Protect the selected span from every cut."),
    _hand("mute", "Mute the selection", (), "Fill the selected span with room tone, or silence."),
    _hand("repeat", "Repeat the selection…", (), "Repeat the selected span several times."),
    _hand("move", "Move the selection…", (), "Move the selected span to another position."),
    _hand("move_here", "Move the selection to the playhead", (), "Move the selected span to the playhead."),
    _hand("slip", "Slip the selection…", (), "Shift the selected span earlier or later at the same length."),
    _hand("gain", "Gain of the selection…", (), "Make the selected span louder or quieter."),
    _hand(
        "fade_ends",
        "Fade in and out…",
        (),
        "Fade all tracks in at the start of the result and out at its end, as two gain edits.",
    ),
    _hand("play", "Loop selection", (), "Play the selected span in a loop."),
    _hand("export", "Export the selection…", (), "Export the result of the selected span as a file."),
    _hand("let_go", "Clear selection", (), "Select nothing."),
    _amount(
        "less", "Decrease amount", "Ctrl+Shift+Left", "1 ms or one beat earlier, 0.5 dB, one repeat less"
    ),
    _amount("more", "Increase amount", "Ctrl+Shift+Right", "1 ms or one beat later, 0.5 dB, one repeat more"),
    _amount("less_fine", "Decrease amount (fine)", "Ctrl+Alt+Shift+Left", "a tenth of that, or 1 ms"),
    _amount("more_fine", "Increase amount (fine)", "Ctrl+Alt+Shift+Right", "a tenth of that, or 1 ms"),
    Command(
        "hand.change",
        "Edit amount…",
        ("Alt+Enter", "Alt+Return"),
        REVIEW,
        "Type the distance, gain, count or target of the current edit.",
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
