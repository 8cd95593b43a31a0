"""Read the edits that other programs, or Offcut itself, wrote: a row and a module with a `read` a format.

The verb and the file dialog read the same rows; other packages add a row of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol

from engine.core.errors import EditsError
from engine.core.extensions import Extended, UnusableError, require_type
from engine.core.extensions.names import Extension
from engine.core.files.regular_file import open_regular, read_beginning
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.core.wording import listed, reason_of
from engine.document.edits.markers import BEGINNING_BYTES, is_session_text
from engine.document.state import DocumentState
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports.described import ImportedEdits, LabelsAs

_OWN = "engine.exchange.imports.readers"


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """A format for import.

    Attributes
    ----------
    suffix : such as ".edl"
    name : name in file dialogs
    module : by its whole name, with a `read` as `Reader` has it; loaded when it is
        used
    most_bytes : larger files are refused
    asks_labels : whether the user must choose the meaning of its spans
    asks_frame_rate : whether its files may lack the frame rate
    """

    suffix: str
    name: str
    module: str
    most_bytes: int = 128 * 2**20
    asks_labels: bool = False
    asks_frame_rate: bool = False


_ROWS = (
    ImportFormat(".json", "Edit list", f"{_OWN}.edit_json"),
    ImportFormat(".otio", "OpenTimelineIO", f"{_OWN}.otio"),
    ImportFormat(".edl", "CMX 3600", f"{_OWN}.cmx3600", asks_frame_rate=True),
    ImportFormat(".fcpxml", "Final Cut Pro", f"{_OWN}.fcpxml"),
    ImportFormat(".xml", "Final Cut 7, Premiere", f"{_OWN}.xmeml"),
    ImportFormat(".aaf", "AAF", f"{_OWN}.aaf", most_bytes=2**30),
    ImportFormat(".rpp", "REAPER project", f"{_OWN}.reaper"),
    ImportFormat(".txt", "Labels of Audacity, session text of Pro Tools", f"{_OWN}.spans", asks_labels=True),
    ImportFormat(".csv", "LosslessCut, Audition, REAPER lists", f"{_OWN}.spans"),
    ImportFormat(".llc", "LosslessCut project", f"{_OWN}.spans"),
    ImportFormat(".srt", "SubRip subtitles", f"{_OWN}.spans"),
    ImportFormat(".vtt", "WebVTT subtitles", f"{_OWN}.spans"),
)


def _added(extension: Extension, made: object) -> ImportFormat:
    """Return a format of another package; UnusableError if it is registered under another suffix."""
    form = require_type(made, ImportFormat)
    if form.suffix != extension.name or not form.suffix.startswith(".") or form.suffix != form.suffix.lower():
        raise UnusableError(f"has the suffix {form.suffix!r}: register it under that, small and with its dot")
    if not form.name or not form.module:
        raise UnusableError("has no name or no module")
    return form


IMPORTS: Extended[ImportFormat] = Extended(
    "offcut.import_formats", {one.suffix: one for one in _ROWS}, _added
)
"""By suffix, in the order in which file dialogs list them."""


@dataclass(frozen=True, slots=True)
class EditsFile:
    """A file of edits, and the user's settings for it.

    Attributes
    ----------
    labels_as : meaning of labels; None for that of the format
    frame_rate : of a format that does not state its own; None for a guess, which is reported
    rate_hz : the document's, for positions outside clips
    """

    path: Path
    form: ImportFormat
    rate_hz: int
    labels_as: LabelsAs | None = None
    frame_rate: FrameRate | None = None

    @property
    def name(self) -> str:
        """The name as sentences show it."""
        return shown(self.path.name)

    def content(self) -> bytes:
        """Return all of the file.

        Raises
        ------
        EditsError : it cannot be read, or is too large
        """
        try:
            content = read_beginning(self.path, self.form.most_bytes + 1)
        except OSError as error:
            raise EditsError(f"{self.name} cannot be read: {reason_of(error)}.") from error
        self._require_size(len(content))
        return content

    def require_readable(self) -> int:
        """Check a file that a library opens by itself, and return its size in bytes.

        Raises
        ------
        EditsError : it cannot be read, or is too large
        """
        try:
            with open_regular(self.path) as stream:
                size_bytes = stream.seek(0, 2)
        except OSError as error:
            raise EditsError(f"{self.name} cannot be read: {reason_of(error)}.") from error
        self._require_size(size_bytes)
        return size_bytes

    def refused(self, problem: str) -> EditsError:
        """Return the error with the name of this file, the problem and the remedy."""
        return EditsError(
            f"{self.name} cannot be read as {self.form.name}: {problem}. Export it again from the program "
            "that wrote it, or choose another file."
        )

    def _require_size(self, size_bytes: int) -> None:
        if size_bytes > self.form.most_bytes:
            most = self.form.most_bytes // 2**20
            raise EditsError(
                f"{self.name} is larger than {most:,} MiB: export the edits without their media."
            )


class Reader(Protocol):
    """A module that reads one format."""

    def read(self, file: EditsFile, progress: Progress) -> ImportedEdits:
        """Return the edits in a file.

        Raises
        ------
        EditsError : it cannot be read, or is too large
        ValueError : it is not of the format, or is damaged; the message to the user contains its text
        """


@dataclass(frozen=True, slots=True)
class ReadEditsRequest:
    """A document, and a file of edits.

    Attributes
    ----------
    media : where each source is now, by source id, and which document holds stored audio, by its key
    labels_as : meaning of labels; required for formats that contain only labels
    frame_rate : of a list without one; None for a guess, which is reported
    """

    state: DocumentState
    media: Mapping[str, Path]
    path: Path
    labels_as: LabelsAs | None = None
    frame_rate: FrameRate | None = None


def asks_labels(path: Path) -> bool:
    """Return whether the user must choose the meaning of the labels in a file."""
    form = IMPORTS.get(path.suffix.lower())
    if form is None or not form.asks_labels or path.is_dir():
        return False
    with suppress(OSError):
        return not is_session_text(read_beginning(path, BEGINNING_BYTES))
    return True


def read_edits(
    path: Path,
    rate_hz: int,
    *,
    labels_as: LabelsAs | None = None,
    frame_rate: FrameRate | None = None,
    progress: Progress = SILENT,
) -> ImportedEdits:
    """Read the edits in a file, by its suffix.

    Parameters
    ----------
    rate_hz : the document's
    labels_as : meaning of labels; must be given for formats that only hold labels

    Raises
    ------
    EditsError : the file cannot be read, or holds no edits
    Cancelled : the user asked for it
    """
    form, known = IMPORTS.get(path.suffix.lower()), listed([*IMPORTS], "or")
    if path.is_dir():
        raise EditsError(f"{shown(path)} is a folder: choose a file in it, {known}.")
    if form is None:
        raise EditsError(f"{shown(path.name)} is not a file of edits that Offcut reads: choose {known}.")
    if labels_as is None and asks_labels(path):
        raise EditsError(f"{shown(path.name)} holds labels: choose whether they mark cuts or keeps.")
    reader: Reader = import_module(form.module)
    file = EditsFile(path, form, rate_hz, labels_as, frame_rate)
    try:
        return replace(reader.read(file, progress), folder=path.absolute().parent)
    except ValueError as error:
        raise file.refused(str(error)) from error
