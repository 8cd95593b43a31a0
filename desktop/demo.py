"""The demo: real music with things to cut, edits to learn from, and a taste that was learned from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from engine.document.document import Document
from engine.document.edits import set_settings
from engine.jobs.import_audio import ImportRequest, import_audio, import_edit
from engine.places import data_folder
from engine.progress import SILENT

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

DEMO_FOLDER = Path(__file__).resolve().parent.parent / "resources" / "demo"
DEMO_NAME = "Demo jam.offcut"
DEMO_KEEP = 0.53  # the share of the demo that was not planted


def open_demo(window: MainWindow) -> None:
    """Open the demo document, made anew where it is not there yet; what was decided in it stays."""
    path = data_folder("demo") / DEMO_NAME
    if not path.exists():
        make_demo(path)
    window.files.edited = edited_examples()
    window.session.open(path)
    window.work.rested.connect(
        lambda: window.say(
            "This is the demo: A accepts a cut, X rejects it, C lets you hear it, ? shows all keys"
        ),
        Qt.ConnectionType.SingleShotConnection,
    )


def make_demo(path: Path) -> None:
    """Make the demo document; the recordings stay where they are."""
    raw = tuple(sorted((DEMO_FOLDER / "raw").iterdir()))
    imported = import_audio(ImportRequest(raw), SILENT)
    with Document.create(path) as document:
        document.apply(import_edit(document.state, imported))
        settings = {"taste": str(DEMO_FOLDER / "demo.taste"), "threshold_mode": "keep", "keep": DEMO_KEEP}
        document.apply(set_settings(document.state, settings, "Chose taste demo"))


def edited_examples() -> tuple[Path, ...]:
    """Return the recordings to learn from."""
    return tuple(sorted((DEMO_FOLDER / "edited").iterdir()))
