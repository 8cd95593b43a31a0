"""Dialogs around forms: shown until a form has no problem and is accepted, or cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.shell.user_settings.remembered import room_for
from widgets.chrome.start_panel import RecentList
from widgets.forms.key_editor import KeyEditor, KeyRules
from widgets.forms.preferences_form import PreferencesForm, PreferenceValues
from widgets.forms.short_forms import LikeForm, NameForm, NoteForm, NumbersForm
from widgets.forms.spectrogram_form import SpectrogramForm
from widgets.theme import Theme, px

if TYPE_CHECKING:
    from widgets.forms.settings_form import SettingsForm
    from widgets.forms.short_forms import TimeOfDayForm

_SCREEN_MARGIN = 16


def ask_snapshot_name(parent: QWidget) -> str | None:
    """Ask for the name of a snapshot."""
    form = NameForm("&Name", "Saves a copy of the document under this name, next to the document.")
    return form.name() if ask(parent, "Named snapshot", form, form.problem, "Save") else None


def ask_clip_name(parent: QWidget, name: str) -> str | None:
    """Ask for the name of clips, with the present one."""
    form = NameForm("&Name", "Shown on the clip, instead of the name of its file.", name)
    return form.name() if ask(parent, "Name of the clip", form, form.problem, "Rename") else None


def ask_song_name(parent: QWidget, name: str) -> str | None:
    """Ask for the name of a song, with the present one."""
    form = NameForm("&Name", "Of all takes of the song. The name of another song joins both.", name)
    return form.name() if ask(parent, "Name of the song", form, form.problem, "Rename") else None


def ask_label(parent: QWidget, label: str) -> str | None:
    """Ask for another label of the sections with this one."""
    form = NameForm("&Label", f"Replaces the label {label} of all sections that have it.", label)
    return form.name() if ask(parent, "Rename label", form, form.problem, "Rename") else None


def ask_words(parent: QWidget, words: str, said: str) -> str | None:
    """Ask for other words in place of those of a transcript."""
    form = NameForm("&Words", said, words)
    return form.name() if ask(parent, "Correct the words", form, form.problem, "Correct") else None


def ask_speaker_name(parent: QWidget, name: str) -> str | None:
    """Ask for the name of a speaker, with the present one."""
    form = NameForm("&Name", "Of all words of the speaker. The name of another speaker joins both.", name)
    return form.name() if ask(parent, "Name of the speaker", form, form.problem, "Rename") else None


def ask_sound(parent: QWidget, words: str) -> str | None:
    """Ask which sound is to be found, with a suggestion."""
    said = "Name the sound: cough, dog bark. Separate several with commas. Matches are added to the queue."
    form = NameForm("&Sound", said, words)
    return form.name() if ask(parent, "Find a sound in the recording", form, form.problem, "Find") else None


def ask_like(parent: QWidget, form: LikeForm) -> bool | None:
    """Ask whether to cut similar sounds (True) or to remove them from the mix (False); None if cancelled."""
    return form.cuts if ask(parent, "Find more like this", form, form.problem, "Find") else None


def ask_note(parent: QWidget, title: str, form: NoteForm) -> str | None:
    """Ask for a note; an empty one is an answer too."""

    def accept() -> None:
        if not form.problem():
            dialog_of(form).accept()

    form.entered.connect(accept)
    form.setFocus()
    return form.note() if ask(parent, title, form, form.problem, "Save") else None


def ask_recent(
    parent: QWidget, theme: Theme, documents: Iterable[tuple[Path, bool]], forget: Callable[[Path], object]
) -> Path | None:
    """Ask which of these documents to open; `forget` is called with removed entries."""
    form = RecentList(theme)
    form.show_documents(documents)
    form.forgotten.connect(forget)
    form.opened.connect(lambda _path: dialog_of(form).accept())
    return form.chosen() if ask(parent, "Open recent", form, form.problem, "Open") else None


def ask_preferences(parent: QWidget, form: PreferencesForm) -> PreferenceValues | None:
    """Ask for preferences with a form that is wired already."""

    def choose() -> None:
        chosen = QFileDialog.getExistingDirectory(form, "Folder for the cache", str(Path.home()))
        if chosen:
            form.set_folder(chosen)

    form.folder_requested.connect(choose)
    return form.values() if ask(parent, "Preferences", form, form.problem, "Save") else None


def ask_spectrogram(parent: QWidget, form: SpectrogramForm) -> bool:
    """Ask for the spectrogram settings in a corner, so that the lanes are visible."""
    return ask(parent, "Spectrogram settings", form, form.problem, "Save", in_corner=True)


def ask_numbers(parent: QWidget, title: str, form: NumbersForm, do: str) -> tuple[float, ...] | None:
    """Ask for a few numbers."""
    return form.values() if ask(parent, title, form, form.problem, do) else None


def ask_time_of_day(parent: QWidget, form: TimeOfDayForm) -> bool:
    """Ask for a time of day; False if cancelled."""
    return ask(parent, "Time of day at the playhead", form, form.problem, "Set")


def ask_settings(parent: QWidget, title: str, form: SettingsForm, do: str) -> dict[str, object] | None:
    """Ask for the settings of a finder."""
    return form.values() if ask(parent, title, form, form.problem, do) else None


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


def dialog_of(form: QWidget) -> QDialog:
    """Return the dialog that shows a form."""
    dialog = form.window()
    assert isinstance(dialog, QDialog)
    return dialog


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


def ask(
    parent: QWidget,
    title: str,
    form: Any,
    problem: Callable[[], str],
    do: str,
    *,
    in_corner: bool = False,
    scrolls: bool = False,
) -> bool:
    """Show a form until it is accepted without a problem, or cancelled.

    Parameters
    ----------
    form : a widget with a signal `changed`
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
