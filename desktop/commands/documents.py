"""Documents, undo, and the taste that proposes."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _file(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"file.{name}", label, keys, WINDOW, description, "File")


def _taste(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"taste.{name}", label, keys, WINDOW, description, "Taste")


FILE = (
    _file("new", "New document", ("Ctrl+N",), "Create an empty document."),
    _file("open", "Open document…", ("Ctrl+Shift+O",), "Open an .offcut file."),
    _file("recent", "Open recent…", ("Ctrl+Shift+R",), "Choose a recent document."),
    _file("open_backup", "Open a backup…", (), "Open the newest valid backup of a damaged document."),
    _file("demo", "Open the demo", (), "Try Offcut on a jam session and a taste that finds cuts in it."),
    _file("import", "Import recordings…", ("Ctrl+O",), "Add recordings to the document as tracks."),
    _file(
        "take_edit",
        "Import edit from audio file…",
        ("Ctrl+Shift+E",),
        "Find the edits in an audio export of any program, and apply them here.",
    ),
    _file(
        "import_edits",
        "Import edits…",
        (),
        "Import the edits of another program, such as an EDL, AAF or REAPER project.",
    ),
    _file("relink", "Find missing recordings…", (), "Search a folder for recordings that were moved."),
    _file("note", "Document note…", ("Ctrl+Shift+N",), "Write a note about the document."),
    _file("snapshot", "Named snapshot…", ("Ctrl+S",), "Save a copy of the document under a name."),
    _file("export", "Export…", ("Ctrl+E",), "Write the result as audio or as an edit for another program."),
    _file("show_exported", "Show the exported file", (), "Open the folder of the last export."),
    _file("preferences", "Preferences…", ("Ctrl+,",), "Set audio device, cache, threads and look."),
    _file("quit", "Quit", ("Ctrl+Q",), "Close Offcut; every decision is already on disk."),
)

EDIT = (
    Command("edit.undo", "Undo", ("Ctrl+Z",), WINDOW, "Undo the last edit, also after a restart.", "Edit"),
    Command("edit.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), WINDOW, "Redo the undone edit.", "Edit"),
)

TASTE = (
    _taste(
        "learn",
        "Learn from edits…",
        ("Ctrl+L",),
        "Learn a taste from recordings that you edited.",
    ),
    _taste(
        "improve",
        "Improve taste from my decisions…",
        ("Ctrl+Shift+I",),
        "Train a new taste with your decisions; the old one stays.",
    ),
    _taste(
        "open",
        "Use a taste…",
        ("Ctrl+T",),
        "Choose a recent taste, one next to the document or in a folder.",
    ),
    _taste(
        "listen",
        "Analyse recording",
        ("Ctrl+Shift+L",),
        "Score the recording with the current taste.",
    ),
    _taste("page", "Taste page", ("F4",), "Show the taste and its scores of recordings; again: back."),
    _taste("analyse", "Analyse recordings…", ("Shift+F4",), "Score recordings that are not in the document."),
    _taste("look", "View another taste…", (), "Show it on the Taste page; the document's taste stays."),
    _taste("compare", "Compare with another taste…", (), "Show where two tastes differ on one recording."),
    _taste("propose", "Propose cuts", ("Ctrl+R",), "Propose cuts from the scores; decisions stay."),
    _taste("pauses", "Propose pauses", ("Alt+R",), "Propose to cut pauses in the music; needs no taste."),
    _taste(
        "shorten",
        "Shorten pauses…",
        ("Ctrl+Alt+R",),
        "Propose to shorten pauses above a length, also between words.",
    ),
    _taste("maker", "Find edits with…", (), "Choose a finder, for example from an installed package."),
)
