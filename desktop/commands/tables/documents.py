"""Documents, undo, and the taste that proposes."""

from __future__ import annotations

from desktop.commands.finders import RunFinder
from desktop.parts import Handler, Parts
from desktop.shell.command import WINDOW, Command
from engine.document.recorded import require_recording


def _file(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"file.{name}", label, keys, WINDOW, description, "File", do)


def _taste(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"taste.{name}", label, keys, WINDOW, description, "Taste", do)


def _undo(parts: Parts) -> None:
    change = parts.session.undo() if parts.session.is_open else None
    parts.say(f"Undid: {_inside(change.label)}" if change else "Nothing to undo")


def _redo(parts: Parts) -> None:
    change = parts.session.redo() if parts.session.is_open else None
    parts.say(f"Redid: {_inside(change.label)}" if change else "Nothing to redo")


def _inside(label: str) -> str:
    """Return the label of a step as it is written inside a sentence."""
    return f"{label[:1].lower()}{label[1:]}"


def _analyse(parts: Parts) -> None:
    require_recording(parts.session.state, "analyse")
    parts.analysing.listen(parts.analysing.taste)


def _improve(parts: Parts) -> None:
    from desktop.taste.improving import improve_taste

    improve_taste(parts.side.window(), parts.session, parts.analysing, parts.learning)


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
    _file("take_edit", "Import edit from audio file…", ("Ctrl+Shift+E",),
        "Find the edits in an audio export of any program, and apply them here.", do=RunFinder("match")),
    _file("import_edits", "Import edits…", (),
        "Import the edits of another program, such as an EDL, AAF or REAPER project.",
        do=lambda parts: parts.files.edits.ask_edits()),
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

TASTE = (
    _taste("learn", "Learn from edits…", ("Ctrl+L",), "Learn a taste from recordings that you edited.",
        do=lambda parts: parts.tastes.learn()),
    _taste("improve", "Improve taste from my decisions…", ("Ctrl+Shift+I",),
        "Train a new taste with your decisions; the old one stays.", do=_improve),
    _taste("open", "Use a taste…", ("Ctrl+T",),
        "Choose a recent taste, one next to the document or in a folder.",
        do=lambda parts: parts.tastes.use_taste()),
    _taste("listen", "Analyse recording", ("Ctrl+Shift+L",), "Score the recording with the current taste.",
        do=_analyse),
    _taste("page", "Taste page", ("F4",), "Show the taste and its scores of recordings; again: back.",
        do=lambda parts: parts.tasting.toggle()),
    _taste("analyse", "Analyse recordings…", ("Shift+F4",), "Score recordings that are not in the document.",
        do=lambda parts: parts.tasting.analyse()),
    _taste("look", "View another taste…", (), "Show it on the Taste page; the document's taste stays.",
        do=lambda parts: parts.tasting.look()),
    _taste("compare", "Compare with another taste…", (), "Show where two tastes differ on one recording.",
        do=lambda parts: parts.tasting.compare()),
    _taste("propose", "Propose cuts", ("Ctrl+R",), "Propose cuts from the scores; decisions stay.",
        do=RunFinder("cuts")),
    _taste("pauses", "Propose pauses", ("Alt+R",), "Propose to cut pauses in the music; needs no taste.",
        do=RunFinder("dead-air")),
    _taste("shorten", "Shorten pauses…", ("Ctrl+Alt+R",),
        "Propose to shorten pauses above a length, also between words.", do=RunFinder("pauses")),
    _taste("maker", "Find edits with…", (), "Choose a finder, for example from an installed package.",
        do=lambda parts: parts.finders.ask()),
)
