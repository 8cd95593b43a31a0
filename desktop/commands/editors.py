"""What an editor would do."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _editor(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"editor.{name}", label, keys, WINDOW, description, "Editors", repeats=False)


EDITORS = (
    _editor(
        "propose",
        "Propose an arrangement",
        ("Alt+Shift+E",),
        "Propose what an editor would do with all of it: what stays, what is shortened, what goes round.",
    ),
    _editor(
        "surprise",
        "Surprise me",
        ("Alt+Shift+S",),
        "Propose another arrangement in its place, as long as the one before; its seed is told.",
    ),
    _editor(
        "compare",
        "Compare two arrangements",
        ("Alt+Shift+Q",),
        "Hear the last arrangement in the place of the result; again: the one before, at the same moment.",
    ),
    _editor(
        "take",
        "Take this arrangement",
        ("Alt+Shift+K",),
        "Accept all edits of the arrangement that is heard, as one step, and let the other one go.",
    ),
    _editor(
        "length",
        "Arrange to a length…",
        ("Alt+Shift+M",),
        "Ask how many minutes the result is to last, and propose an arrangement of that length.",
    ),
    _editor(
        "choose",
        "Arrange as an editor…",
        (),
        "Choose an editor that was learned from edits, and propose what they would do.",
    ),
    _editor(
        "learn",
        "Learn how I edit…",
        ("Alt+Shift+H",),
        "Learn an editor from recordings and what you made of them, and say in words what was learned.",
    ),
)
