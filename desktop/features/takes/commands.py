"""Repeated takes, sections, and the takes of a track."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import CLIP_LAYER, WINDOW, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.features.takes.comping import Comping
    from desktop.features.takes.sections import Sections
    from desktop.features.takes.takes import Takes


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    comping: Comping
    sections: Sections
    takes: Takes


Handler = Callable[[Parts], object]


def _takes(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"takes.{name}", label, keys, WINDOW, description, "Takes", do, repeats=False)


def _section(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"sections.{name}", label, keys, WINDOW, description, "Sections", do, repeats=False)


def _chosen(name: str, label: str, key: str, after: str, description: str, do: Handler) -> Command:
    row = Command(f"clips.{name}", label, (key,), CLIP_LAYER, description, "Chosen clips", do)
    return replace(row, repeats=name.startswith("take_"), after=f"clips.{after}")


def _unfold(parts: Parts) -> None:
    parts.comping.unfold()


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
SECTIONS = (
    _section("find", "Find sections", ("Alt+Shift+F",),
        "Find sections such as verse and chorus, with the same label where one repeats.",
        do=lambda parts: parts.sections.find()),
    _section("select", "Select section", ("Alt+Shift+D",), "Select the section at the playhead.",
        do=lambda parts: parts.sections.select()),
    _section("repeat", "Repeat section", ("Alt+Shift+A",),
        "Repeat the section at the playhead right after itself.",
        do=lambda parts: parts.sections.repeat()),
    _section("swap", "Swap two sections…", ("Alt+Shift+X",),
        "Swap the section at the playhead with another one, in one step.",
        do=lambda parts: parts.sections.swap()),
    _section("rename", "Rename label…", (), "Rename the label of the section at the playhead.",
        do=lambda parts: parts.sections.rename()),
)
COMPING = (
    Command("tracks.takes", "Show or hide takes", ("Alt+Y",), WINDOW,
        "Show overlapping clips as takes in lanes under the track, or fold them.", "Tracks",
        do=_unfold, after="tracks.channels"),
    _chosen("play_take", "Play this take", "T", "previous",
        "Raise the chosen clips over those that cover them.", do=lambda parts: parts.comping.play()),
    _chosen("play_take_here", "Play this take here", "Shift+T", "play_take",
        "Raise the part of the chosen clips that is selected, with crossfades at its ends.",
        do=lambda parts: parts.comping.play_here()),
    _chosen("take_below", "Take below", "Alt+Down", "play_take_here",
        "Choose the next take at the playhead.", do=lambda parts: parts.comping.choose_beside(1)),
    _chosen("take_above", "Take above", "Alt+Up", "take_below",
        "Choose the previous take at the playhead.", do=lambda parts: parts.comping.choose_beside(-1)),
)
COMMANDS = (*TAKES, *SECTIONS, *COMPING)
