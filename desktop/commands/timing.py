"""Putting drums in time."""

from __future__ import annotations

from desktop.commands.command import REVIEW, WINDOW, Command


def _timing(name: str, label: str, keys: tuple[str, ...], context: str, description: str) -> Command:
    return Command(f"timing.{name}", label, keys, context, description, "Drum timing")


TIMING = (
    _timing(
        "propose",
        "Propose timing…",
        ("Ctrl+Shift+T",),
        WINDOW,
        "Detect drum hits and propose their timing; decisions stay.",
    ),
    _timing(
        "recorders",
        "Align recorders",
        ("Alt+Shift+R",),
        WINDOW,
        "Compare the chosen tracks, or all; propose to align and stretch those of another recorder.",
    ),
    _timing(
        "tempo",
        "Propose tempo alternatives",
        ("Alt+Shift+C",),
        WINDOW,
        "Rank half, double and other tempi of each song, and other downbeats.",
    ),
    _timing(
        "panel",
        "Timing panel",
        ("F3",),
        WINDOW,
        "Show how early or late each drum is, with strength and range; again: close it.",
    ),
    _timing(
        "accept_bar",
        "Accept the hits of this bar",
        ("Alt+B",),
        REVIEW,
        "Accept every undecided move in the current bar.",
    ),
    _timing(
        "accept_voice",
        "Accept the hits of this drum",
        ("Alt+D",),
        REVIEW,
        "Accept every undecided move of this drum.",
    ),
    _timing(
        "accept_range",
        "Accept all hits in the range",
        ("Alt+E",),
        REVIEW,
        "Accept every undecided move in the range of the timing panel.",
    ),
    _timing(
        "confirm",
        "Confirm this hit",
        ("Alt+P",),
        REVIEW,
        "Keep the current hit at any sensitivity in later timing proposals.",
    ),
    _timing(
        "loop_bar",
        "Loop this bar",
        ("Alt+Shift+L",),
        WINDOW,
        "Loop the current bar; accepted hits are audible at once.",
    ),
    _timing(
        "before",
        "Compare before and after",
        ("Shift+Q",),
        WINDOW,
        "Show and play the recorded or the edited sound, also during playback.",
    ),
)
