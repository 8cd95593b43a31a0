"""Documents, undo, and the taste that proposes."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _file(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"file.{name}", label, keys, WINDOW, description, "File")


def _taste(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"taste.{name}", label, keys, WINDOW, description, "Taste")


FILE = (
    _file("new", "New document", ("Ctrl+N",), "Start an empty document in a file of your choice."),
    _file("open", "Open document…", ("Ctrl+Shift+O",), "Open an .offcut file."),
    _file("recent", "Open recent…", ("Ctrl+Shift+R",), "Choose one of the documents opened last."),
    _file("open_backup", "Open a backup…", (), "Open the newest sound backup of a damaged document."),
    _file(
        "demo", "Open the demo", (), "Try Offcut on a jam with things to cut, and a taste that finds them."
    ),
    _file("import", "Import recordings…", ("Ctrl+O",), "Add recordings to the document as tracks."),
    _file(
        "take_edit",
        "Take the edit from a file…",
        ("Ctrl+Shift+E",),
        "Find what was done to the recording in an export of any program, and accept the same edits here.",
    ),
    _file(
        "import_edits",
        "Import edits…",
        (),
        "Read the edits of another program, such as an EDL, AAF or REAPER project, and accept them here.",
    ),
    _file("relink", "Find missing recordings…", (), "Look in a folder for recordings that were moved."),
    _file("note", "Note about the document…", ("Ctrl+Shift+N",), "Write down something about all of it."),
    _file("snapshot", "Named snapshot…", ("Ctrl+S",), "Keep the document as it is now under a name."),
    _file("export", "Export…", ("Ctrl+E",), "Write the result as audio or as an edit for another program."),
    _file("show_exported", "Show the exported file", (), "Open the folder of what was exported last."),
    _file("preferences", "Preferences…", ("Ctrl+,",), "Choose sound device, cache, threads and look."),
    _file("quit", "Quit", ("Ctrl+Q",), "Close Offcut; every decision is already on disk."),
)

EDIT = (
    Command(
        "edit.undo", "Undo", ("Ctrl+Z",), WINDOW, "Take the last edit back, even after a restart.", "Edit"
    ),
    Command("edit.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), WINDOW, "Make the undone edit again.", "Edit"),
)

TASTE = (
    _taste(
        "learn",
        "Learn from edits…",
        ("Ctrl+L",),
        "Show Offcut edits you made before and let it learn your taste.",
    ),
    _taste(
        "improve",
        "Improve this taste from my decisions…",
        ("Ctrl+Shift+I",),
        "Learn it anew with what you kept and what you cut; the old one stays.",
    ),
    _taste(
        "open",
        "Use a taste…",
        ("Ctrl+T",),
        "Choose a taste: used last, beside the document, or in a folder.",
    ),
    _taste(
        "listen",
        "Listen to the recording",
        ("Ctrl+Shift+L",),
        "Score every moment of it with the current taste.",
    ),
    _taste(
        "page", "Taste page", ("F4",), "Show what the taste is and what it says of recordings; again: back."
    ),
    _taste("analyse", "Analyse recordings…", ("Shift+F4",), "Score recordings that are not in the document."),
    _taste("look", "Look at another taste…", (), "Show it on the Taste page; the document keeps its own."),
    _taste("compare", "Compare with another taste…", (), "Show where two tastes differ on one recording."),
    _taste("propose", "Propose cuts", ("Ctrl+R",), "Turn the scores into cuts to review; decisions stay."),
    _taste("pauses", "Propose pauses", ("Alt+R",), "Propose to cut where nobody plays; it needs no taste."),
    _taste(
        "shorten",
        "Shorten pauses…",
        ("Ctrl+Alt+R",),
        "Propose to leave less of each pause that is longer than you choose, between words too.",
    ),
    _taste("maker", "Find edits with…", (), "Choose a finder, such as one of a package you added."),
)
