"""Questions with a few buttons, a list or a dialog for files; each returns None if cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QWidget,
)

from engine.core.files.safe_write import shown
from engine.core.wording import counted, listed
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports.described import LabelsAs
from engine.exchange.imports.formats import IMPORTS
from engine.features.timing.hits.membership import left_behind_sentence
from engine.recordings.import_audio import Poly, Split
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


def _file(parent: QWidget, title: str, folder: Path, filters: str) -> Path | None:
    """Ask for a file that exists."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(folder), filters)
    return Path(chosen) if chosen else None


def _new_file(parent: QWidget, title: str, suggestion: Path, filters: str) -> Path | None:
    """Ask for a new file with the suffix of the suggestion; Qt does not confirm overwriting."""
    dont_ask = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(suggestion), filters, options=dont_ask)
    # Not with_suffix: of "take 1.2" that would leave "take 1".
    return Path(f"{chosen.removesuffix(suggestion.suffix)}{suggestion.suffix}") if chosen else None


def ask_recordings(parent: QWidget, title: str, folder: Path) -> tuple[Path, ...] | None:
    """Ask for audio files to open."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, title, str(folder), audio_files_filter())
    return tuple(Path(path) for path in chosen) or None


def ask_recording(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Ask for one audio file."""
    return _file(parent, title, folder, audio_files_filter())


def ask_edited(parent: QWidget, folder: Path, title: str = "Import edit from audio file") -> Path | None:
    """Ask for a file that was made of the recording."""
    return _file(parent, title, folder, audio_files_filter())


def ask_edits(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a file of edits, of any program that is known."""
    every = " ".join(f"*{suffix}" for suffix in IMPORTS)
    kinds = ";;".join(f"{form.name} (*{form.suffix})" for form in IMPORTS.values())
    return _file(parent, "Import edits", folder, f"Edits ({every});;{kinds};;All files (*)")


def ask_editor(parent: QWidget, folder: Path) -> Path | None:
    """Ask for an editor that was learned from edits."""
    return _file(parent, "Arrange as an editor", folder, f"{EDITORS};;All files (*)")


def ask_new_editor(parent: QWidget, folder: Path) -> Path | None:
    """Ask for the file of a new editor; the caller confirms overwriting."""
    return _new_file(parent, "Learn how I edit", folder / "My editing.editor", EDITORS)


def ask_document(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a document to open."""
    return _file(parent, "Open document", folder, DOCUMENTS)


def ask_folder(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Ask for a folder."""
    chosen = QFileDialog.getExistingDirectory(parent, title, str(folder))
    return Path(chosen) if chosen else None


def ask_new_document(parent: QWidget, folder: Path, name: str = "Untitled") -> Path | None:
    """Ask for the file of a new document; an existing one is refused with a sentence, never replaced."""
    return _new_file(parent, "New document", folder / f"{name}.offcut", DOCUMENTS)


def ask_taste(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Ask for the file of a taste that was learned before."""
    return _file(parent, title, folder, TASTES)


def ask_improved_taste(parent: QWidget, suggestion: Path) -> Path | None:
    """Ask for the file of a retrained taste; the caller confirms overwriting."""
    return _new_file(parent, "Improve taste", suggestion, TASTES)


def ask_labels(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a file of labels."""
    return _file(parent, "Import labels", folder, LABELS)


_ACCEPT = QMessageBox.ButtonRole.AcceptRole
_MOST_NOTES = 4
Answer = TypeVar("Answer")


def ask_labels_as(parent: QWidget, name: str) -> LabelsAs | None:
    """Ask for the meaning of a file's labels; return None if cancelled."""
    question = f"What do the labels in {name} mark?"
    added = "If they mark segments to keep, Offcut cuts the rest of the recording. Markers cut nothing."
    buttons = {"&Cuts": _ACCEPT, "&Keeps": _ACCEPT, "&Markers": _ACCEPT}
    clicked = _clicked(parent, "Import edits", question, added, buttons)
    meanings = {"&Cuts": LabelsAs.CUTS, "&Keeps": LabelsAs.KEEPS, "&Markers": LabelsAs.MARKERS}
    return meanings.get(clicked)


def ask_frame_rate(parent: QWidget, name: str, guess: FrameRate) -> FrameRate | None:
    """Ask for the frame rate of a list; None if cancelled."""
    question = f"{name} does not specify a frame rate. Frames per second:"
    rates = {one.value: one for one in FrameRate}
    return _chosen(parent, "Import edits", question, rates, list(rates).index(guess.value))


def confirm_import(parent: QWidget, sentence: str, said: Sequence[str], *, is_accepted: bool = True) -> bool:
    """Show the effect of imported edits, and ask for confirmation.

    Parameters
    ----------
    is_accepted : whether the import accepts the edits; else it adds proposals
    """
    notes, details = "\n".join(said), ""
    if len(said) > _MOST_NOTES:  # a screen of 640 by 400 points has room for one above the details
        more = f"{len(said) - 1} more in the details."
        notes, details = "\n".join([said[0], more]), notes
    button = "&Import" if is_accepted else "Add &proposals"
    return bool(_clicked(parent, "Import edits", sentence, notes, {button: _ACCEPT}, details))


def ask_takes_edit(parent: QWidget, name: str) -> bool | None:
    """Ask whether a dropped file is an edit of the recording (True) or another track (False)."""
    added = (
        "If it is an edit of this recording, Offcut detects its cuts, moves, repeats and gains, and replaces "
        "your accepted edits with them."
    )
    buttons = {"&Import it as a track": _ACCEPT, "Import its edi&ts": _ACCEPT}
    clicked = _clicked(parent, "Dropped on a recording", f"Import {name} as:", added, buttons)
    return clicked == "Import its edi&ts" if clicked else None


def ask_remembers_songs(parent: QWidget) -> bool | None:
    """Ask whether names of songs are remembered for later days; None if cancelled."""
    question = "Recognise this song on later days?"
    added = (
        "Offcut then stores a fingerprint of each song that you name, on this computer only. No sound can be "
        "made of it. 'offcut songs' lists and deletes them."
    )
    buttons = {"&Remember songs": _ACCEPT, "&Never": QMessageBox.ButtonRole.DestructiveRole}
    clicked = _clicked(parent, "Songs of your band", question, added, buttons)
    return clicked == "&Remember songs" if clicked else None


def confirm_download(parent: QWidget, title: str, about: str) -> bool:
    """Ask before anything is downloaded.

    Parameters
    ----------
    about : source, size and licence
    """
    return bool(_clicked(parent, title, "Download it from the network?", about, {"&Download": _ACCEPT}))


def ask_indexes_archive(parent: QWidget) -> bool | None:
    """Ask whether fingerprints of the recordings of an archive are stored; None if cancelled."""
    added = (
        "Offcut then stores a fingerprint of each recording in the folder, on this computer only, and the "
        "next search is quick. No sound can be made of it. 'offcut songs --allow no' deletes all of them."
    )
    buttons = {"&Search": _ACCEPT, "&Never": QMessageBox.ButtonRole.DestructiveRole}
    clicked = _clicked(parent, "Songs of an archive", "Search an archive for songs?", added, buttons)
    return clicked == "&Search" if clicked else None


def ask_left_behind(parent: QWidget, names: Sequence[str]) -> bool | None:
    """Ask whether to move tracks with bleed of the moved ones as well; None if cancelled."""
    question = f"{left_behind_sentence(names)} Move {'it' if len(names) == 1 else 'them'} too?"
    added = "They recorded the same hits. If they do not move, each moved hit is audible twice."
    buttons = {"&Move too": _ACCEPT, "&Accept without": QMessageBox.ButtonRole.DestructiveRole}
    clicked = _clicked(parent, "Tracks with bleed", question, added, buttons)
    return clicked == "&Move too" if clicked else None


def confirm_removal(parent: QWidget, names: Sequence[str]) -> bool:
    """Ask before whole tracks are removed with their clips."""
    which = f"the {'track' if len(names) == 1 else 'tracks'} {listed(names)}"
    added = "The files on disk stay. Undo restores the clips and the track."
    title = f"Remove {'a track' if len(names) == 1 else counted(len(names), 'track')}"
    destroys = QMessageBox.ButtonRole.DestructiveRole
    return bool(
        _clicked(
            parent,
            title,
            f"Nothing else is on it. Remove {which}?" if len(names) == 1 else f"Remove {which}?",
            added,
            {"&Remove": destroys},
        )
    )


def ask_document_place(parent: QWidget, problem: str, offered: Path) -> Path | None:
    """Ask where a document goes that cannot be next to its recordings; None if cancelled.

    Parameters
    ----------
    offered : a free path for it
    """
    added = "The recordings stay where they are."
    offer = f"&Save in {offered.parent.name}"
    clicked = _clicked(
        parent, "Where does the document go?", problem, added, {offer: _ACCEPT, "&Choose…": _ACCEPT}
    )
    if clicked == offer:
        return offered
    return ask_new_document(parent, offered.parent, offered.stem) if clicked else None


def ask_rate(parent: QWidget, rates: Mapping[int, int]) -> int | None:
    """Ask for the sample rate of the document in Hz, if recordings differ.

    Parameters
    ----------
    rates : number of recordings with each rate, highest rate first
    """
    words = {
        f"{rate / 1_000:g} kHz, the rate of {counted(count, 'recording')}": rate
        for rate, count in rates.items()
    }
    said = "Sample rate of the document. Other recordings are converted; the files do not change:"
    return _chosen(parent, "Different sample rates", said, words)


def ask_split(parent: QWidget, files: Sequence[Poly]) -> Split | None:
    """Ask whether files with several channels become a track a channel; None if cancelled."""
    first, more = files[0], len(files) - 1
    name, channels = shown(first.path.name), counted(first.channels, "channel")
    others = f"{name} and {counted(more, 'other file')} have several channels"
    question = f"{others if more else f'{name} has {channels}'}. Import as:"
    named = listed(tuple(first.names.values()))
    names = f"The channels of {name} are named {named}. " if first.names else ""
    mixes = "Mixes of the other channels are left out. " if any(one.mixes for one in files) else ""
    added = f"{names}{mixes}The samples stay as they are, and the files do not change."
    meanings = {"A track for &each channel": Split.POLY, "&One track": Split.NONE}
    if not any(one.is_named for one in files):
        meanings = dict(reversed(meanings.items()))
    clicked = _clicked(parent, "Several channels", question, added, dict.fromkeys(meanings, _ACCEPT))
    return meanings.get(clicked)


def _clicked(
    parent: QWidget,
    title: str,
    question: str,
    added: str,
    buttons: Mapping[str, QMessageBox.ButtonRole],
    details: str = "",
) -> str:
    """Ask with some buttons and Cancel, and return the text of the clicked one; empty for Cancel.

    The first button is the default.

    Parameters
    ----------
    added : below the question
    details : shown on demand
    """
    box = QMessageBox(parent)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(added)
    if details:
        box.setDetailedText(details)
    texts = {box.addButton(text, role): text for text, role in buttons.items()}
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(next(iter(texts)))
    box.setEscapeButton(cancel)
    box.exec()
    clicked = box.clickedButton()
    return next((text for button, text in texts.items() if button is clicked), "")


def _chosen(
    parent: QWidget, title: str, question: str, meanings: Mapping[str, Answer], at: int = 0
) -> Answer | None:
    """Ask for one line of a list and return its meaning; line `at` is chosen at first."""
    chosen, accepted = QInputDialog.getItem(parent, title, question, list(meanings), at, False)
    return meanings[chosen] if accepted else None


def ask_finder(parent: QWidget, finders: Mapping[str, str]) -> str | None:
    """Ask for a finder.

    Parameters
    ----------
    finders : the line of each in a list, by its name
    """
    names = {words: name for name, words in finders.items()}
    said = "Choose a finder. It adds proposals to the queue; your decisions do not change."
    return _chosen(parent, "Find edits", said, names)


def ask_separator(parent: QWidget, separators: Mapping[str, str], current: str) -> str | None:
    """Ask which separator takes sounds out.

    Parameters
    ----------
    separators : description of each, by name
    """
    names = {f"{name}: {about}": name for name, about in separators.items()}
    at = list(separators).index(current)
    return _chosen(parent, "Choose separator", "Separation method", names, at)


def confirm_overwrite(parent: QWidget, paths: tuple[Path, ...]) -> bool:
    """Ask before anything is written over; the answer that loses nothing is the default."""
    names = "\n".join(path.name for path in paths)
    return _loses(parent, "Replace files?", f"These files already exist:\n{names}", "", "Replace", "Cancel")


def confirm_stop(parent: QWidget, titles: tuple[str, ...]) -> bool:
    """Ask before running work is stopped; the answer that loses nothing is the default."""
    added = (
        "If you close Offcut now, the work stops and its results so far are lost. "
        "Offcut offers to restart it at the next start."
    )
    unfinished = f"{listed(titles)} {'is' if len(titles) == 1 else 'are'} not finished."
    return _loses(parent, "Work is running", unfinished, added, "Stop and close", "Keep working")


def _loses(parent: QWidget, title: str, sentence: str, added: str, do: str, back: str) -> bool:
    """Ask with two buttons; return whether the first was clicked, which loses something."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, sentence, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(added)
    doing = box.addButton(do, QMessageBox.ButtonRole.DestructiveRole)
    going_back = box.addButton(back, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(going_back)
    box.setEscapeButton(going_back)
    box.exec()
    return box.clickedButton() is doing
