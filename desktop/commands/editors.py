"""Commands of learned editors."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _editor(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"editor.{name}", label, keys, WINDOW, description, "Editors", repeats=False)


EDITORS = (
    _editor(
        "propose",
        "Propose an arrangement",
        ("Alt+Shift+E",),
        "Propose the arrangement of a learned editor: segments to keep, shorten and repeat.",
    ),
    _editor(
        "surprise",
        "Propose random arrangement",
        ("Alt+Shift+S",),
        "Propose another arrangement of the same length, and show its seed.",
    ),
    _editor(
        "compare",
        "Compare arrangements",
        ("Alt+Shift+Q",),
        "Play the last arrangement; again: the previous one, at the same position.",
    ),
    _editor(
        "take",
        "Accept arrangement",
        ("Alt+Shift+K",),
        "Accept all edits of the current arrangement in one step, and discard the other one.",
    ),
    _editor(
        "length",
        "Arrange to a length…",
        ("Alt+Shift+M",),
        "Propose an arrangement with a target length.",
    ),
    _editor(
        "choose",
        "Arrange as an editor…",
        (),
        "Choose a learned editor, and propose its arrangement.",
    ),
    _editor(
        "learn",
        "Learn how I edit…",
        ("Alt+Shift+H",),
        "Learn an editor from recordings and your edits of them, and show a summary.",
    ),
)
