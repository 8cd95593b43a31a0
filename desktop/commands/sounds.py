"""What sounds where, in words and by an example."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _sound(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    repeats = name in {"next", "previous"}
    return Command(f"sounds.{name}", label, keys, WINDOW, description, "What sounds where", repeats)


SOUNDS = (
    _sound(
        "hear",
        "Hear what sounds where",
        ("Shift+H",),
        "Listen to the whole recording, and show in words what sounds where, as far as that is sure enough.",
    ),
    _sound("next", "Next sound", ("Alt+O",), "Select the next sound that has a name, and go there."),
    _sound(
        "previous",
        "Previous sound",
        ("Alt+I",),
        "Select the sound before that has a name, and go there.",
    ),
    _sound(
        "like",
        "Find more like this…",
        ("Shift+E",),
        "Look for all that sounds like the selection, and propose to take it out, or to cut it.",
    ),
    _sound(
        "talk",
        "Find talk",
        (),
        "Propose to cut talk outside of songs, and name each song as a region.",
    ),
)
