"""Export dialog; it closes only with a valid request, or when cancelled.

Each document remembers the formats and options of its last export, but no range and no name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QScrollArea, QVBoxLayout, QWidget

from desktop.shell.dialogs import form_dialogs, questions
from desktop.shell.user_settings.remembered import PerDocument, room_for
from engine.exchange.export.formats import FORMATS
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.request import LONGEST_FADE_S, RATES_HZ, Depth, ExportOptions
from engine.sound.codecs import Quality
from engine.sound.writer import Dither
from widgets.forms.export_form import ExportForm
from widgets.forms.export_options import ExportChoice, ExportOutlook, SpanOffer
from widgets.theme import Theme, px

_SECTION = "export"


def remember(document: PerDocument, choice: ExportChoice) -> None:
    """Store a choice. Removed audio is exported once and on purpose, so that is not stored."""
    options = choice.options
    kept = {
        "formats": " ".join(choice.suffixes),
        "stems": str(int(options.stems)),
        "regions": str(int(options.regions)),
        "quality": options.quality.value,
        "fade_in_s": f"{options.fade_in_s:g}",
        "fade_out_s": f"{options.fade_out_s:g}",
        "loudness_lufs": "" if options.loudness_lufs is None else f"{options.loudness_lufs:g}",
        "rate_hz": "" if options.rate_hz is None else str(options.rate_hz),
        "depth": "" if options.depth is None else options.depth.value,
        "dither": "" if options.dither is None else options.dither.value,
        "broadcast": str(int(options.broadcast)),
        "collect": str(int(options.collect)),
        "frame_rate": "" if options.frame_rate is None else options.frame_rate.value,
    }
    document.write(_SECTION, kept)


def recall(document: PerDocument, folder: str, name: str, *, has_regions: bool = True) -> ExportChoice:
    """Return the last choice in a document; an unreadable value counts as never chosen.

    Parameters
    ----------
    has_regions : whether the document has regions; required for one file per region
    """
    last = document.read(_SECTION)

    def stored(key: str) -> str:
        return str(last.get(key, ""))

    known = list(FORMATS)
    formats = tuple(suffix for suffix in known if suffix in stored("formats").split())
    rate_hz = depth = dither = loudness_lufs = frame_rate = None
    quality = ExportOptions().quality
    fades_s = {"fade_in_s": 0.0, "fade_out_s": 0.0}
    with suppress(ValueError):
        rate_hz = RATES_HZ[RATES_HZ.index(int(stored("rate_hz")))]
    with suppress(ValueError):
        depth = Depth(stored("depth"))
    with suppress(ValueError):
        dither = Dither(stored("dither"))
    with suppress(ValueError):
        frame_rate = FrameRate(stored("frame_rate"))
    with suppress(ValueError):
        quality = Quality(stored("quality"))
    for end in fades_s:
        with suppress(ValueError):
            found = float(stored(end))
            fades_s[end] = found if 0 <= found <= LONGEST_FADE_S else 0.0
    with suppress(ValueError):
        found = float(stored("loudness_lufs"))
        loudness_lufs = found if -70 < found <= 0 else None
    options = ExportOptions(
        stems=stored("stems") == "1",
        regions=has_regions and stored("regions") == "1",
        loudness_lufs=loudness_lufs,
        rate_hz=rate_hz,
        depth=depth,
        dither=dither,
        quality=quality,
        fade_in_s=fades_s["fade_in_s"],
        fade_out_s=fades_s["fade_out_s"],
        broadcast=stored("broadcast") != "0",
        collect=stored("collect") == "1",
        frame_rate=frame_rate,
    )
    return ExportChoice(folder, name, formats or (".wav",), options)


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
        chosen = questions.ask_folder(dialog, "Export folder", Path(form.values().folder))
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
