"""Commands of learned editors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.features.arrangement.editors import Editors


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    editors: Editors


Handler = Callable[[Parts], object]


def _editor(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"editor.{name}", label, keys, WINDOW, description, "Editors", do, repeats=False)


# fmt: off
COMMANDS = (
    _editor("propose", "Propose an arrangement", ("Alt+Shift+E",),
        "Propose the arrangement of a learned editor: segments to keep, shorten and repeat.",
        do=RunFinder("arrangement")),
    _editor("surprise", "Propose random arrangement", ("Alt+Shift+S",),
        "Propose another arrangement of the same length, and show its seed.",
        do=lambda parts: parts.editors.surprise()),
    _editor("compare", "Compare arrangements", ("Alt+Shift+Q",),
        "Play the last arrangement; again: the previous one, at the same position.",
        do=lambda parts: parts.editors.comparing.turn()),
    _editor("take", "Accept arrangement", ("Alt+Shift+K",),
        "Accept all edits of the current arrangement in one step, and discard the other one.",
        do=lambda parts: parts.editors.comparing.take()),
    _editor("length", "Arrange to a length…", ("Alt+Shift+M",),
        "Propose an arrangement with a target length.", do=lambda parts: parts.editors.ask_length()),
    _editor("choose", "Arrange as an editor…", (), "Choose a learned editor, and propose its arrangement.",
        do=lambda parts: parts.editors.choose()),
    _editor("learn", "Learn how I edit…", ("Alt+Shift+H",),
        "Learn an editor from recordings and your edits of them, and show a summary.",
        do=lambda parts: parts.editors.learning.open()),
)
