"""Export dialog; it closes only with a valid request, or when cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QScrollArea, QVBoxLayout, QWidget

from desktop.shell.dialogs import file_dialogs, form_dialogs, questions
from desktop.shell.user_settings.window_size import room_for
from engine.exchange.export.placing.frame_rates import FrameRate
from widgets.forms.export.choice import ExportChoice, ExportOutlook, SpanOffer
from widgets.forms.export.form import ExportForm
from widgets.theme import Theme, px

_SCREEN_MARGIN = 64
_BESIDE_BAR = 10  # between the fields and a scroll bar
_BORDERS = 2  # of a scroll area, both sides together


@dataclass(frozen=True, slots=True)
class AskedExport:
    """Request of the user, and the files that may be overwritten."""

    choice: ExportChoice
    replaced: frozenset[str]


def ask_export(
    parent: QWidget,
    theme: Theme,
    choice: ExportChoice,
    look: Callable[[ExportChoice], ExportOutlook],
    offers: Sequence[SpanOffer],
    result_text: str,
    source_bits: str,
    own_rate_hz: int,
    video_rate: FrameRate | None,
    lowered: Callable[[QWidget, AskedExport], float | None],
) -> AskedExport | None:
    """Ask for an export request, and once for permission to replace existing files.

    Parameters
    ----------
    lowered : asks for a gain reduction in dB against clipping; None returns to the form
    """
    form = ExportForm(theme, choice, look, offers, result_text, source_bits, own_rate_hz, video_rate)
    dialog = QDialog(parent)
    dialog.setWindowTitle("Export")
    dialog.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, on=False)
    asked: list[AskedExport] = []

    def choose_folder() -> None:
        chosen = file_dialogs.ask_folder(dialog, "Export folder", Path(form.values().folder))
        if chosen is not None:
            form.set_folder(str(chosen))

    def finish() -> None:
        found = look(form.values())  # anew: a file may have come since
        if form.problem() or found.problem or not export.isEnabled():
            return
        taken = tuple(line.name for line in found.files if line.replaces)
        if taken and not questions.confirm_overwrite(dialog, tuple(map(Path, taken))):
            return
        wanted = AskedExport(form.values(), frozenset(taken))
        export.setEnabled(False)  # until it is known what to do, a second press means nothing
        lower_db = lowered(dialog, wanted)
        export.setEnabled(True)
        if lower_db is not None:
            asked.append(replace(wanted, choice=wanted.choice.lowered(lower_db)))
            dialog.accept()

    form.folder_requested.connect(choose_folder)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    _lay_out(dialog, form, buttons)
    export = form_dialogs.add_accept(buttons, "Export")
    export.setEnabled(not form.problem())
    form.changed.connect(lambda: export.setEnabled(not form.problem()))
    buttons.accepted.connect(finish)
    buttons.rejected.connect(dialog.reject)
    dialog.exec()
    dialog.deleteLater()
    return asked[0] if asked else None


def _lay_out(dialog: QDialog, form: ExportForm, buttons: QDialogButtonBox) -> None:
    """Make the form scroll if the screen is too small for it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(form)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(px(20), px(20), px(20), px(16))
    layout.setSpacing(px(16))
    layout.addWidget(area, 1)
    layout.addWidget(buttons)
    for part in form.findChildren(QWidget):
        part.ensurePolished()  # only then do they know how large they are
    around = layout.contentsMargins()
    wanted = form.sizeHint().expandedTo(form.minimumSizeHint()).grownBy(around)
    room = room_for(dialog)
    height = wanted.height() + _BORDERS + layout.spacing() + buttons.sizeHint().height()
    highest = room.height() - _SCREEN_MARGIN
    # What scrolls up and down needs room for the bar, or it would scroll sideways too.
    bar = area.verticalScrollBar().sizeHint().width() if height > highest else 0
    width = wanted.width() + _BORDERS + bar
    beside = min(_BESIDE_BAR, max(0, room.width() - width)) if bar else 0
    form.setContentsMargins(0, 0, beside, 0)
    dialog.resize(min(width + beside, room.width()), min(height, highest))
