"""Audacity's labels, as any editor writes them: a start, an end and a text a line, between tabs.

https://manual.audacityteam.org/man/importing_and_exporting_labels.html
"""

from __future__ import annotations

from codecs import BOM_UTF8
from math import isfinite
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.files.decoded_text import decoded
from engine.core.files.regular_file import read_beginning
from engine.core.timebase import read_time, s_to_samples
from engine.core.wording import reason_of
from engine.document.marks.edits import NamedSpan

_SESSION = "SESSION NAME:"
BEGINNING_BYTES = 64
"""They suffice to recognise a session text."""

_LARGEST_BYTES = 32 * 2**20
_LONGEST_S = 1e7


def read_labels(path: Path, rate_hz: int) -> tuple[NamedSpan, ...]:
    """Read labels as spans at a rate; lines that begin with a backslash (frequencies) are skipped.

    Raises
    ------
    SourceError : the file cannot be read, or a line is not a label
    """
    try:
        content = read_beginning(path, _LARGEST_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {reason_of(error)}.") from error
    if len(content) > _LARGEST_BYTES:
        raise SourceError(f"{path.name} is too large to be a label file: choose a .txt of Audacity's.")
    if is_session_text(content):
        raise SourceError(
            f"{path.name} is a session text of Pro Tools: import it as edits ‹file.import_edits›."
        )
    lines = enumerate(decoded(content).splitlines(), 1)
    found = [
        _span(line, f"Line {number} of {path.name}", rate_hz)
        for number, line in lines
        if line.strip() and not line.startswith("\\")
    ]
    if not found:
        raise SourceError(f"{path.name} holds no labels: choose a .txt of Audacity's.")
    return tuple(found)


def is_session_text(content: bytes) -> bool:
    """Return whether the beginning of a file is that of a text that Pro Tools exports of a session."""
    beginning = decoded(content[:BEGINNING_BYTES].removeprefix(BOM_UTF8))
    return beginning.lstrip("\ufeff\r\n ").startswith(_SESSION)


def _span(line: str, place: str, rate_hz: int) -> NamedSpan:
    fields = line.split("\t", 2)
    times = [found for field in fields[:2] if (found := _seconds(field)) is not None]
    if len(times) < 2:
        raise SourceError(
            f"{place} is not a label: it needs a start and an end, in seconds or as hours:minutes:seconds, "
            "and a text, with tabs between."
        )
    start, stop = sorted(max(0, s_to_samples(time, rate_hz)) for time in times)
    return NamedSpan(start, stop, fields[2] if len(fields) > 2 else "")


def _seconds(field: str) -> float | None:
    try:
        time = float(field.replace(",", "."))
    except ValueError:
        return read_time(field)
    return time if isfinite(time) and abs(time) <= _LONGEST_S else None
