"""The demo: real music with things to cut, edits to learn from, and a taste that was learned from them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

from engine.document.document import Document
from engine.document.edits import set_settings
from engine.files.places import data_folder
from engine.progress import SILENT, Progress
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit

if TYPE_CHECKING:
    from desktop.parts import Parts

DEMO_FOLDER = Path(__file__).resolve().parent.parent / "resources" / "demo"
DEMO_NAME = "Demo jam.offcut"
DAY_NAME = "Demo day.offcut"
DEMO_KEEP = 0.53  # the share of the demo that was not planted


def show_demo(window: Parts) -> None:
    """Open the demo document; where it is not there yet it is made first, while the window goes on."""
    path = _demo_path()
    if path.exists():
        open_demo(window)
    else:
        # Once the job is over: opening a document cancels those that belong to the one before.
        later = partial(QTimer.singleShot, 0, partial(open_demo, window))
        window.work.compute(make_demo, path, "Making the demo", lambda _made: later())


def show_day(window: Parts) -> None:
    """Import the demo's files of three devices; once that is done, open their document."""
    path = data_folder("demo") / DAY_NAME
    if path.exists():
        window.session.open(path)
    else:
        window.session.create(path)
    if not window.session.state.tracks:
        window.recordings.import_files(tuple(sorted((DEMO_FOLDER / "day").iterdir())))


def is_demo(path: Path | None) -> bool:
    """Return whether a document is one of the demo."""
    return path is not None and path.absolute().parent == data_folder("demo").absolute()


def _demo_path() -> Path:
    return data_folder("demo") / DEMO_NAME


def open_demo(window: Parts) -> None:
    """Open the demo document, created if missing; its decisions stay."""
    path = _demo_path()
    if not path.exists():
        make_demo(path)
    window.session.open(path)
    window.work.rested.connect(
        lambda: window.say("Demo: A accepts a cut, X rejects it, C plays it, ? shows all keys"),
        Qt.ConnectionType.SingleShotConnection,
    )


def make_demo(path: Path, progress: Progress = SILENT) -> None:
    """Make the demo document; the recordings stay where they are."""
    raw = tuple(sorted((DEMO_FOLDER / "raw").iterdir()))
    imported = import_audio(ImportRequest(raw), progress)
    settings = {"taste": str(DEMO_FOLDER / "demo.taste"), "threshold_mode": "keep", "keep": DEMO_KEEP}

    def fill(document: Document) -> None:
        document.apply(import_edit(document.state, imported))
        document.apply(set_settings(document.state, settings, "Chose taste demo"))

    Document.create(path, fill).close()


def edited_examples() -> tuple[Path, ...]:
    """Return the recordings to learn from."""
    return tuple(sorted((DEMO_FOLDER / "edited").iterdir()))
