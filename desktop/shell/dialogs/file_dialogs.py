"""Dialogs that ask for files and folders; each returns None if cancelled."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QFileDialog,
    QWidget,
)

from engine.exchange.imports.formats import IMPORTS
from engine.sound.decoders.registry import audio_suffixes

DOCUMENTS = "Offcut documents (*.offcut)"
TASTES = "Tastes (*.taste)"
EDITORS = "Editors (*.editor)"
GROOVES = "Learned grooves (*.groove)"
LABELS = "Labels (*.txt);;All files (*)"


def audio_files_filter() -> str:
    """Return the filter of file dialogs that ask for recordings."""
    patterns = " ".join(f"*{suffix}" for suffix in sorted(audio_suffixes()))
    return f"Recordings ({patterns});;All files (*)"


def ask_recordings(parent: QWidget, title: str, folder: Path) -> tuple[Path, ...] | None:
    """Ask for audio files to open."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, title, str(folder), audio_files_filter())
    return tuple(Path(path) for path in chosen) or None


def ask_edited(parent: QWidget, folder: Path, title: str = "Import edit from audio file") -> Path | None:
    """Ask for a file that was made of the recording."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(folder), audio_files_filter())
    return Path(chosen) if chosen else None


def ask_edits(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a file of edits, of any program that is known."""
    every = " ".join(f"*{suffix}" for suffix in IMPORTS)
    kinds = ";;".join(f"{form.name} (*{form.suffix})" for form in IMPORTS.values())
    filters = f"Edits ({every});;{kinds};;All files (*)"
    chosen, _ = QFileDialog.getOpenFileName(parent, "Import edits", str(folder), filters)
    return Path(chosen) if chosen else None


def ask_editor(parent: QWidget, folder: Path) -> Path | None:
    """Ask for an editor that was learned from edits."""
    title = "Arrange as an editor"
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(folder), f"{EDITORS};;All files (*)")
    return Path(chosen) if chosen else None


def ask_new_editor(parent: QWidget, folder: Path) -> Path | None:
    """Ask for the file of a new editor; the caller confirms overwriting."""
    suggestion = str(folder / "My editing.editor")
    dont_ask = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(parent, "Learn how I edit", suggestion, EDITORS, options=dont_ask)
    return Path(f"{chosen.removesuffix('.editor')}.editor") if chosen else None


def ask_document(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a document to open."""
    chosen, _ = QFileDialog.getOpenFileName(parent, "Open document", str(folder), DOCUMENTS)
    return Path(chosen) if chosen else None


def ask_folder(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Ask for a folder."""
    chosen = QFileDialog.getExistingDirectory(parent, title, str(folder))
    return Path(chosen) if chosen else None


def ask_new_document(parent: QWidget, folder: Path, name: str = "Untitled") -> Path | None:
    """Ask for the file of a new document."""
    suggestion = str(folder / f"{name}.offcut")
    # An existing document is refused with a sentence, never replaced, so Qt need not ask.
    dont_ask = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(parent, "New document", suggestion, DOCUMENTS, options=dont_ask)
    # Not with_suffix: of "take 1.2" that would leave "take 1".
    return Path(f"{chosen.removesuffix('.offcut')}.offcut") if chosen else None


def ask_taste(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Ask for the file of a taste that was learned before."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(folder), TASTES)
    return Path(chosen) if chosen else None


def ask_improved_taste(parent: QWidget, suggestion: Path) -> Path | None:
    """Ask for the file of a retrained taste; the caller confirms overwriting."""
    dont_ask = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(
        parent, "Improve taste", str(suggestion), TASTES, options=dont_ask
    )
    return Path(f"{chosen.removesuffix('.taste')}.taste") if chosen else None


def ask_labels(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a file of labels."""
    chosen, _ = QFileDialog.getOpenFileName(parent, "Import labels", str(folder), LABELS)
    return Path(chosen) if chosen else None
