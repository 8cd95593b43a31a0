"""Ask, then do: each function shows one dialog and returns its values, or None if cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QInputDialog,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.user_settings.window_size import room_for
from engine.audio.decoders.registry import audio_suffixes
from engine.diagnoses.finding import Finding
from engine.edl.export.placing.frame_rates import FrameRate
from engine.edl.imports.described import LabelsAs
from engine.edl.imports.formats import IMPORTS
from engine.hits.membership import left_behind_sentence
from engine.settings import CutSettings
from engine.wording import counted, listed
from widgets.editors.editor_list import EditorList
from widgets.forms.key_editor import KeyEditor, KeyRules
from widgets.forms.like_form import LikeForm
from widgets.forms.name_form import NameForm
from widgets.forms.note_form import NoteForm
from widgets.forms.numbers_form import NumbersForm
from widgets.forms.preferences_form import PreferencesForm, PreferenceValues
from widgets.forms.propose_form import ProposeForm
from widgets.forms.recent_list import RecentList
from widgets.forms.spectrogram_form import SpectrogramForm
from widgets.forms.taste.learn_panel import LearnPanel, LearnRequest
from widgets.forms.taste.shelf import Elsewhere, TasteShelf
from widgets.theme import Theme, px
from widgets.timing.form import AlignAsked, AlignForm

if TYPE_CHECKING:
    from widgets.forms.settings_form import SettingsForm

DOCUMENTS = "Offcut documents (*.offcut)"
TASTES = "Tastes (*.taste)"
EDITORS = "Editors (*.editor)"
BEATS = "MIDI or beats (*.mid *.midi *.json);;All files (*)"
LABELS = "Labels (*.txt);;All files (*)"
_SCREEN_MARGIN = 16
_ACCEPT = QMessageBox.ButtonRole.AcceptRole
_MOST_NOTES = 4
Answer = TypeVar("Answer")


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


def ask_labels_as(parent: QWidget, name: str) -> LabelsAs | None:
    """Ask for the meaning of a file's labels; return None if cancelled."""
    question = f"What do the labels in {name} mark?"
    added = "If they mark segments to keep, Offcut cuts the rest of the recording."
    buttons = {"&Cuts": _ACCEPT, "&Keeps": _ACCEPT}
    clicked = _clicked(parent, "Import edits", question, added, buttons)
    return {"&Cuts": LabelsAs.CUTS, "&Keeps": LabelsAs.KEEPS}.get(clicked)


def ask_frame_rate(parent: QWidget, name: str, guess: FrameRate) -> FrameRate | None:
    """Ask for the frame rate of a list; None if cancelled."""
    question = f"{name} does not specify a frame rate. Frames per second:"
    rates = {one.value: one for one in FrameRate}
    return _chosen(parent, "Import edits", question, rates, list(rates).index(guess.value))


def confirm_import(parent: QWidget, sentence: str, left_out: Sequence[str]) -> bool:
    """Show the effect of imported edits, and ask for confirmation."""
    notes, details = "\n".join(left_out), ""
    if len(left_out) > _MOST_NOTES:  # a screen of 640 by 400 points has room for one above the details
        more = f"{len(left_out) - 1} more in the details."
        notes, details = "\n".join([left_out[0], more]), notes
    return bool(_clicked(parent, "Import edits", sentence, notes, {"&Import": _ACCEPT}, details))


def ask_editor(parent: QWidget, folder: Path) -> Path | None:
    """Ask for an editor that was learned from edits."""
    title = "Arrange as an editor"
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(folder), f"{EDITORS};;All files (*)")
    return Path(chosen) if chosen else None


def ask_listed_editor(parent: QWidget, form: EditorList, folder: Path) -> Path | None:
    """Ask for an editor of a list, or for another file."""
    found: list[Path] = []

    def look_elsewhere() -> None:
        path = ask_editor(form, folder)
        if path is not None:
            found.append(path)
            _dialog_of(form).accept()

    form.other_requested.connect(look_elsewhere)
    form.taken.connect(lambda: _dialog_of(form).accept())
    if not _ask(parent, "Arrange as an editor", form, form.problem, "Arrange"):
        return None
    return found[0] if found else form.chosen()


def ask_new_editor(parent: QWidget, folder: Path) -> Path | None:
    """Ask for the file of a new editor; the caller confirms overwriting."""
    suggestion = str(folder / "My editing.editor")
    dont_ask = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(parent, "Learn how I edit", suggestion, EDITORS, options=dont_ask)
    return Path(f"{chosen.removesuffix('.editor')}.editor") if chosen else None


def ask_report_file(parent: QWidget, folder: Path) -> Path | None:
    """Ask for the file of a report; the dialog confirms overwriting."""
    suggestion = str(folder / "Offcut crash report.txt")
    chosen, _ = QFileDialog.getSaveFileName(parent, "Save the report", suggestion, "Text (*.txt)")
    return Path(chosen) if chosen else None


def ask_takes_edit(parent: QWidget, name: str) -> bool | None:
    """Ask whether a dropped file is an edit of the recording (True) or another track (False)."""
    added = (
        "If it is an edit of this recording, Offcut detects its cuts, moves, repeats and gains, and replaces "
        "your accepted edits with them."
    )
    buttons = {"&Import it as a track": _ACCEPT, "Import its edi&ts": _ACCEPT}
    clicked = _clicked(parent, "Dropped on a recording", f"Import {name} as:", added, buttons)
    return clicked == "Import its edi&ts" if clicked else None


def ask_left_behind(parent: QWidget, names: Sequence[str]) -> bool | None:
    """Ask whether to move tracks with bleed of the moved ones as well; None if cancelled."""
    question = f"{left_behind_sentence(names)} Move {'it' if len(names) == 1 else 'them'} too?"
    added = "They recorded the same hits. If they do not move, each moved hit is audible twice."
    buttons = {"&Move too": _ACCEPT, "&Accept without": QMessageBox.ButtonRole.DestructiveRole}
    clicked = _clicked(parent, "Tracks with bleed", question, added, buttons)
    return clicked == "&Move too" if clicked else None


def ask_rate(parent: QWidget, rates: Mapping[int, int]) -> int | None:
    """Ask for the sample rate of the document in Hz, if recordings differ.

    Parameters
    ----------
    rates : number of recordings with each rate, highest rate first
    """
    words = {f"{rate / 1_000:g} kHz, as {counted(count, 'recording')}": rate for rate, count in rates.items()}
    said = "Sample rate of the document. Other recordings are converted; the files do not change:"
    return _chosen(parent, "Different sample rates", said, words)


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


def ask_document(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a document to open."""
    chosen, _ = QFileDialog.getOpenFileName(parent, "Open document", str(folder), DOCUMENTS)
    return Path(chosen) if chosen else None


def ask_folder(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Ask for a folder."""
    chosen = QFileDialog.getExistingDirectory(parent, title, str(folder))
    return Path(chosen) if chosen else None


def ask_new_document(parent: QWidget, folder: Path) -> Path | None:
    """Ask for the file of a new document."""
    suggestion = str(folder / "Untitled.offcut")
    # An existing document is refused with a sentence, never replaced, so Qt need not ask.
    dont_ask = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(parent, "New document", suggestion, DOCUMENTS, options=dont_ask)
    # Not with_suffix: of "take 1.2" that would leave "take 1".
    return Path(f"{chosen.removesuffix('.offcut')}.offcut") if chosen else None


def ask_taste(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Ask for the file of a taste that was learned before."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(folder), TASTES)
    return Path(chosen) if chosen else None


def ask_shelf(parent: QWidget, title: str, shelf: TasteShelf, do: str) -> Path | Elsewhere | None:
    """Ask for a taste of a list, or for another location."""
    shelf.taken.connect(lambda: _dialog_of(shelf).accept())
    return shelf.chosen() if _ask(parent, title, shelf, shelf.problem, do) else None


def ask_improved_taste(parent: QWidget, suggestion: Path) -> Path | None:
    """Ask for the file of a retrained taste; the caller confirms overwriting."""
    dont_ask = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(
        parent, "Improve taste", str(suggestion), TASTES, options=dont_ask
    )
    return Path(f"{chosen.removesuffix('.taste')}.taste") if chosen else None


def ask_snapshot_name(parent: QWidget) -> str | None:
    """Ask for the name of a snapshot."""
    form = NameForm("&Name", "Saves a copy of the document under this name, next to the document.")
    return form.name() if _ask(parent, "Named snapshot", form, form.problem, "Save") else None


def ask_sound(parent: QWidget, words: str) -> str | None:
    """Ask which sound is to be found, with a suggestion."""
    said = "Name the sound: cough, dog bark. Separate several with commas. Matches are added to the queue."
    form = NameForm("&Sound", said, words)
    return form.name() if _ask(parent, "Find a sound in the recording", form, form.problem, "Find") else None


def ask_like(parent: QWidget, form: LikeForm) -> bool | None:
    """Ask whether to cut similar sounds (True) or to remove them from the mix (False); None if cancelled."""
    return form.cuts if _ask(parent, "Find more like this", form, form.problem, "Find") else None


def ask_note(parent: QWidget, title: str, form: NoteForm) -> str | None:
    """Ask for a note; an empty one is an answer too."""

    def accept() -> None:
        if not form.problem():
            _dialog_of(form).accept()

    form.entered.connect(accept)
    form.setFocus()
    return form.note() if _ask(parent, title, form, form.problem, "Save") else None


def ask_learn(
    parent: QWidget,
    panel: LearnPanel,
    edited: tuple[Path, ...],
    folder: Path,
    check: Callable[[tuple[Path, ...], Callable[[tuple[Finding, ...]], None]], None],
    measure: Callable[[tuple[str, ...], Callable[[dict[str, float | None]], None]], None],
) -> LearnRequest | None:
    """Ask for the training data; `check` inspects recordings, `measure` reads their durations."""
    panel.files_changed.connect(lambda: measure(panel.paths, panel.set_lengths))
    panel.files_changed.connect(lambda: check(tuple(Path(path) for path in panel.paths), panel.set_findings))
    panel.add_files(str(path) for path in edited)

    def choose() -> None:
        panel.add_files(str(path) for path in ask_recordings(panel, "Recordings you edited", folder) or ())

    panel.files_requested.connect(choose)
    return panel.values() if _ask(parent, "Learn from edits", panel, panel.problem, "Learn") else None


def ask_propose(
    parent: QWidget,
    theme: Theme,
    settings: CutSettings,
    length_s: float,
    material_s: float,
    look: Callable[[dict[str, object], Callable[[str], None]], object],
) -> dict[str, object] | None:
    """Ask for the amount of cuts; `look` computes the outcome of settings as a sentence."""
    form = ProposeForm(theme, settings, length_s, material_s)

    def look_ahead() -> None:
        if not form.problem():
            look(form.values(), form.set_outlook)

    form.changed.connect(look_ahead)
    look_ahead()
    return form.values() if _ask(parent, "Propose cuts", form, form.problem, "Propose") else None


def ask_timing(parent: QWidget, form: AlignForm, folder: Path) -> AlignAsked | None:
    """Ask how hits are to be put in time."""

    def choose() -> None:
        chosen, _ = QFileDialog.getOpenFileName(form, "Beats", str(folder), BEATS)
        if chosen:
            form.set_file(chosen)

    form.file_requested.connect(choose)
    accepted = _ask(parent, "Propose timing", form, form.problem, "Propose", scrolls=True)
    return form.values() if accepted else None


def ask_recent(
    parent: QWidget, theme: Theme, documents: Iterable[tuple[Path, bool]], forget: Callable[[Path], object]
) -> Path | None:
    """Ask which of these documents to open; `forget` is called with removed entries."""
    form = RecentList(theme)
    form.show_documents(documents)
    form.forgotten.connect(forget)
    form.opened.connect(lambda _path: _dialog_of(form).accept())
    return form.chosen() if _ask(parent, "Open recent", form, form.problem, "Open") else None


def ask_preferences(parent: QWidget, form: PreferencesForm) -> PreferenceValues | None:
    """Ask for preferences with a form that is wired already."""

    def choose() -> None:
        chosen = QFileDialog.getExistingDirectory(form, "Folder for the cache", str(Path.home()))
        if chosen:
            form.set_folder(chosen)

    form.folder_requested.connect(choose)
    return form.values() if _ask(parent, "Preferences", form, form.problem, "Save") else None


def ask_spectrogram(parent: QWidget, form: SpectrogramForm) -> bool:
    """Ask for the spectrogram settings in a corner, so that the lanes are visible."""
    return _ask(parent, "Spectrogram settings", form, form.problem, "Save", in_corner=True)


def ask_numbers(parent: QWidget, title: str, form: NumbersForm, do: str) -> tuple[float, ...] | None:
    """Ask for a few numbers."""
    return form.values() if _ask(parent, title, form, form.problem, do) else None


def ask_settings(parent: QWidget, title: str, form: SettingsForm, do: str) -> dict[str, object] | None:
    """Ask for the settings of a finder."""
    return form.values() if _ask(parent, title, form, form.problem, do) else None


def ask_labels(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a file of labels."""
    chosen, _ = QFileDialog.getOpenFileName(parent, "Import labels", str(folder), LABELS)
    return Path(chosen) if chosen else None


def show_key_editor(parent: QWidget, theme: Theme, rules: KeyRules) -> None:
    """Let the user change keys until the dialog is closed."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Change keys")
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(px(20), px(20), px(20), px(16))
    layout.setSpacing(px(16))
    layout.addWidget(KeyEditor(theme, rules))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout.addWidget(buttons)
    dialog.exec()
    dialog.deleteLater()


def _dialog_of(form: QWidget) -> QDialog:
    dialog = form.window()
    assert isinstance(dialog, QDialog)
    return dialog


def confirm_overwrite(parent: QWidget, paths: tuple[Path, ...]) -> bool:
    """Ask before anything is written over; the answer that loses nothing is the default."""
    names = "\n".join(path.name for path in paths)
    box = QMessageBox(
        QMessageBox.Icon.Warning, "Replace files?", f"These files already exist:\n{names}", parent=parent
    )
    replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    box.exec()
    return box.clickedButton() is replace


def confirm_stop(parent: QWidget, titles: tuple[str, ...]) -> bool:
    """Ask before running work is stopped; the answer that loses nothing is the default."""
    what = listed(titles)
    are = "is" if len(titles) == 1 else "are"
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Work is running")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"{what} {are} not finished.")
    box.setInformativeText(
        "If you close Offcut now, the work stops and its results so far are lost. "
        "Offcut offers to restart it at the next start."
    )
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Keep working", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    return box.clickedButton() is stop


def add_accept(buttons: QDialogButtonBox, do: str) -> QPushButton:
    """Add the button that Enter presses wherever the focus is, another button aside.

    The buttons are in their dialog already: an earlier default button loses its role as soon as the focus
    has been on another button, after which Enter in a field would press that one.
    """
    accept = QPushButton(do)
    accept.setProperty("role", "primary")
    buttons.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
    accept.setDefault(True)
    return accept


_Form: TypeAlias = (
    "AlignForm | EditorList | LearnPanel | LikeForm | NameForm | NoteForm | NumbersForm | "
    "PreferencesForm | ProposeForm | RecentList | SettingsForm | SpectrogramForm | TasteShelf"
)


def _scrolling(form: QWidget) -> QScrollArea:
    """Return a scroll area as tall as its form, limited by the screen."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(form)
    for part in form.findChildren(QWidget):
        part.ensurePolished()  # only then do they know how large they are
    area.setMinimumWidth(form.sizeHint().width() + area.verticalScrollBar().sizeHint().width() + px(4))
    return area


def _fit_height(dialog: QDialog, form: QWidget, buttons: QWidget) -> None:
    """Make a dialog as tall as its form, limited by the screen."""
    layout = dialog.layout()
    assert layout is not None, "the form is laid out"
    width, margins = dialog.minimumWidth(), layout.contentsMargins()
    inside = width - margins.left() - margins.right()
    tall = max(form.heightForWidth(inside), form.sizeHint().height())
    around = margins.top() + margins.bottom() + layout.spacing() + buttons.sizeHint().height()
    dialog.resize(width, min(tall + around + px(2), room_for(dialog).height() - px(_SCREEN_MARGIN)))


def _ask(
    parent: QWidget,
    title: str,
    form: _Form,
    problem: Callable[[], str],
    do: str,
    *,
    in_corner: bool = False,
    scrolls: bool = False,
) -> bool:
    """Show a form until it is accepted without a problem, or cancelled.

    Parameters
    ----------
    in_corner : places the dialog where it covers least
    scrolls : whether the form may be taller than the screen
    """
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, on=False)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(px(20), px(20), px(20), px(16))
    layout.setSpacing(px(16))
    layout.addWidget(_scrolling(form) if scrolls else form)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    layout.addWidget(buttons)
    accept = add_accept(buttons, do)
    accept.setEnabled(not problem())
    form.changed.connect(lambda: accept.setEnabled(not problem()))
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    dialog.setMinimumWidth(max(px(460), layout.minimumSize().width()))
    if scrolls:
        _fit_height(dialog, form, buttons)
    if form.focusProxy() is not None:
        form.setFocus()  # before it is shown, so that no key is lost until the system has made it active
    if in_corner:
        dialog.adjustSize()
        corner = parent.mapToGlobal(parent.rect().bottomRight())
        dialog.move(corner.x() - dialog.width() - px(24), corner.y() - dialog.height() - px(72))
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return accepted
