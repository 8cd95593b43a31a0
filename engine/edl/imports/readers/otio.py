"""OpenTimelineIO: tracks of clips, gaps and transitions.

The JSON is read without the library, which holds a file of anybody's to nothing before it builds objects of
it. Clips of versions 1 and 2 are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from engine.document.file.checks.limits import FARTHEST_SAMPLES
from engine.edl.imports import EditsFile
from engine.edl.imports.crossfaded import crossfaded
from engine.edl.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedMarker,
    ImportedTrack,
    Medium,
    left_out_sentences,
)
from engine.edl.imports.media_names import name_of, path_of
from engine.edl.imports.times import number_of, rate_of, within
from engine.progress import Progress
from engine.strict_json import parse_json

_FRAMES_BELOW = 1_000
"""Lower rates are those of video, and whole values of them were rounded to frames."""

_MARKER_VALUES = "start_samples", "length_samples"
_CLIP_VALUES = (
    "start_samples",
    "result_start_samples",
    "length_samples",
    "before_samples",
    "after_samples",
    "result_start_frame",
    "result_stop_frame",
)


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the audio tracks of a timeline; all of its tracks if it has no audio tracks.

    Raises
    ------
    EditsError : it is not a timeline
    """
    try:
        timeline = parse_json(file.content())
        return _Reading(file, progress).described(timeline)
    except (ValueError, TypeError) as error:
        raise file.refused(str(error)) from error


class _Reading:
    """Reads one timeline, and counts the parts it leaves out."""

    def __init__(self, file: EditsFile, progress: Progress) -> None:
        self._file, self._progress = file, progress
        self._left_out: Counter[str] = Counter()
        self._rounding_s = NOTHING
        self._clip_rate: Fraction | None = None

    def described(self, timeline: object) -> ImportedEdits:
        """Return the edits of a timeline."""
        stack = _object(timeline, "Timeline")["tracks"] if _schema(timeline) == "Timeline" else timeline
        stack = _object(stack, "Stack")
        tracks = [one for one in _list(stack, "children") if _schema(one) == "Track"]
        if not tracks:
            raise ValueError("it holds no tracks")
        audio = [one for one in tracks if one.get("kind") == "Audio"]
        if audio and len(audio) < len(tracks):
            self._left_out["track of video"] += len(tracks) - len(audio)
        found = tuple(self._track(one) for one in audio or tracks)
        markers = [*_list(stack, "markers"), *(one for track in tracks for one in _list(track, "markers"))]
        return ImportedEdits(
            self._file.name,
            self._file.form.name,
            found,
            tuple(self._marker(one) for one in markers),
            rounding_s=self._rounding_s,
            counts_frames=self._clip_rate is not None,
            frame_rate=self._clip_rate,
            has_edge_fades=False,
            left_out=left_out_sentences(self._left_out),
        )

    def _track(self, track: dict[str, Any]) -> ImportedTrack:
        items = [_dict(one) for one in _list(track, "children")]
        is_on = track.get("enabled", True) is not False
        clips: list[ImportedClip] = []
        here = NOTHING
        for number, item in enumerate(items):
            self._progress.check_cancelled()
            kind = _schema(item)
            if kind == "Transition":
                continue
            span = self._span(item)
            if kind == "Clip":
                before = self._offset(items, number - 1, "in_offset")
                after = self._offset(items, number + 1, "out_offset")
                clips += self._clip(item, span, here, (before, after), is_on=is_on)
            elif kind != "Gap":
                self._left_out["nested part" if kind in ("Stack", "Track") else "unknown part"] += 1
            here = within(here + span[1])
        return ImportedTrack(_text(track.get("name")), crossfaded(clips))

    def _offset(self, items: Sequence[dict[str, Any]], number: int, name: str) -> Fraction:
        """Return the reach of a neighbouring transition over a clip's edge."""
        if not 0 <= number < len(items) or _schema(items[number]) != "Transition":
            return NOTHING
        offset = self._time(items[number].get(name))
        if offset < 0:
            raise ValueError("a transition has a negative length")
        return offset

    def _span(self, item: dict[str, Any]) -> tuple[Fraction, Fraction]:
        """Return the start and the length of the used part of an item."""
        used = item.get("source_range")
        if used is None:
            medium = _reference(item)
            used = None if medium is None else medium.get("available_range")
            if used is None:
                raise ValueError("a part of a track has no length")
        start, length = self._range(used)
        if length < 0:
            raise ValueError("a part of a track has a negative length")
        return start, length

    def _clip(
        self,
        item: dict[str, Any],
        span: tuple[Fraction, Fraction],
        at: Fraction,
        reach: tuple[Fraction, Fraction],
        *,
        is_on: bool,
    ) -> Iterator[ImportedClip]:
        if item.get("effects"):
            self._left_out["effect"] += len(_list(item, "effects"))
        reference = _reference(item)
        if reference is None or _schema(reference) != "ExternalReference":
            self._left_out["clip without a file"] += 1
            return
        rate = self._frame_rate(item.get("source_range"))
        if rate is not None and rate < _FRAMES_BELOW:
            self._clip_rate = rate
        path = path_of(_text(reference.get("target_url")))
        begins, length_s = NOTHING, None
        if reference.get("available_range") is not None:
            begins, length_s = self._range(reference["available_range"])
        start, length = span[0] - begins if span[0] >= begins else span[0], span[1]
        medium = Medium(name_of(path) or _text(item.get("name")), path, length_s)
        before, after = reach
        if (samples := self._samples(item, start, at, length, rate)) is not None:
            start, at, length, before, after = samples
        else:
            self._count_rounding(item.get("source_range"))
        is_heard = is_on and item.get("enabled", True) is not False
        yield ImportedClip(
            medium, start - before, before + length + after, at - before, before, after, is_heard=is_heard
        )

    def _samples(
        self, item: dict[str, Any], start: Fraction, at: Fraction, length: Fraction, rate: Fraction | None
    ) -> tuple[Fraction, ...] | None:
        """Return the exact times that Offcut stored with a clip, before rounding to frames.

        Returns
        -------
        Start in the medium, start on the track, length, and reach of the crossfades; in seconds. None if no
        times are stored, or the clip was moved since.
        """
        left = _left(item, _CLIP_VALUES)
        if left is None or rate is None:
            return None
        *samples, first, last, rate_hz = left
        found = tuple(Fraction(one, rate_hz) for one in samples)
        apart = at - first / rate, at + length - last / rate, start - at - (found[0] - found[1])
        return found if all(2 * abs(one) * rate < 1 for one in apart) else None

    def _frame_rate(self, value: object) -> Fraction | None:
        held = value.get("start_time") if isinstance(value, dict) else None
        return rate_of(held.get("rate")) if isinstance(held, dict) else None

    def _marker(self, marker: object) -> ImportedMarker:
        held = _dict(marker)
        start, length = self._range(held.get("marked_range"))
        rate = self._frame_rate(held.get("marked_range"))
        left = _left(held, _MARKER_VALUES)
        if left is not None and rate is not None and 2 * abs(Fraction(left[0], left[2]) - start) * rate <= 1:
            start, length = Fraction(left[0], left[2]), Fraction(left[1], left[2])
        return ImportedMarker(_text(held.get("name")), start, start + max(length, NOTHING))

    def _range(self, value: object) -> tuple[Fraction, Fraction]:
        held = _dict(value)
        return self._time(held.get("start_time")), self._time(held.get("duration"))

    def _time(self, value: object) -> Fraction:
        held = _dict(value)
        return within(number_of(held.get("value")) / rate_of(held.get("rate")))

    def _count_rounding(self, value: object) -> None:
        """Take a range of whole frames for one that was rounded to them."""
        for name in ("start_time", "duration"):
            held = _dict(_dict(value).get(name)) if value is not None else {}
            if not held:
                continue
            rate, count = rate_of(held.get("rate")), number_of(held.get("value"))
            if rate < _FRAMES_BELOW and count and count.denominator == 1:
                self._rounding_s = max(self._rounding_s, 1 / rate)


def _left(item: dict[str, Any], names: Sequence[str]) -> list[int] | None:
    """Return values of Offcut's metadata, the rate last; None if any is missing."""
    metadata = item.get("metadata")
    held = metadata.get("offcut") if isinstance(metadata, dict) else None
    if not isinstance(held, dict):
        return None
    found = [one for one in map(held.get, (*names, "rate_hz")) if type(one) is int]
    is_whole = len(found) > len(names) and found[-1] and all(0 <= one <= FARTHEST_SAMPLES for one in found)
    return found if is_whole else None


def _reference(item: dict[str, Any]) -> dict[str, Any] | None:
    """Return the medium of a clip, as versions 1 and 2 hold it."""
    held = item.get("media_reference")
    if held is None:
        every = item.get("media_references")
        key = item.get("active_media_reference_key", "DEFAULT_MEDIA")
        held = every.get(key) if isinstance(every, dict) and isinstance(key, str) else None
    return None if held is None else _dict(held)


def _schema(value: object) -> str:
    name = value.get("OTIO_SCHEMA") if isinstance(value, dict) else None
    return name.partition(".")[0] if isinstance(name, str) else ""


def _object(value: object, schema: str) -> dict[str, Any]:
    if _schema(value) != schema:
        raise ValueError(f"it does not hold a {schema.lower()}")
    return _dict(value)


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a part of it is missing or of another type")
    return value


def _list(held: dict[str, Any], name: str) -> list[Any]:
    value = held.get(name) or []
    if not isinstance(value, list):
        raise ValueError(f"its {name} are not a list")
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
