"""Detected sounds, by name and by example."""

from __future__ import annotations

from desktop.commands.finders import RunFinder
from desktop.parts import Handler
from desktop.shell.command import WINDOW, Command


def _sound(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    repeats = name in {"next", "previous"}
    return Command(f"sounds.{name}", label, keys, WINDOW, description, "Sounds", do, repeats)


# fmt: off
SOUNDS = (
    _sound("hear", "Detect sounds", ("Shift+H",),
        "Detect sounds in the whole recording, and show their names in a lane.",
        do=lambda parts: parts.repairing.finding.sounds.hear()),
    _sound("next", "Next sound", ("Alt+O",), "Go to the next detected sound and select it.",
        do=lambda parts: parts.repairing.finding.sounds.go(forward=True)),
    _sound("previous", "Previous sound", ("Alt+I",), "Go to the previous detected sound and select it.",
        do=lambda parts: parts.repairing.finding.sounds.go(forward=False)),
    _sound("like", "Find more like this…", ("Shift+E",),
        "Find sounds like the selection, and propose to remove or cut them.", do=RunFinder("like-this")),
    _sound("talk", "Find talk", (), "Propose to cut talk outside songs, and add a region for each song.",
        do=RunFinder("talk")),
)
