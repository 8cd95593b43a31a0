"""Input and output of the export form, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePath

from engine.exchange.export.formats import AUDIO_SUFFIXES
from engine.exchange.export.request import ExportOptions


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
