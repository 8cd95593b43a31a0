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
        "length",
        "Arrange to a length…",
        ("Alt+Shift+M",),
        "Ask how many minutes the result is to last, and propose an arrangement of that length.",
    ),
    _editor(
        "choose",
        "Arrange as an editor…",
        (),
        "Choose an editor that was learned from edits (offcut learn-edits), and propose what they would do.",
    ),
)
