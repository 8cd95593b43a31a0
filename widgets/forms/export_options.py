"""Input and output of the export form as plain values, and its part that only some formats need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from engine.core.wording import listed
from engine.exchange.export.formats import (
    AUDIO_SUFFIXES,
    CODED_SUFFIXES,
    FORMATS,
    FRAME_SUFFIXES,
    SAMPLE_SUFFIXES,
)
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.request import LONGEST_FADE_S, RATES_HZ, Depth, ExportOptions
from engine.sound.codecs import Quality
from engine.sound.writer import Dither
from widgets.controls.fields import CheckBox, ChoiceField, NumberField
from widgets.controls.key_caps import column, label, row
from widgets.theme import Theme, px


@dataclass(frozen=True, slots=True)
class SpanOffer:
    """A part of the recording that can be written alone.

    Attributes
    ----------
    key : "" for the whole
    label : its name and position
    """

    key: str
    label: str


WHOLE = SpanOffer("", "Whole result")


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """Input of the form.

    Attributes
    ----------
    suffixes : of the formats, in the order of the form
    options : without a range, which `span` names
    span : key of a `SpanOffer`
    """

    folder: str
    name: str
    suffixes: tuple[str, ...] = (".wav",)
    options: ExportOptions = field(default_factory=ExportOptions)
    span: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The file of each format; stems and regions put their name before the ending."""
        base = PurePath(self.folder.strip()) / self.name.strip()
        return tuple(f"{base}{suffix}" for suffix in self.suffixes)

    @property
    def has_audio(self) -> bool:
        """Whether a sound is written."""
        return any(suffix in AUDIO_SUFFIXES for suffix in self.suffixes)

    def lowered(self, lower_db: float) -> ExportChoice:
        """Return the same, written quieter."""
        return replace(self, options=replace(self.options, gain_db=-lower_db)) if lower_db else self


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A file that would be written: its name, length and size in words, and whether one is there already."""

    name: str
    detail: str
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class ExportOutlook:
    """Preview of an export.

    Attributes
    ----------
    total : of several files, in words
    field : subject of the problem: "formats", "range", "rate", "bits", "loudness", "folder", "name" or
        "files"
    problem : error message; "" without one
    """

    files: tuple[WrittenLine, ...] = ()
    total: str = ""
    field: str = ""
    problem: str = ""


_AS_SOURCE = "source"
_BITS = {
    _AS_SOURCE: "Same as recordings",
    Depth.BITS_16.value: "16 bit",
    Depth.BITS_24.value: "24 bit",
    Depth.FLOAT_32.value: "32 bit float",
}
_AUTOMATIC = "auto"
_DITHER = {
    _AUTOMATIC: "If bit depth or rate changes",
    Dither.TPDF.value: "Always",
    Dither.NONE.value: "Never",
}
_QUALITY = {Quality.SMALL.value: "Small files", Quality.GOOD.value: "Good", Quality.BEST.value: "Best"}
_OWN_RATE = "document"
_SAMPLE_RATES = {str(rate_hz): f"{rate_hz / 1_000:g} kHz" for rate_hz in RATES_HZ}
_RATES = {rate.value: f"{rate.value} fps" for rate in FrameRate}
_USUAL_LUFS, _QUIETEST_LUFS, _LOUDEST_LUFS = -16, -69, 0
LABELS = 76


class ExportOptionsPanel(QWidget):
    """Stems, regions, range, rate, bits, quality, dither, fades, loudness, chunks, frame rate and media.

    Options without effect on the chosen formats are disabled, with the reason next to the heading.
    """

    changed = Signal()

    def __init__(
        self,
        theme: Theme,
        options: ExportOptions,
        spans: Sequence[SpanOffer],
        span: str,
        source_bits: str = "",
        own_rate_hz: int = 0,
        video_rate: FrameRate | None = None,
    ) -> None:
        super().__init__()
        lufs = options.loudness_lufs
        self._stems = CheckBox(theme, "One file for each track")
        self._regions = CheckBox(theme, "One file for each region")
        self._removed = CheckBox(theme, "Removed audio only")
        self._range = ChoiceField(theme, "Range", {each.key: each.label for each in spans}, span)
        self._sample_rate = _sample_rate_field(theme, options.rate_hz, own_rate_hz)
        depth = _AS_SOURCE if options.depth is None else options.depth.value
        own = f"{_BITS[_AS_SOURCE]}, {source_bits}" if source_bits else _BITS[_AS_SOURCE]
        self._bits = ChoiceField(theme, "Bits", {**_BITS, _AS_SOURCE: own}, depth)
        dither = _AUTOMATIC if options.dither is None else options.dither.value
        self._dither = ChoiceField(theme, "Dither", _DITHER, dither)
        self._quality = ChoiceField(theme, "Quality", _QUALITY, options.quality.value)
        self._fade_in = _fade_field("in", options.fade_in_s)
        self._fade_out = _fade_field("out", options.fade_out_s)
        self._normalise = CheckBox(theme, "Normalise to")
        self._lufs = NumberField(_USUAL_LUFS if lufs is None else round(lufs), _QUIETEST_LUFS, _LOUDEST_LUFS)
        self._chunks = CheckBox(theme, "Cue points, chapters, notes")
        self._collect = CheckBox(theme, "Copy recordings next to the file")
        self._rate = _frame_rate_field(theme, options.frame_rate, video_rate)
        self._audio_reason, self._rate_reason = label(role="dim"), label(role="dim")
        names = ("range", "rate", "bits", "fades", "loudness")
        self._notes = {name: label(role="error", wraps=True) for name in names}
        self._stems.setChecked(options.stems)
        self._regions.setChecked(options.regions)
        self._removed.setChecked(options.removed)
        self._normalise.setChecked(lufs is not None)
        self._chunks.setChecked(options.broadcast)
        self._collect.setChecked(options.collect)
        self._lufs.setAccessibleName("Loudness in LUFS")
        self._lufs.setFixedWidth(px(56))
        written = (self._stems, self._regions, self._removed)
        self._boxes = (*written, self._normalise, self._chunks, self._collect)
        audio = (self._sample_rate, self._bits, self._dither, self._quality)
        self._choices = (self._range, *audio, self._rate)
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        for note in self._notes.values():
            note.hide()
        loudness = row(self._normalise, self._lufs, QLabel("LUFS"), 1, gap=8)
        fades = (QLabel("In"), self._fade_in, QLabel("out"), self._fade_out, QLabel("ms"))
        rows = _grid()
        rows.setVerticalSpacing(px(6))
        _add_row(rows, "Write", row(self._stems, self._regions, 1, gap=8))
        _add_row(rows, "", self._removed)
        _add_row(rows, "&Range", self._range, self._notes["range"])
        _add_row(rows, "&Sample rate", self._sample_rate, self._notes["rate"])
        quality = QLabel("&Quality")  # of coded files, which have no bits: both fit on one line
        quality.setBuddy(self._quality)
        bits = row((self._bits, 1), quality, self._quality, gap=8)
        self._quality.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        _add_row(rows, "&Bits", bits, self._notes["bits"], self._bits)
        _add_row(rows, "&Dither", self._dither)
        _add_row(rows, "Fades", row(*fades, 1, gap=8), self._notes["fades"])
        _add_row(rows, "Loudness", loudness, self._notes["loudness"])
        _add_row(rows, "Metadata", self._chunks)
        frames = _grid()
        _add_row(frames, "&Frames", self._rate)
        _add_row(frames, "Media", self._collect)
        audio = row(label("Audio", "title"), (self._audio_reason, 1), gap=8)
        timecode = row(label("Timecode", "title"), (self._rate_reason, 1), gap=8)
        column(audio, rows, timecode, frames, gap=12, owner=self)

    def _wire(self) -> None:
        for box in self._boxes:
            box.toggled.connect(self.changed)
        for choice in self._choices:
            choice.currentIndexChanged.connect(self.changed)
        self._lufs.textEdited.connect(lambda: self._normalise.setChecked(True))
        for line in (self._lufs, self._fade_in, self._fade_out):
            line.textChanged.connect(self.changed)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for part in (*self._boxes, *self._choices):
            part.set_theme(theme)

    def follow(self, suffixes: Iterable[str]) -> None:
        """Enable the options of these formats."""
        chosen = tuple(suffixes)
        audio = any(suffix in AUDIO_SUFFIXES for suffix in chosen)
        floating = self._bits.value() == Depth.FLOAT_32.value
        samples = any(suffix in SAMPLE_SUFFIXES for suffix in chosen)
        for part in (self._stems, self._regions, self._removed, self._range, self._fade_in, self._fade_out):
            part.setEnabled(audio)
        for part in (self._normalise, self._lufs, self._sample_rate):
            part.setEnabled(audio)
        self._bits.setEnabled(samples)
        self._dither.setEnabled(samples and not floating)
        self._dither.setToolTip("Not used with floating point." if samples and floating else "")
        self._quality.setEnabled(any(suffix in CODED_SUFFIXES for suffix in chosen))
        self._chunks.setEnabled(bool({".wav", ".mp3"} & set(chosen)))
        self._rate.setEnabled(any(suffix in FRAME_SUFFIXES for suffix in chosen))
        self._collect.setEnabled(any(FORMATS[suffix].names_media for suffix in chosen if suffix in FORMATS))
        self._audio_reason.setText("" if audio else f"for {listed(AUDIO_SUFFIXES)}")
        self._rate_reason.setText("" if self._rate.isEnabled() else f"for {listed(FRAME_SUFFIXES)}")

    def problem(self) -> tuple[str, str]:
        """Return the invalid field and its remedy; two empty strings without an error."""
        for fade, name in ((self._fade_in, "The fade in"), (self._fade_out, "The fade out")):
            problem = fade.problem(name) if fade.isEnabled() else ""
            if problem:
                return "fades", problem
        is_used = self._normalise.isEnabled() and self._normalise.isChecked()
        problem = self._lufs.problem("Loudness") if is_used else ""
        return "loudness" if problem else "", problem

    def show_problem(self, field: str, sentence: str) -> bool:
        """Show an error below its field; return False if the field is elsewhere."""
        for name, note in self._notes.items():
            note.setText(sentence if name == field else "")
            note.setVisible(name == field)
        return field in self._notes

    @property
    def span(self) -> str:
        """Key of the range."""
        return self._range.value()

    def values(self) -> ExportOptions:
        """Return the options if there is no `problem`."""
        bits, dither, lufs = self._bits.value(), self._dither.value(), self._lufs.value()
        sample_rate, frame_rate = self._sample_rate.value(), self._rate.value()
        return ExportOptions(
            stems=self._stems.isChecked(),
            regions=self._regions.isChecked(),
            removed=self._removed.isChecked(),
            loudness_lufs=float(lufs) if self._normalise.isChecked() and lufs is not None else None,
            rate_hz=None if sample_rate == _OWN_RATE else int(sample_rate),
            depth=None if bits == _AS_SOURCE else Depth(bits),
            dither=None if dither == _AUTOMATIC else Dither(dither),
            quality=Quality(self._quality.value()),
            fade_in_s=(self._fade_in.value() or 0) / 1_000,
            fade_out_s=(self._fade_out.value() or 0) / 1_000,
            broadcast=self._chunks.isChecked(),
            collect=self._collect.isChecked(),
            frame_rate=None if frame_rate == _AUTOMATIC else FrameRate(frame_rate),
        )


def _grid() -> QGridLayout:
    """Return the grid of names and fields."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(px(12))
    grid.setColumnMinimumWidth(0, px(LABELS))
    grid.setColumnStretch(1, 1)
    return grid


def _add_row(
    rows: QGridLayout,
    name: str,
    part: QWidget | QHBoxLayout,
    note: QLabel | None = None,
    buddy: QWidget | None = None,
) -> None:
    line = rows.rowCount()
    if name:
        title = QLabel(name)
        rows.addWidget(title, line, 0)
        whole = part if isinstance(part, QWidget) else buddy
        if whole is not None:
            title.setBuddy(whole)
    if isinstance(part, QWidget):
        rows.addWidget(part, line, 1)
    else:
        rows.addLayout(part, line, 1)
    if note is not None:
        rows.addWidget(note, line + 1, 1)


def _sample_rate_field(theme: Theme, rate_hz: int | None, own_rate_hz: int) -> ChoiceField:
    own = f"Same as document, {own_rate_hz / 1_000:g} kHz" if own_rate_hz else "Same as document"
    chosen = _OWN_RATE if rate_hz is None else str(rate_hz)
    return ChoiceField(theme, "Sample rate", {_OWN_RATE: own, **_SAMPLE_RATES}, chosen)


def _frame_rate_field(theme: Theme, rate: FrameRate | None, video_rate: FrameRate | None) -> ChoiceField:
    own = f"Same as video, {_RATES[video_rate]}" if video_rate else f"Automatic, {_RATES[FrameRate.FPS_25]}"
    chosen = _AUTOMATIC if rate is None else rate.value
    return ChoiceField(theme, "Frame rate", {_AUTOMATIC: own, **_RATES}, chosen)


def _fade_field(end: str, fade_s: float) -> NumberField:
    field = NumberField(round(fade_s * 1_000), 0, LONGEST_FADE_S * 1_000)
    field.setAccessibleName(f"Fade {end} in milliseconds")
    field.setFixedWidth(px(72))
    return field
