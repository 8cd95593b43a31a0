"""Subtitles, SubRip (.srt) and WebVTT (.vtt): each is a region of the recording, named by its text.

https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import re
from fractions import Fraction

from engine.core.files.decoded_text import decoded
from engine.core.progress import Progress
from engine.core.timebase import read_time, s_to_samples
from engine.document.marks.edits import NamedSpan
from engine.exchange.imports import EditsFile
from engine.exchange.imports.described import ImportedEdits, LabelsAs

_ARROW = "-->"
_TAG = re.compile(r"<[^<>]*>")
_LONGEST_NAME = 200
_ROUNDING_S = Fraction(1, 2_000)
"""Subtitles count milliseconds."""


def read_subtitles(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read subtitles as markers, unless the user chose that they mark cuts or keeps.

    Raises
    ------
    ValueError : a line with an arrow lacks its two times, or the file has no such line
    """
    found: list[NamedSpan] = []
    words: list[str] = []
    span: tuple[int, int] | None = None
    for number, line in enumerate((*decoded(file.content()).splitlines(), ""), 1):
        progress.check_cancelled()
        if _ARROW in line:
            span, words = _span(line, number, file.rate_hz), []
        elif line.strip():
            words.append(_TAG.sub("", line).strip())
        elif span is not None:
            found.append(NamedSpan(*span, " ".join(" ".join(words).split())[:_LONGEST_NAME]))
            span = None
    if not found:
        raise ValueError(f"no line has two times with {_ARROW} between them")
    labels_as = file.labels_as or LabelsAs.MARKERS
    return ImportedEdits(
        file.name,
        file.form.name,
        labels=tuple(found),
        labels_as=labels_as,
        rate_hz=file.rate_hz,
        rounding_s=_ROUNDING_S,
    )


def _span(line: str, number: int, rate_hz: int) -> tuple[int, int]:
    first, _, rest = line.partition(_ARROW)
    times = [read_time(text) for text in (first, (rest.split() or [""])[0])]
    if times[0] is None or times[1] is None or times[1] < times[0]:
        raise ValueError(f"line {number} has no two ascending times, such as 0:10.250 {_ARROW} 0:12.500")
    return s_to_samples(times[0], rate_hz), s_to_samples(times[1], rate_hz)
