"""Lists of spans: labels (.txt), subtitles (.srt, .vtt), LosslessCut (.csv, .llc), Audition, REAPER (.csv).

Labels of Audacity mark cuts, and segments of LosslessCut are kept. Others become markers. The user can choose
another meaning. WebVTT: https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from engine.core.errors import EditsError, SourceError
from engine.core.files.text import decoded, parse_json
from engine.core.progress import Progress
from engine.core.timebase import read_time, s_to_samples
from engine.document.edits.markers import NamedSpan, is_session_text, read_labels
from engine.exchange.captions import read_captions
from engine.exchange.imports.described import (
    ImportedClip,
    ImportedEdits,
    ImportedTrack,
    LabelsAs,
    Medium,
    NotUnderstood,
    left_out_sentences,
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.readers.session_text import read_session
from engine.exchange.imports.values import name_of, seconds_of

_LONGEST_NAME = 200
_ROUNDING_S = Fraction(1, 2_000)
"""Subtitles count milliseconds."""
_NAMES = ("name", "label", "title", "description")
_PART = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*(?:"|\\?\Z)|'(?:[^'\\]|\\.)*(?:'|\\?\Z))|(?P<comment>//[^\n]*)"""
    r"""|(?<![\w$])(?P<key>[A-Za-z_$][\w$]*)(?=\s*:)|(?P<comma>,)(?=\s*[\]}])""",
    re.DOTALL,
)
"""Every alternative is found in one pass: a text without an end goes to the end of the file."""
_ESCAPED_QUOTE = "\\'"
_WANTED = (
    "Offcut reads the segments of LosslessCut (start, end and name in each line), and the markers of "
    "Audition and REAPER with their line of titles"
)
_Row = tuple[float, float | None, str]
"""Start and end in seconds, and the name; no end if the list has none."""


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read spans: labels or a session (.txt), subtitles (.srt, .vtt), or a list (.csv, .llc).

    Raises
    ------
    EditsError : the file cannot be read, or a line is not a label
    ValueError : it is of none of these formats, or a time in it cannot be read
    """
    if file.form.suffix == ".txt":
        return read_text(file, progress)
    if file.form.suffix in (".srt", ".vtt"):
        return read_subtitles(file, progress)
    return read_list(file, progress)


def read_subtitles(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read subtitles as markers, unless the user chose that they mark cuts or keeps.

    Raises
    ------
    ValueError : a line with an arrow lacks its two times, or the file has no such line
    """
    found = []
    for one in read_captions(decoded(file.content())):
        progress.check_cancelled()
        start, stop = (s_to_samples(at_s, file.rate_hz) for at_s in (one.start_s, one.stop_s))
        found.append(NamedSpan(start, stop, one.text[:_LONGEST_NAME]))
    if not found:
        raise ValueError("no line has two times with --> between them")
    labels_as = file.labels_as or LabelsAs.MARKERS
    return ImportedEdits(
        file.name,
        file.form.name,
        labels=tuple(found),
        labels_as=labels_as,
        rate_hz=file.rate_hz,
        rounding_s=_ROUNDING_S,
    )


def read_text(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read labels at the rate of the document, or a session of Pro Tools.

    Raises
    ------
    EditsError : the file cannot be read, or a line is not a label
    """
    progress.check_cancelled()
    content = file.content()
    if is_session_text(content):
        return read_session(file, content, progress)
    try:
        labels = read_labels(file.path, file.rate_hz)
    except SourceError as error:
        raise EditsError(str(error)) from error
    return ImportedEdits(
        file.name,
        file.form.name,
        labels=labels,
        labels_as=file.labels_as or LabelsAs.CUTS,
        has_own_labels=True,
        rate_hz=file.rate_hz,
    )


def read_list(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read a list of LosslessCut, Audition or REAPER.

    Raises
    ------
    ValueError : it is none of these lists, or a time in it cannot be read
    """
    progress.check_cancelled()
    text = decoded(file.content())
    if file.form.suffix == ".llc":
        return _project(file, text)
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=_delimiter(text)) if any(row)]
    except csv.Error as error:
        raise ValueError(f"a line of it cannot be read. {_WANTED}") from error
    if not rows:
        raise ValueError("it is empty")
    titles = [one.strip().casefold() for one in rows[0]]
    if "start" in titles:
        return _labels(file, _titled(titles, rows[1:]), LabelsAs.MARKERS)
    return _labels(file, [_segment(row, number) for number, row in enumerate(rows, 1)], LabelsAs.KEEPS)


def _delimiter(text: str) -> str:
    """Return the separator of the fields in the first line, which may have decimal commas."""
    first = text.lstrip().partition("\n")[0]
    for one in "\t;":
        field = first.partition(one)[0].strip()
        if one in first and ("start" in first.casefold() or not field or read_time(field) is not None):
            return one
    return ","


def _titled(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[_Row]:
    """Return the rows of a list with titles: an end or a duration, and a name."""
    found: list[_Row] = []
    for number, row in enumerate(rows, 2):
        fields = dict(zip(titles, (one.strip() for one in row), strict=False))
        start = _time(fields.get("start", ""), number)
        name = next((fields[one] for one in _NAMES if fields.get(one)), "")
        if fields.get("end"):
            stop = _time(fields["end"], number)
        else:
            length = fields.get("duration") or fields.get("length")
            stop = start + (_time(length, number) if length else 0.0)
        found.append((start, stop, name))
    return found


def _segment(row: Sequence[str], number: int) -> _Row:
    """Return a segment of LosslessCut: no start is that of the file."""
    start = _time(row[0], number) if row[0].strip() else 0.0
    stop = _time(row[1], number) if len(row) > 1 and row[1].strip() else None
    return start, stop, row[2].strip() if len(row) > 2 else ""


def _time(field: str, number: int) -> float:
    time = read_time(field)
    if time is None:
        shown = field.strip()[:40]
        raise ValueError(
            f"line {number} has {shown!r} where a time in seconds or minutes is wanted. {_WANTED}"
        )
    return float(seconds_of(time))


def _labels(file: EditsFile, rows: Sequence[_Row], meaning: LabelsAs) -> ImportedEdits:
    """Return spans of the recording; those without an end are named: versions differ on where that is."""
    labels, open_ended = [], []
    for start, stop, name in rows:
        if stop is None:
            open_ended.append(NotUnderstood("segment without an end", *2 * (seconds_of(start),)))
        elif stop < start:
            raise ValueError(f"a segment of it ends at {stop:g} s, before it starts at {start:g} s")
        else:
            labels.append(
                NamedSpan(s_to_samples(start, file.rate_hz), s_to_samples(stop, file.rate_hz), name)
            )
    if not labels:
        raise ValueError(f"it holds no span with a start and an end. {_WANTED}")
    return ImportedEdits(
        file.name,
        file.form.name,
        labels=tuple(labels),
        labels_as=file.labels_as or meaning,
        rate_hz=file.rate_hz,
        not_understood=tuple(open_ended),
    )


def _project(file: EditsFile, text: str) -> ImportedEdits:
    """Return the chosen segments of a project of LosslessCut, which plays them one after another."""
    content: Any = parse_json(_as_json(text).encode())
    segments = content.get("cutSegments") if isinstance(content, dict) else None
    if not isinstance(segments, list) or not all(isinstance(one, dict) for one in segments):
        raise ValueError("it is not a project of LosslessCut")
    chosen = [one for one in segments if one.get("selected") is not False]
    rows = [_project_row(one) for one in chosen]
    name = name_of(str(content.get("mediaFileName") or ""))
    if not name or file.labels_as is not None or any(stop is None for _, stop, _ in rows):
        return _labels(file, rows, LabelsAs.KEEPS)
    clips, at = [], Fraction(0)
    for start, stop, _ in rows:
        length = seconds_of(stop) - seconds_of(start)
        if length <= 0:
            raise ValueError(f"a segment of it ends at {stop:g} s, before or where it starts")
        clips.append(ImportedClip(Medium(name), seconds_of(start), length, at))
        at += length
    if not clips:
        raise ValueError("no segment of it is selected")
    return ImportedEdits(
        file.name,
        file.form.name,
        (ImportedTrack(name, tuple(clips)),),
        has_crossfades=False,
        has_edge_fades=False,
        left_out=left_out_sentences(+Counter({"deselected segment": len(segments) - len(chosen)})),
    )


def _project_row(segment: Mapping[str, Any]) -> _Row:
    start, stop = segment.get("start"), segment.get("end")
    first = 0.0 if start is None else float(seconds_of(start))
    return first, None if stop is None else float(seconds_of(stop)), str(segment.get("name") or "")


def _as_json(text: str) -> str:
    """Return JSON5, as LosslessCut writes it, as JSON: its quotes, bare keys, comments and last commas."""

    def plain(found: re.Match[str]) -> str:
        if found["text"] and (len(found["text"]) < 2 or found["text"][0] != found["text"][-1]):
            raise ValueError("a text in it has no end")
        if found["text"] and found["text"][0] == "'":
            inside = found["text"][1:-1].replace(_ESCAPED_QUOTE, "'")
            return '"' + re.sub(r'(?<!\\)"', r"\"", inside) + '"'
        return found["text"] or (json.dumps(found["key"]) if found["key"] else "")

    return _PART.sub(plain, text)
