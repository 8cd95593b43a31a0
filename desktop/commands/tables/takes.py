"""Commands of repeated takes."""

from __future__ import annotations

from desktop.commands.finders import RunFinder
from desktop.parts import Handler
from desktop.shell.command import WINDOW, Command


def _takes(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"takes.{name}", label, keys, WINDOW, description, "Takes", do, repeats=False)


# fmt: off
TAKES = (
    _takes("propose", "Propose takes", ("Alt+Shift+P",),
        "Find repeated takes; propose to cut all but the best take, and false starts.",
        do=RunFinder("takes")),
    _takes("comp", "Propose comp", ("Alt+Shift+B",),
        "Play each bar of a passage from a take without a fault there: a switch of takes for each.",
        do=RunFinder("comp")),
    _takes("panel", "Takes panel", ("Shift+F3",), "List the takes and focus the list; again: close it.",
        do=lambda parts: parts.takes.toggle()),
    _takes("hear", "Play takes in turn", ("Alt+J",),
        "Play each take of the passage at the same position, 8 s each; again: next take.",
        do=lambda parts: parts.takes.hear()),
    _takes("keep", "Keep this take", ("Alt+K",),
        "Keep the chosen take, and propose to cut the other takes of the passage.",
        do=lambda parts: parts.takes.keep()),
)
