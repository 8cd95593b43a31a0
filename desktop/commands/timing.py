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
        "Find the hits of the drums and propose where each goes; decisions stay.",
    ),
    _timing(
        "recorders",
        "Propose to line up recorders",
        ("Alt+Shift+R",),
        WINDOW,
        "Compare the chosen tracks, or all; propose to stretch and move what another recorder made.",
    ),
    _timing(
        "tempo",
        "Propose how to count",
        ("Alt+Shift+C",),
        WINDOW,
        "Weigh half, double and other tempi of each song, and other beats as the first of the bar.",
    ),
    _timing(
        "panel",
        "Timing panel",
        ("F3",),
        WINDOW,
        "Show how early and late each drum is, and the sliders of strength and range; again: away.",
    ),
    _timing(
        "accept_bar",
        "Accept the hits of this bar",
        ("Alt+B",),
        REVIEW,
        "Accept every undecided move of the bar that you are in.",
    ),
    _timing(
        "accept_voice",
        "Accept the hits of this drum",
        ("Alt+D",),
        REVIEW,
        "Accept every undecided move of the drum of the current hit.",
    ),
    _timing(
        "accept_range",
        "Accept all hits in the range",
        ("Alt+E",),
        REVIEW,
        "Accept every undecided move that the range of the timing panel leaves.",
    ),
    _timing(
        "confirm",
        "Confirm this hit",
        ("Alt+P",),
        REVIEW,
        "Keep the current hit, whatever the sensitivity is when timing is proposed again.",
    ),
    _timing(
        "loop_bar",
        "Loop this bar",
        ("Alt+Shift+L",),
        WINDOW,
        "Play the bar that you are in, round and round; what you accept is heard at once.",
    ),
    _timing(
        "before",
        "Before or after",
        ("Shift+Q",),
        WINDOW,
        "See and hear all as it was recorded, or with its edited sound; also while it plays.",
    ),
)
