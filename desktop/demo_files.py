"""Files of the demo: real music with things to cut, edits to learn from, and a taste learned from them."""

from __future__ import annotations

from pathlib import Path

from engine.core.build import RESOURCES
from engine.core.files.places import data_folder
from engine.core.progress import SILENT, Progress
from engine.document.document import Document
from engine.document.edits.proposals import set_settings
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit

DEMO_FOLDER = RESOURCES / "demo"
DEMO_NAME = "Demo jam.offcut"
DEMO_KEEP = 0.53  # the share of the demo that was not planted


def is_demo(path: Path | None) -> bool:
    """Return whether a document is one of the demo."""
    return path is not None and path.absolute().parent == data_folder("demo").absolute()


def demo_path() -> Path:
    """Return the path of the demo document."""
    return data_folder("demo") / DEMO_NAME


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
