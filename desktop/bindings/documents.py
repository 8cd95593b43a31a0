"""Documents, undo, and the taste that proposes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.demo import show_demo
from desktop.finders import ANY, COMMANDS
from desktop.parts import Parts
from desktop.taste.improving import improve_taste
from engine.document.recorded import require_recording


def documents(window: Parts) -> Mapping[str, Handler]:
    session, files, work = window.session, window.files, window.work

    def undo() -> None:
        change = session.undo() if session.is_open else None
        window.say(f"Undid: {_inside(change.label)}" if change else "Nothing to undo")

    def redo() -> None:
        change = session.redo() if session.is_open else None
        window.say(f"Redid: {_inside(change.label)}" if change else "Nothing to redo")

    def listen() -> None:
        require_recording(session.state, "analyse")
        window.analysing.listen(window.analysing.taste)

    return {
        "file.new": files.new,
        "file.open": files.open,
        "file.open_backup": files.open_backup,
        "file.relink": files.relink,
        "file.recent": window.user_settings.open_recent,
        "file.preferences": window.user_settings.show_preferences,
        "file.demo": partial(show_demo, window),
        "file.import": files.import_recordings,
        "file.import_edits": files.edits.ask_edits,
        "file.note": window.notes.about_document,
        "file.snapshot": files.snapshot,
        "file.export": window.exporting.export,
        "file.show_exported": window.exporting.show_in_folder,
        "file.quit": window.unfinished.quit,
        "edit.undo": undo,
        "edit.redo": redo,
        "taste.learn": files.learn,
        "taste.open": files.use_taste,
        "taste.improve": lambda: improve_taste(
            window.side.window(), session, window.analysing, window.learning
        ),
        "taste.listen": listen,
        **{command: partial(window.finders.run, name) for name, command in COMMANDS.items()},
        ANY: window.finders.ask,
        "taste.page": window.tasting.toggle,
        "taste.analyse": window.tasting.analyse,
        "taste.look": window.tasting.look,
        "taste.compare": window.tasting.compare,
        "job.cancel": work.cancel,
        "job.again": window.unfinished.start_again,
        "job.forget": window.unfinished.dismiss,
    }


def _inside(label: str) -> str:
    """Return the label of a step as it is written inside a sentence."""
    return f"{label[:1].lower()}{label[1:]}"
