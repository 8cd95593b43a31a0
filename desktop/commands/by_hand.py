"""Selecting a span, and editing it by hand."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _hand(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"hand.{name}", label, keys, WINDOW, description, "By hand", repeats=name in _REPEATED)


_REPEATED = ("select_left", "select_right")

BY_HAND = (
    _hand("select_left", "Select to the left", ("Shift+Left",), "Take 1 s off the selection."),
    _hand("select_right", "Select to the right", ("Shift+Right",), "Select 1 s more."),
    _hand("select_start", "Selection from here", (), "Begin the selection at the playhead."),
    _hand("select_stop", "Selection to here", (), "End the selection at the playhead."),
    _hand("select_bar", "Select this bar", (), "Select the bar that the playhead is in."),
    _hand("select_beats", "Select between grid lines", (), "Select from one grid line to the next."),
    _hand("select_markers", "Select between markers", (), "Select from one marker to the next."),
    _hand("select_proposal", "Select the proposal", (), "Select the span of the current proposal."),
    _hand("tracks", "All tracks or one", ("Alt+T",), "Edit the chosen track alone, or all of them."),
    _hand("cut", "Cut the selection", ("Del", "Backspace"), "Leave the selected span out of the result."),
    _hand("keep", "Keep the selection", (), "Hold the selected span against every cut."),
    _hand("mute", "Mute the selection", (), "Fill the selected span with room tone, or silence."),
    _hand("repeat", "Repeat the selection…", (), "Hear the selected span several times in a row."),
    _hand("move", "Move the selection…", (), "Take the selected span out and bring it back elsewhere."),
    _hand("move_here", "Move the selection to the playhead", (), "Bring it back before the playhead."),
    _hand("slip", "Slip the selection…", (), "Play the selected span earlier or later; its length stays."),
    _hand("gain", "Gain of the selection…", (), "Make the selected span louder or quieter."),
)
