"""The formats that edits are read from: one row each, read by the verb and the file dialog alike.

A new format of Offcut is one module with a `read` and one row here; other packages add a row of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.extensions import Extended, UnusableError, require_type
from engine.core.extensions.names import Extension

_OWN = "engine.exchange.imports.readers"


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """A format for import.

    Attributes
    ----------
    suffix : such as ".edl"
    name : name in file dialogs
    module : by its whole name, with a `read` as `engine.exchange.imports.Reader` has it; loaded when it is
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
    """Return a format of another package.

    Raises
    ------
    UnusableError : it is none, or is registered under another suffix than its own
    """
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
