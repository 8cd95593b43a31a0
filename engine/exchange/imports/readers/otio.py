"""OpenTimelineIO: tracks of clips, gaps and transitions.

The JSON is read without the library, which holds a file of anybody's to nothing before it builds objects of
it. Clips of versions 1 and 2 are known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from engine.core.files.text import parse_json
from engine.core.progress import Progress
from engine.document.limits import FARTHEST_SAMPLES
from engine.exchange.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedMarker,
    ImportedTrack,
    Medium,
    NotUnderstood,
    all_unknown,
    at_speed,
    crossfaded,
    left_out_sentences,
    trimmed,
    trimmed_parts,
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.values import name_of, number_of, path_of, rate_of, within

_Span = tuple[Fraction, Fraction]
"""A start and a length."""
_Lanes = dict[tuple[int, ...], list[ImportedClip]]
"""The clips of a track, and of the tracks nested in it, by their numbers."""
_NESTED = ("Stack", "Track")
_TIME_EFFECT = re.compile("time.?(re)?map|time.?warp|speed|reverse|retime|freeze", re.IGNORECASE)
_FASTEST = 10_000
_FRAMES_BELOW = 1_000
"""Lower rates are those of video, and whole values of them were rounded to frames."""

_FADES = "fade_in_samples", "fade_out_samples"
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
        timeline = parse_json(file.content(), is_finite=False)
        return _Reading(file, progress).described(timeline)
    except (ValueError, TypeError) as error:
        raise file.refused(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Lane:
    """Where clips go, and whether all that holds them is switched on."""

    path: tuple[int, ...]
    is_on: bool

    def of(self, item: dict[str, Any]) -> _Lane:
        """Return the lane as an item on it continues it."""
        return _Lane(self.path, self.is_on and item.get("enabled", True) is not False)


class _Reading:
    """Reads one timeline, and counts the parts it leaves out."""

    def __init__(self, file: EditsFile, progress: Progress) -> None:
        self._file, self._progress = file, progress
        self._left_out: Counter[str] = Counter()
        self._not_understood: list[NotUnderstood] = []
        self._track = ""
        self._rounding_s = NOTHING
        self._clip_rate: Fraction | None = None

    def described(self, timeline: object) -> ImportedEdits:
        """Return the edits of a timeline."""
        stack = _object(timeline, "Timeline").get("tracks") if _schema(timeline) == "Timeline" else timeline
        stack = _object(stack, "Stack")
        tracks = [one for one in _list(stack, "children") if _schema(one) == "Track"]
        if not tracks:
            raise ValueError("it holds no tracks")
        audible = self._audible({**stack, "children": tracks})
        found = tuple(track for one in audible for track in self._tracks(one, stack))
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
            not_understood=tuple(self._not_understood),
        )

    def _tracks(self, item: dict[str, Any], stack: dict[str, Any]) -> Iterator[ImportedTrack]:
        """Yield a track of the whole stack, and further ones for the tracks of the timelines nested in it."""
        lanes: _Lanes = {}
        self._track = _text(item.get("name"))
        only = {**stack, "children": [item]}
        self._composition(only, self._span(only), NOTHING, _Lane((), is_on=True), lanes)
        for clips in lanes.values():
            yield ImportedTrack(self._track, crossfaded(clips))

    def _composition(
        self, item: dict[str, Any], span: _Span, at: Fraction, lane: _Lane, lanes: _Lanes
    ) -> None:
        """Read the part of a track or stack that begins at a place of the timeline."""
        speed = self._speed(item)
        found: _Lanes = {}
        known, self._not_understood = self._not_understood, []
        lane = lane.of(item)
        if _schema(item) == "Track":
            self._sequence(item, at - span[0], lane, found)
        else:
            for number, one in enumerate(self._audible(item)):
                inner = _Lane((*lane.path, number), lane.is_on)
                if _schema(one) in _NESTED:
                    self._composition(one, self._span(one), at - span[0], inner, found)
                else:
                    self._item(one, (NOTHING, NOTHING), at - span[0], inner, found)
        parts, clips = tuple(self._not_understood), {path: tuple(own) for path, own in found.items()}
        if item.get("source_range") is not None:
            end = at + span[1] * (abs(speed) or 1)
            parts = tuple(trimmed_parts(parts, at, end))
            clips = {path: tuple(trimmed(own, at, end)) for path, own in clips.items()}
        self._not_understood = known
        if speed == 1:
            self._not_understood += parts
            for path, own in clips.items():
                lanes.setdefault(path, []).extend(own)
            return
        held = [one for own in clips.values() for one in own if one.is_audible]
        noun = "part of a nested timeline with a change of speed"
        self._not_understood += all_unknown(held, noun, at, at + span[1], self._track)
        self._not_understood += (replace(one, start_s=at, stop_s=at + span[1]) for one in parts)

    def _sequence(self, track: dict[str, Any], begin: Fraction, lane: _Lane, lanes: _Lanes) -> None:
        """Read the items of a track that begins at a place of the timeline."""
        items = [_dict(one) for one in _list(track, "children")]
        here = begin
        for number, item in enumerate(items):
            self._progress.check_cancelled()
            if _schema(item) == "Transition":
                continue
            before = self._offset(items, number - 1, "in_offset")
            after = self._offset(items, number + 1, "out_offset")
            self._item(item, (before, after), here, lane, lanes)
            here = within(here + self._span(item)[1])

    def _item(self, item: dict[str, Any], reach: _Span, at: Fraction, lane: _Lane, lanes: _Lanes) -> None:
        """Read an item that begins at a place of the timeline."""
        span, lane = self._span(item), lane.of(item)
        kind = _schema(item)
        if kind == "Clip":
            lanes.setdefault(lane.path, []).extend(self._clip(item, span, at, reach, is_on=lane.is_on))
        elif kind in _NESTED:
            self._composition(item, span, at, lane, lanes)
        elif kind != "Gap" and lane.is_on:
            self._not_understood.append(NotUnderstood("unknown part", at, at + span[1], self._track))

    def _audible(self, stack: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the audio tracks of a stack; all parts of it if it has no audio tracks."""
        parts = [_dict(one) for one in _list(stack, "children")]
        audio = [one for one in parts if one.get("kind") == "Audio"]
        if audio and len(audio) < len(parts):
            self._left_out["track of video"] += len(parts) - len(audio)
        return audio or parts

    def _speed(self, item: dict[str, Any]) -> Fraction:
        """Return the speed at which the effects of an item play it, 0 if that is not known."""
        speed = Fraction(1)
        for one in map(_dict, _list(item, "effects")):
            kind = _schema(one)
            if kind == "LinearTimeWarp":
                speed *= number_of(one.get("time_scalar", 1))
            elif kind in ("FreezeFrame", "TimeEffect") or _TIME_EFFECT.search(_text(one.get("effect_name"))):
                speed *= 0
            else:
                self._left_out["effect"] += 1
        if abs(speed) > _FASTEST:
            raise ValueError(f"a part of it plays at more than {_FASTEST:,} times its speed")
        return speed

    def _offset(self, items: Sequence[dict[str, Any]], number: int, name: str) -> Fraction:
        """Return the reach of a neighbouring transition over a clip's edge."""
        if not 0 <= number < len(items) or _schema(items[number]) != "Transition":
            return NOTHING
        offset = self._time(items[number].get(name))
        if offset < 0:
            raise ValueError("a transition has a negative length")
        return offset

    def _span(self, item: dict[str, Any]) -> _Span:
        """Return the start and the length of the used part of an item."""
        used = item.get("source_range")
        if used is None and _schema(item) in _NESTED:
            parts = [_dict(one) for one in _list(item, "children")]
            lengths = [self._span(one)[1] for one in parts if _schema(one) != "Transition"]
            whole = max(lengths, default=NOTHING) if _schema(item) == "Stack" else sum(lengths, NOTHING)
            return NOTHING, within(whole)
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
        speed = self._speed(item)
        reference = _reference(item)
        if reference is None or _schema(reference) != "ExternalReference":
            if is_on:
                self._without_file(item, reference, span, at)
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
        before, after = fade_in, fade_out = reach
        if (samples := self._samples(item, start, at, length, rate)) is not None:
            start, at, length, before, after = samples
            fades = _left(item, _FADES)
            fade_in, fade_out = (before, after) if fades is None else _fractions(fades)
        else:
            self._count_rounding(item.get("source_range"))
        clip = ImportedClip(
            medium, start - before, before + length + after, at - before, fade_in, fade_out, is_audible=is_on
        )
        if speed == 1 or not is_on:
            yield clip
        else:
            self._not_understood.append(at_speed(clip, speed, self._track))

    def _without_file(
        self, item: dict[str, Any], reference: dict[str, Any] | None, span: _Span, at: Fraction
    ) -> None:
        """Note a clip whose medium is missing, generated or a series of pictures."""
        if _schema(reference) == "ImageSequenceReference":
            self._left_out["picture"] += 1
            return
        noun = "generated part" if _schema(reference) == "GeneratorReference" else "clip without a file"
        name = _text(item.get("name"))
        medium = Medium(name) if name and noun == "clip without a file" else None
        self._not_understood.append(
            NotUnderstood(noun, at, at + span[1], self._track, medium, span[0], span[0] + span[1])
        )

    def _samples(
        self, item: dict[str, Any], start: Fraction, at: Fraction, length: Fraction, rate: Fraction | None
    ) -> tuple[Fraction, ...] | None:
        """Return the exact times that Offcut stored with a clip; None without, or if it was moved since.

        They are start in the medium and on the track, length, and reach of the crossfades, in seconds.
        """
        left = _left(item, _CLIP_VALUES)
        if left is None or rate is None:
            return None
        *samples, first, last, rate_hz = left
        found = _fractions([*samples, rate_hz])
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


def _fractions(left: Sequence[int]) -> tuple[Fraction, ...]:
    """Return samples as seconds; the last number is their rate."""
    return tuple(Fraction(one, left[-1]) for one in left[:-1])


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
