"""Read the edits that other programs, or Offcut itself, wrote: one reader a format."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol

from engine.core.errors import EditsError
from engine.core.files.regular_file import open_regular, read_beginning
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.core.wording import listed, reason_of
from engine.document.edits.markers import BEGINNING_BYTES, is_session_text
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports.described import ImportedEdits, LabelsAs
from engine.exchange.imports.formats import IMPORTS, ImportFormat


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


__all__ = ["EditsFile", "Reader", "asks_labels", "read_edits"]
