"""Edits from files of other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.features.match.edits_from_files import EditsFromFiles


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    edits: EditsFromFiles


def _ask_edits(parts: Parts) -> None:
    parts.edits.ask_edits()


# fmt: off
COMMANDS = (
    Command("file.take_edit", "Import edit from audio file…", ("Ctrl+Shift+E",), WINDOW,
        "Find the edits in an audio export of any program, and apply them here.", "File",
        do=RunFinder("match"), after="file.import"),
    Command("file.import_edits", "Import edits…", (), WINDOW,
        "Import the edits of another program, such as an EDL, AAF or REAPER project.", "File",
        do=_ask_edits, after="file.take_edit"),
)
