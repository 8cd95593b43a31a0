"""What was played more than once."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _takes(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"takes.{name}", label, keys, WINDOW, description, "Takes", repeats=False)


TAKES = (
    _takes(
        "propose",
        "Propose takes",
        ("Alt+Shift+P",),
        "Find what was played more than once; propose to cut all but the best take, and false starts.",
    ),
    _takes(
        "panel",
        "Takes panel",
        ("Shift+F3",),
        "List the takes and go into the list, where the arrows go from take to take; again: away.",
    ),
    _takes(
        "hear",
        "Hear the takes in turn",
        ("Alt+J",),
        "Play each take of the passage at the same place, 8 s each; again: the next one.",
    ),
    _takes(
        "keep",
        "Keep this take",
        ("Alt+K",),
        "Keep the chosen take, and propose to cut the other takes of the passage.",
    ),
)
