"""Documents and undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.export.exporting import Exporting
    from desktop.recordings.recordings import Recordings
    from desktop.review.notes import Notes
    from desktop.shell.files import Files
    from desktop.shell.user_settings.user_settings import UserSettings
    from desktop.shell.work.unfinished import Unfinished


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    exporting: Exporting
    files: Files
    notes: Notes
    recordings: Recordings
    unfinished: Unfinished
    user_settings: UserSettings


Handler = Callable[[Parts], object]


def _file(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"file.{name}", label, keys, WINDOW, description, "File", do)


def _undo(parts: Parts) -> None:
    change = parts.session.undo() if parts.session.is_open else None
    parts.say(f"Undid: {_inside(change.label)}" if change else "Nothing to undo")


def _redo(parts: Parts) -> None:
    change = parts.session.redo() if parts.session.is_open else None
    parts.say(f"Redid: {_inside(change.label)}" if change else "Nothing to redo")


def _inside(label: str) -> str:
    """Return the label of a step as it is written inside a sentence."""
    return f"{label[:1].lower()}{label[1:]}"


def _show_demo(parts: Parts) -> None:
    from desktop.demo import show_demo

    show_demo(parts)


def _show_day(parts: Parts) -> None:
    from desktop.demo import show_day

    show_day(parts, parts.recordings)


# fmt: off
FILE = (
    _file("new", "New document", ("Ctrl+N",), "Create an empty document.",
        do=lambda parts: parts.files.new()),
    _file("open", "Open document…", ("Ctrl+Shift+O",), "Open an .offcut file.",
        do=lambda parts: parts.files.open()),
    _file("recent", "Open recent…", ("Ctrl+Shift+R",), "Choose a recent document.",
        do=lambda parts: parts.user_settings.open_recent()),
    _file("open_backup", "Open a backup…", (), "Open the newest valid backup of a damaged document.",
        do=lambda parts: parts.files.open_backup()),
    _file("demo", "Open the demo", (), "Try Offcut on a jam session and a taste that finds cuts in it.",
        do=_show_demo),
    _file("demo_day", "Import the demo's day", (),
        "Place the files of a recorder, a phone and a camera by their sound.", do=_show_day),
    _file("import", "Import recordings…", ("Ctrl+O",), "Add recordings to the document as tracks.",
        do=lambda parts: parts.files.import_recordings()),
    _file("relink", "Find missing recordings…", (), "Search a folder for recordings that were moved.",
        do=lambda parts: parts.files.relink()),
    _file("copy_recordings", "Copy recordings to…", (),
        "Copy the recordings into a folder, such as from a card, and use the copies.",
        do=lambda parts: parts.files.copy_recordings()),
    _file("note", "Document note…", ("Ctrl+Shift+N",), "Write a note about the document.",
        do=lambda parts: parts.notes.about_document()),
    _file("snapshot", "Named snapshot…", ("Ctrl+S",), "Save a copy of the document under a name.",
        do=lambda parts: parts.files.snapshot()),
    _file("export", "Export…", ("Ctrl+E",), "Write the result as audio or as an edit for another program.",
        do=lambda parts: parts.exporting.export()),
    _file("show_exported", "Show the exported file", (), "Open the folder of the last export.",
        do=lambda parts: parts.exporting.show_in_folder()),
    _file("preferences", "Preferences…", ("Ctrl+,",), "Set audio device, cache, threads and look.",
        do=lambda parts: parts.user_settings.show_preferences()),
    _file("quit", "Quit", ("Ctrl+Q",), "Close Offcut; every decision is already on disk.",
        do=lambda parts: parts.unfinished.quit()),
)

EDIT = (
    Command("edit.undo", "Undo", ("Ctrl+Z",), WINDOW, "Undo the last edit, also after a restart.", "Edit",
        do=_undo),
    Command("edit.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), WINDOW, "Redo the undone edit.", "Edit",
        do=_redo),
)
