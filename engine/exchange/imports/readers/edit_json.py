"""Offcut's own edit list: the result, and the edits that make it (`docs/formats/edit-list.md`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from engine.core.files.text import bytes_of, parse_json
from engine.core.progress import Progress
from engine.document.limits import FARTHEST_SAMPLES, HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from engine.document.tracks import Clip, visible_in_time
from engine.exchange.imports.described import (
    ImportedClip,
    ImportedEdits,
    ImportedMarker,
    ImportedTrack,
    Medium,
    WrittenEdit,
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.values import name_of, number_of
from engine.sound.edl.edit_list import Segment, as_insert

_VERSIONS = (1, 2, 3, 4, 5)
_WITH_INSERTS, _WITH_OWN_TIMING = 4, 5
_MOST_DB = 1_000
_MOST_CLIPS = 20_000_000
_TOO_MANY = "it holds more segments than any recording has"


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read a list of version 1 to 5.

    Raises
    ------
    EditsError : it is not an edit list, or one of a newer version
    """
    try:
        content = _dict(parse_json(file.content()))
        version = content.get("version")
        if type(version) is not int or "segments" not in content:
            raise ValueError("it is not an edit list of Offcut")
        if version not in _VERSIONS:
            raise ValueError(f"it is of version {version}, and this Offcut reads up to {_VERSIONS[-1]}")
        return _described(file, content, version, progress)
    except (ValueError, TypeError) as error:
        raise file.refused(str(error)) from error


def _described(file: EditsFile, content: dict[str, Any], version: int, progress: Progress) -> ImportedEdits:
    rate_hz = _whole(content, "rate_hz", LOWEST_RATE_HZ, HIGHEST_RATE_HZ)
    sources = {_text(one, "id"): _medium(one) for one in _dicts(content, "sources")}
    listed, written = _dicts(content, "tracks"), _dicts(content, "segments")
    if len(listed) * len(written) > _MOST_CLIPS:
        raise ValueError(_TOO_MANY)
    inserted_from = FARTHEST_SAMPLES + 1
    if version >= _WITH_INSERTS:
        inserted_from = _whole(content, "source_length_samples", 0, FARTHEST_SAMPLES)
    segments = _segments(written, inserted_from)
    own_segments, tracks = dict[int, tuple[Segment, ...]](), []
    for number, one in enumerate(listed):
        progress.check_cancelled()
        if version >= _WITH_OWN_TIMING and "segments" in one:
            own_segments[number] = _segments(_dicts(one, "segments"), inserted_from)
        played = [each for each in own_segments.get(number, segments) if not each.is_inserted]
        tracks.append(_track(one, sources, played, rate_hz))
    ids = [_text(one, "id") for one in listed]
    return ImportedEdits(
        file.name,
        file.form.name,
        tuple(tracks),
        tuple(_marker(one) for one in _dicts(content, "markers", optional=True)),
        written=tuple(_written(one, ids) for one in _dicts(content, "edits")) if "edits" in content else None,
        segments=segments,
        own_segments=own_segments,
        rate_hz=rate_hz,
    )


def _segments(written: Sequence[dict[str, Any]], inserted_from: int) -> tuple[Segment, ...]:
    """Return segments; those from a position on are inserts."""
    found = map(_segment, written)
    return tuple(as_insert(one) if one.start_samples >= inserted_from else one for one in found)


def _track(
    track: dict[str, Any], media: Mapping[str, Medium], segments: Sequence[Segment], rate_hz: int
) -> ImportedTrack:
    """Return a track with the parts of its clips that each segment plays.

    A single clip counts throughout: before and after its recording the track is silent.
    """
    held = tuple(_clip(one) for one in _dicts(track, "clips", optional=True))
    first = _whole(track, "start_samples", -FARTHEST_SAMPLES, FARTHEST_SAMPLES)
    only = held[0] if held else Clip("", _text(track, "source_id"), first, 0, 1)
    spans = [(one.clip, one.start_samples, one.stop_samples) for one in visible_in_time(held)]
    if len(held) < 2:
        spans = [(only, -FARTHEST_SAMPLES, FARTHEST_SAMPLES)]
    if len(spans) * len(segments) > _MOST_CLIPS:
        raise ValueError(_TOO_MANY)
    found = []
    for one in segments:
        for clip, begin, end in spans:
            span = max(one.start_samples, begin), min(one.stop_samples, end)
            if span[0] < span[1] or len(held) < 2:
                found.append(_played(one, clip, span, _medium_of(clip, media, track), rate_hz))
    return ImportedTrack(_text(track, "name"), tuple(found), _gain_db(track.get("gain_db")))


def _played(
    segment: Segment, clip: Clip, span: tuple[int, int], medium: Medium, rate_hz: int
) -> ImportedClip:
    """Return the part [start, stop) of a clip in a segment, whose fades are at the ends of the segment."""
    start, stop = span
    fade_in = segment.fade_in_samples if start == segment.start_samples else 0
    fade_out = segment.fade_out_samples if stop == segment.stop_samples else 0
    at = segment.result_start_samples + start - segment.start_samples
    return ImportedClip(
        medium,
        Fraction(start - clip.shift_samples, rate_hz),
        Fraction(stop - start, rate_hz),
        Fraction(at, rate_hz),
        Fraction(fade_in, rate_hz),
        Fraction(fade_out, rate_hz),
    )


def _clip(clip: dict[str, Any]) -> Clip:
    length = _whole(clip, "length_samples", 1, FARTHEST_SAMPLES)
    fade_in = _whole(clip, "fade_in_samples", 0, length)
    return Clip(
        _text(clip, "id"),
        _text(clip, "source_id"),
        _whole(clip, "start_samples", -FARTHEST_SAMPLES, FARTHEST_SAMPLES),
        _whole(clip, "offset_samples", 0, FARTHEST_SAMPLES),
        length,
        fade_in_samples=fade_in,
        fade_out_samples=_whole(clip, "fade_out_samples", 0, length - fade_in),
    )


def _segment(segment: dict[str, Any]) -> Segment:
    start = _whole(segment, "start_samples", 0, FARTHEST_SAMPLES)
    stop = _whole(segment, "stop_samples", start, FARTHEST_SAMPLES)
    return Segment(
        start,
        stop,
        _whole(segment, "result_start_samples", 0, FARTHEST_SAMPLES),
        _whole(segment, "fade_in_samples", 0, stop - start),
        _whole(segment, "fade_out_samples", 0, stop - start),
    )


def _medium_of(clip: Clip, media: Mapping[str, Medium], track: dict[str, Any]) -> Medium:
    medium = media.get(clip.source_id)
    if medium is None:
        raise ValueError(f"track {_text(track, 'name')!r} names a source that it does not hold")
    return medium


def _gain_db(value: object) -> float | None:
    if value is None:
        return None
    return float(min(max(number_of(value), Fraction(-_MOST_DB)), Fraction(_MOST_DB)))


def _medium(source: dict[str, Any]) -> Medium:
    path = bytes_of(_text(source, "path")).decode("utf-8", "surrogateescape")
    rate_hz = _whole(source, "rate_hz", 1, HIGHEST_RATE_HZ)
    length = Fraction(_whole(source, "frames", 0, FARTHEST_SAMPLES), rate_hz)
    return Medium(name_of(path), path, length, _text(source, "content_hash"))


def _written(edit: dict[str, Any], ids: Sequence[str]) -> WrittenEdit:
    start = _whole(edit, "start_samples", 0, FARTHEST_SAMPLES)
    payload, tracks = edit.get("payload", {}), edit.get("tracks", [])
    if not isinstance(payload, dict) or not isinstance(tracks, list):
        raise ValueError("an edit of it has no payload or no tracks")
    unknown = [one for one in tracks if one not in ids]
    if unknown:
        raise ValueError(f"an edit names the track {str(unknown[0])[:60]!r}, which it does not hold")
    return WrittenEdit(
        _text(edit, "kind"),
        start,
        _whole(edit, "stop_samples", start, FARTHEST_SAMPLES),
        payload,
        tuple(ids.index(one) for one in tracks),
        _text(edit, "reason"),
    )


def _marker(marker: dict[str, Any]) -> ImportedMarker:
    """Return a marker; those of an edit list are on the timeline of the recordings."""
    start = _whole(marker, "start_samples", 0, FARTHEST_SAMPLES)
    stop = _whole(marker, "stop_samples", start, FARTHEST_SAMPLES)
    return ImportedMarker(_text(marker, "name"), Fraction(start), Fraction(stop))


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a part of it is missing or of another type")
    return value


def _dicts(held: dict[str, Any], name: str, *, optional: bool = False) -> list[dict[str, Any]]:
    if optional and name not in held:
        return []
    value = held.get(name)
    if not isinstance(value, list):
        raise ValueError(f"its {name} are missing")
    return [_dict(one) for one in value]


def _text(held: dict[str, Any], name: str) -> str:
    value = held.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"a {name} of it is not a text")
    return value


def _whole(held: dict[str, Any], name: str, lowest: int, highest: int) -> int:
    value = held.get(name)
    if type(value) is not int or not lowest <= value <= highest:
        raise ValueError(
            f"a {name} of it is {str(value)[:40]!r}, not a whole number from {lowest} to {highest}"
        )
    return value
