"""Every way to change markers and regions: pure functions from the document's state to an `Edit`.

Stars of bars are regions named by stars alone, by which a comp prefers or avoids the bars of a take. Label
files are those of Audacity, which any editor writes: a start, an end and a text a line, between tabs
(https://manual.audacityteam.org/man/importing_and_exporting_labels.html).
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import isfinite
from pathlib import Path

from engine.core.errors import SourceError, UsageError
from engine.core.files.regular_file import read_beginning
from engine.core.files.text import decoded
from engine.core.timebase import format_time, read_time, s_to_samples, samples_to_s
from engine.core.wording import counted, reason_of
from engine.document.state import DocumentState, Edit, Marker, RowChange

LONGEST_NAME = 200
_ID = "marker-"
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """A place to mark: a position where start and stop are one, else a region [start, stop)."""

    start_samples: int
    stop_samples: int
    name: str = ""


def marker_text(state: DocumentState, marker: Marker) -> str:
    """Name a marker the way the status line does: ``Verse 2 at 1:02.3``."""
    at = format_time(samples_to_s(marker.start_samples, max(state.rate_hz, 1)), 1)
    return f"{marker.name} at {at}"


def require_marker(state: DocumentState, marker_id: str) -> Marker:
    """Return a marker.

    Raises
    ------
    UsageError : the id is unknown
    """
    found = state.markers.get(marker_id)
    if found is None:
        raise UsageError("This marker is gone; undo brings it back.")
    return found


def add_marker(state: DocumentState, at_samples: int) -> Edit:
    """Mark a position; the name, such as "Marker 3", is the next that is free.

    A name that is given to it next becomes part of the same step of undo (see `name_new`).
    """
    made = _new(state, [NamedSpan(at_samples, at_samples)])
    return Edit(f"Added {marker_text(state, made[0])}", _added(made), _naming(made[0].id))


def add_region(state: DocumentState, start_samples: int, stop_samples: int) -> tuple[Edit, str]:
    """Mark a span; return the edit and the id of the region.

    A name that is given to it next becomes part of the same step of undo (see `name_new`).

    Raises
    ------
    UsageError : the span is empty
    """
    if stop_samples <= start_samples:
        raise UsageError("A region needs a span; choose a proposal that is longer than 0 s.")
    made = _new(state, [NamedSpan(start_samples, stop_samples)])
    return Edit(f"Added {marker_text(state, made[0])}", _added(made), _naming(made[0].id)), made[0].id


def split_region(state: DocumentState, at_samples: int) -> Edit | None:
    """Split the shortest region around a position in two; the second part is numbered on.

    Returns
    -------
    The edit, or None if no region is there.
    """
    around = [one for one in state.markers.values() if one.start_samples < at_samples < one.stop_samples]
    if not around:
        return None
    region = min(around, key=lambda one: one.stop_samples - one.start_samples)
    taken = {one.name for one in state.markers.values()}
    found = re.fullmatch(r"(.*?)(?: (\d{1,9}))?", region.name)
    assert found is not None
    word, first_free = found[1], int(found[2] or 1) + 1
    name = next(free for number in count(first_free) if (free := f"{word} {number}") not in taken)
    (rest,) = _new(state, [NamedSpan(at_samples, region.stop_samples, name)])
    at = format_time(samples_to_s(at_samples, max(state.rate_hz, 1)), 1)
    first = replace(region, stop_samples=at_samples)
    return Edit(f"Split {region.name} at {at}", (RowChange(region, first), *_added([rest])))


def add_all(state: DocumentState, spans: Iterable[NamedSpan], label: str) -> Edit:
    """Add many markers as one step of undo; existing ones with the same span and name are skipped."""
    known = {(one.start_samples, one.stop_samples, one.name) for one in state.markers.values()}
    fresh = [
        span for span in spans if (span.start_samples, span.stop_samples, _one_line(span.name)) not in known
    ]
    return Edit(label, _added(_new(state, fresh)))


def is_named(state: DocumentState, span: NamedSpan) -> bool:
    """Return whether a region has mostly the same span as another."""
    for one in state.markers.values():
        shared = min(one.stop_samples, span.stop_samples) - max(one.start_samples, span.start_samples)
        longest = max(one.stop_samples - one.start_samples, span.stop_samples - span.start_samples)
        if one.is_region and shared > _MOSTLY * longest:
            return True
    return False


def move_marker(state: DocumentState, marker_id: str, start_samples: int, stop_samples: int) -> Edit:
    """Put a marker, or the edges of a region, elsewhere within the recording.

    Raises
    ------
    UsageError : the marker is gone
    """
    marker = require_marker(state, marker_id)
    length = stop_samples - start_samples
    if marker.is_region and length < 1:
        raise UsageError(f"{marker.name} needs an end after its start; delete it to be rid of it.")
    last = state.length_samples
    start = min(max(start_samples, 0), last)
    stop = min(max(stop_samples, start), last) if marker.is_region else start
    if marker.is_region and stop == start:
        raise UsageError(f"{marker.name} would be outside the recording; drop it inside.")
    moved = replace(marker, start_samples=start, stop_samples=stop)
    return Edit(f"Moved {marker_text(state, moved)}", _changed(marker, moved))


def rename_marker(state: DocumentState, marker_id: str, name: str) -> Edit:
    """Give a marker another name.

    Raises
    ------
    UsageError : the name is empty or the marker gone
    """
    marker = require_marker(state, marker_id)
    wanted = _one_line(name)
    if not wanted:
        raise UsageError(f"{marker.name} keeps its name: the new one is empty.")
    return Edit(f"Renamed {marker.name} to {wanted}", _changed(marker, replace(marker, name=wanted)))


def name_new(state: DocumentState, marker_id: str, name: str) -> Edit:
    """Name a marker that was just added: one step of undo with adding it."""
    edit = rename_marker(state, marker_id, name)
    text = marker_text(state, replace(require_marker(state, marker_id), name=_one_line(name)))
    return Edit(f"Added {text}", edit.changes, _naming(marker_id))


def delete_markers(state: DocumentState, ids: Sequence[str]) -> Edit:
    """Take markers away.

    Raises
    ------
    UsageError : one of them is gone already
    """
    gone = [require_marker(state, marker_id) for marker_id in ids]
    what = marker_text(state, gone[0]) if len(gone) == 1 else counted(len(gone), "marker")
    return Edit(f"Deleted {what}", tuple(RowChange(marker, None) for marker in gone))


def neighbour(state: DocumentState, at_samples: int, *, forward: bool) -> Marker:
    """Return the next marker after a position, or the previous one before it.

    Raises
    ------
    UsageError : no marker follows in that direction
    """
    if not state.markers:
        raise UsageError("There are no markers yet; add one first.")
    markers = list(state.markers.values())
    if forward:
        found = next((one for one in markers if one.start_samples > at_samples), None)
    else:
        found = next((one for one in reversed(markers) if one.start_samples < at_samples), None)
    if found is None:
        raise UsageError(f"There is no marker {'after' if forward else 'before'} the playhead.")
    return found


def _new(state: DocumentState, spans: Sequence[NamedSpan]) -> list[Marker]:
    number = 1 + max((_number(key, _ID) for key in state.markers), default=0)
    named = {
        noun: 1 + max((_number(one.name, noun) for one in state.markers.values()), default=0)
        for noun in ("Marker ", "Region ")
    }
    made: list[Marker] = []
    for span in spans:
        noun = "Region " if span.stop_samples > span.start_samples else "Marker "
        name = _one_line(span.name)
        if not name:
            name, named[noun] = f"{noun}{named[noun]}", named[noun] + 1
        made.append(Marker(f"{_ID}{number + len(made)}", span.start_samples, span.stop_samples, name))
    return made


def _one_line(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME]


def _number(text: str, prefix: str) -> int:
    rest = text.removeprefix(prefix)
    return int(rest) if rest != text and rest.isdecimal() and len(rest) < 10 else 0


def _naming(marker_id: str) -> str:
    return f"name {marker_id}"


def _added(markers: Iterable[Marker]) -> tuple[RowChange, ...]:
    return tuple(RowChange(None, marker) for marker in markers)


def _changed(before: Marker, after: Marker) -> tuple[RowChange, ...]:
    return () if before == after else (RowChange(before, after),)


MOST_STARS = 3
AVOIDED = -1
"""The rating of a bar to avoid."""
_STAR, _AVOID = "★", "☆"
_WORDS = {AVOIDED: "to be avoided", 1: "1 star", 2: "2 stars", 3: "3 stars"}


def rating_of(marker: Marker) -> int:
    """Return the stars that a marker gives, 1 to 3, or `AVOIDED`; 0 for a marker of another name."""
    if marker.name == _AVOID:
        return AVOIDED
    return len(marker.name) if set(marker.name) == {_STAR} and len(marker.name) <= MOST_STARS else 0


def ratings_of(state: DocumentState) -> list[tuple[int, int, int]]:
    """Return the rated spans [start, stop) of a document, and the rating of each."""
    rated = ((one, rating_of(one)) for one in state.markers.values())
    return [(one.start_samples, one.stop_samples, rating) for one, rating in rated if rating]


def rate(state: DocumentState, span_samples: tuple[int, int], by: int) -> Edit:
    """Give a span, such as a bar, one star more or one fewer; one fewer than none avoids it.

    Parameters
    ----------
    span_samples : [start, stop)
    by : 1 or -1

    Raises
    ------
    UsageError : the span has all stars, or is avoided already
    """
    there = (one for one in state.markers.values() if (one.start_samples, one.stop_samples) == span_samples)
    before = next(filter(rating_of, there), None)
    had = 0 if before is None else rating_of(before)
    now = had + by
    if not AVOIDED <= now <= MOST_STARS:
        raise UsageError(f"The rating is {_WORDS[had]} already.")
    if before is not None and not now:
        return Edit("Removed the rating", (RowChange(before, None),))
    name = _AVOID if now == AVOIDED else _STAR * now
    label = f"Rated {_WORDS[now]}"
    if before is None:
        return add_all(state, [NamedSpan(*span_samples, name)], label)
    return Edit(label, (RowChange(before, replace(before, name=name)),))


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
