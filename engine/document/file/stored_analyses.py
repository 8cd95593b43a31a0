"""Analyses in the file: scalar fields as JSON, arrays as one compressed block, checked when they are read.

A block of a few kilobytes may claim gigabytes: no more is unpacked than an analysis can need, and no array is
made before the block is known to hold it. The checks of values raise `ValueError`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import isfinite
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - an exception by another name

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from engine.document.analysis import (
    DAY,
    MOST_STARS,
    ORNAMENTS,
    PICKUP,
    SECTIONS,
    TAKES,
    WORDS,
    Analysis,
    BeatGrid,
    DetectedSounds,
    Hits,
    Listening,
    NearestReference,
    ScoreCurve,
    StoredCurve,
    StoredDay,
    StoredSections,
    StoredTakes,
    StrokePickup,
    Transcript,
)
from engine.document.file.checks import require_numbers, shown
from engine.document.file.rows import json_value
from engine.document.file.transaction import Tally, digest
from engine.document.limits import (
    FARTHEST_SAMPLES,
    LONGEST_FACTS_BYTES,
    LONGEST_TEXT,
    MOST_ARRAY_BYTES,
    MOST_PACKED_BYTES,
)

UNREADABLE = (ValueError, TypeError, KeyError, EOFError, OSError, BadZipFile, ZlibError, NotImplementedError)
"""Errors raised for an invalid block."""

_SUFFIX = ".npy"
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def unpacked(block: bytes, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a block that `numpy.savez_compressed` wrote.

    Parameters
    ----------
    names : those that there may be

    Raises
    ------
    ValueError, ... : see `UNREADABLE`
    """
    with ZipFile(BytesIO(block)) as packed:
        members = packed.infolist()
        size_bytes = sum(member.file_size for member in members)
        found = [member.filename.removesuffix(_SUFFIX) for member in members]
        if size_bytes > MOST_ARRAY_BYTES or len(set(found)) < len(found) or not set(found) <= set(names):
            raise ValueError("these are not the arrays of an analysis")
        arrays = {}
        for name, member in zip(found, members, strict=True):
            with packed.open(member) as stream:
                shape, fortran_order, dtype = _HEADERS[npy.read_magic(stream)](stream)
                if dtype.kind not in "iuf" or (fortran_order and len(shape) > 2):
                    raise ValueError(f"{name} holds no numbers")
                wanted = int(np.prod(shape, dtype=object)) * dtype.itemsize
                if wanted != member.file_size - stream.tell():
                    raise ValueError(f"{name} has another length than its header")
                values = np.frombuffer(bytearray(stream.read(wanted)), dtype)
                arrays[name] = values.reshape(shape, order="F" if fortran_order else "C")
    return arrays


def require_curve(curve: StoredCurve) -> None:
    """Refuse a curve with invalid values; the message continues after "it returns".

    Raises
    ------
    ValueError : it has them
    """
    values = curve.values
    if not isinstance(values, np.ndarray) or values.dtype != np.float32 or values.ndim != 1:
        shape = f"{values.dtype} {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
        raise ValueError(f"values of the type {shape} instead of float32 (n,)")
    if len(invalid := np.flatnonzero(~np.isfinite(values))):
        raise ValueError(f"the value {values[invalid[0]]} in frame {invalid[0]:,}")
    if type(curve.hop_samples) is not int or not 1 <= curve.hop_samples <= FARTHEST_SAMPLES:
        raise ValueError(f"a hop of {curve.hop_samples!r} instead of a whole number of samples from 1")
    if values.nbytes > MOST_ARRAY_BYTES:
        raise ValueError(f"{len(values):,} values, which a document cannot hold")
    ends = (curve.lowest, curve.highest)
    if not all(isinstance(end, int | float) and isfinite(end) for end in ends) or ends[0] >= ends[1]:
        raise ValueError(f"a range from {ends[0]!r} to {ends[1]!r}")
    _texts([curve.unit, curve.title])


def _require_beats(grid: BeatGrid) -> None:
    beats = _positions(grid.beats_samples)
    _whole(grid.bar_positions, (len(beats),), 0, FARTHEST_SAMPLES)
    require_numbers("the tempo", [grid.tempo_bpm, grid.confidence])
    _texts(grid.readings)
    _numbers(grid.reading_confidences, (len(grid.readings),))
    _positions(_spans(grid.free_samples).ravel())


def _require_listening(listening: Listening) -> None:
    _positions(listening.onsets_samples)
    _numbers(listening.loudness_db, (len(listening.loudness_db),))
    _require_count(listening.hop_samples, 1)
    _positions(_spans(listening.dead_air_samples).ravel())
    count = len(listening.dead_air_samples)
    _texts(listening.dead_air_kinds, count)
    _numbers(listening.dead_air_db, (count,))
    faults = len(_spans(listening.channel_fault_samples))
    _whole(listening.faulty_channels, (faults,), 0, FARTHEST_SAMPLES)
    _whole(listening.channel_fault_counts, (faults,), 0, FARTHEST_SAMPLES)
    _texts(listening.channel_fault_kinds, faults)
    _texts(listening.channel_fault_tracks, faults)


def _require_scores(curve: ScoreCurve) -> None:
    if not isinstance(curve.knows_music, bool) or not isinstance(curve.keeps_songs, bool):
        raise ValueError("a fact that is neither true nor false")
    songs = len(curve.unfamiliar_songs)
    _whole(curve.unfamiliar_songs, (songs,), 0, songs)
    _positions(_spans(curve.unfamiliar_samples, songs).ravel())
    times = _positions(curve.times_samples)
    _numbers(curve.scores, (len(times),))
    _texts(curve.part_names)
    if curve.parts.size or curve.part_names:
        _numbers(curve.parts, (len(times), len(curve.part_names)))
    require_numbers("the limit and the shortest cut", [curve.limit, curve.shortest_cut_s])
    _numbers(curve.part_limits, (len(curve.part_names) * bool(len(curve.part_limits)),))
    starts = curve.false_starts_samples
    _whole(starts, (len(starts), 3), 0, FARTHEST_SAMPLES)
    _texts(curve.fault_kinds)
    for spans in (starts, _spans(curve.faults_samples, len(curve.fault_kinds))):
        if np.any(np.diff(spans) < 0) or np.any(np.diff(spans[:, 0]) < 0):
            raise ValueError("a fault that ends before it begins")


def _require_nearest(nearest: NearestReference) -> None:
    starts, count = _positions(nearest.starts_samples), len(nearest.paths)
    _require_count(nearest.length_samples, 0)
    _whole(nearest.recordings, (len(starts),), 0, count - 1)
    _numbers(nearest.kept_starts_s, (len(starts),))
    _numbers(nearest.distances, (len(starts),))
    _texts(nearest.paths)
    _texts(nearest.content_hashes, count)
    _numbers(nearest.durations_s, (count,))


def _require_hits(hits: Hits) -> None:
    shape, tracks = (len(hits.onsets_samples),), len(hits.track_ids)
    _texts(hits.track_ids)
    if len(hits.roles) != tracks or len(set(hits.track_ids)) != tracks:
        raise ValueError("there is not one role for each microphone")
    _numbers(hits.onsets_samples, shape, -FARTHEST_SAMPLES, FARTHEST_SAMPLES)
    _whole(hits.tracks, shape, 0, tracks - 1)
    _numbers(hits.strengths_db, shape)
    _whole(hits.strokes, shape, 0, FARTHEST_SAMPLES)
    _positions(hits.strokes.astype(np.int64))
    _whole(hits.ornaments, shape, 0, len(ORNAMENTS) - 1)
    _numbers(hits.confidences, shape, 0.0, 1.0)
    _numbers(hits.role_confidences, (tracks,), 0.0, 1.0)
    _numbers(hits.delays_samples, (tracks,))
    _numbers(hits.unsure_samples, shape)


def _require_sounds(sounds: DetectedSounds) -> None:
    spans = _spans(sounds.spans_samples)
    if (spans[:, 1] <= spans[:, 0]).any() or (np.diff(spans[:, 0]) < 0).any():
        raise ValueError("a span goes back")
    _texts(sounds.words, len(spans))
    _numbers(sounds.likelihoods, (len(spans),), 0.0, 1.0)


def _require_sections(sections: StoredSections) -> None:
    spans = _spans(sections.spans_samples)
    if (spans[:, 1] <= spans[:, 0]).any() or (spans[1:, 0] < spans[:-1, 1]).any():
        raise ValueError("sections go back or overlap")
    _texts(sections.labels, len(spans))
    _numbers(sections.confidences, (len(spans),), 0.0, 1.0)


def _require_pickup(pickup: StrokePickup) -> None:
    _texts(pickup.track_ids)
    _numbers(pickup.shares, (len(pickup.track_ids),) * 2, 0.0, 1.0)


def _require_takes(takes: StoredTakes) -> None:
    _texts(takes.names)
    count, starts = len(takes.passages), len(takes.likelihoods)
    _whole(takes.passages, (count,), 0, len(takes.names) - 1)
    _whole(takes.is_complete, (count,), 0, 1)
    _whole(takes.semitones, (count,), -FARTHEST_SAMPLES, FARTHEST_SAMPLES)
    _numbers(takes.speeds, (count,))
    _numbers(takes.shares, (count, 2))
    _numbers(takes.false_starts_s, (starts, 3))
    _numbers(takes.likelihoods, (starts,))
    _numbers(takes.played_s, (len(takes.played_s), 2))
    _numbers(takes.spans_s, (count, 2))
    spans = np.concatenate([takes.spans_s, takes.false_starts_s[:, :2], takes.played_s])
    if (np.diff(spans, axis=1) < 0).any() or (np.abs(spans) > FARTHEST_SAMPLES).any():
        raise ValueError("a span goes back or is too far away")
    if (np.diff(takes.passages) < 0).any() or len(set(takes.passages.tolist())) != len(takes.names):
        raise ValueError("the takes are not in the order of their passages")


def _require_day(day: StoredDay) -> None:
    _texts([day.kind, day.of_sound, *day.names])
    count = len(day.songs)
    _whole(day.songs, (count,), 0, len(day.names) - 1)
    _whole(day.are_known, (len(day.names),), 0, 1)
    _whole(day.are_complete, (count,), 0, 1)
    _whole(day.semitones, (count,), -FARTHEST_SAMPLES, FARTHEST_SAMPLES)
    _numbers(day.speeds, (count,), 0.0)
    _numbers(np.where(np.isnan(day.tunings_cents), 0.0, day.tunings_cents), (count,), -50.0, 50.0)
    _whole(day.stars, (count,), 0, MOST_STARS)
    _whole(day.retained, (count,), -1, 1)
    for spans in (day.spans_samples, day.talk_samples, day.idle_samples):
        _spans(spans)
    if (np.diff(day.songs) < 0).any() or len(set(day.songs.tolist())) != len(day.names):
        raise ValueError("the takes are not in the order of their songs")


def _require_words(transcript: Transcript) -> None:
    spans = _spans(transcript.spans_samples)
    if (np.diff(spans[:, 0]) < 0).any():
        raise ValueError("the words are not in the order of their starts")
    _texts([*transcript.names, transcript.language, transcript.model, transcript.of_sound])
    _texts(transcript.texts, len(spans))
    _numbers(transcript.probabilities, (len(spans),), 0.0, 1.0)
    _whole(transcript.speakers, (len(spans),), -1, len(transcript.names) - 1)
    hesitations = _spans(transcript.hesitations_samples)
    _numbers(transcript.hesitation_scores, (len(hesitations),), 0.0, 1.0)


def _positions(values: NDArray[Any]) -> NDArray[Any]:
    _whole(values, (len(values),), -FARTHEST_SAMPLES, FARTHEST_SAMPLES)
    if (values[1:] < values[:-1]).any():
        raise ValueError("positions go back")
    return values


def _spans(values: NDArray[Any], count: int | None = None) -> NDArray[Any]:
    """Require spans [start, stop) of the recording, shape (count, 2)."""
    _whole(values, (len(values) if count is None else count, 2), 0, FARTHEST_SAMPLES)
    if (values[:, 1] < values[:, 0]).any():
        raise ValueError("a span goes back")
    return values


def _whole(values: NDArray[Any], shape: tuple[int, ...], lowest: int, highest: int) -> None:
    if values.dtype.kind not in "iu" or values.shape != shape:
        raise ValueError("wrong number of integers")
    if values.size and not (lowest <= values.min() and values.max() <= highest):
        raise ValueError("a whole number is out of its limits")


def _numbers(
    values: NDArray[Any], shape: tuple[int, ...], lowest: float = -np.inf, highest: float = np.inf
) -> None:
    if values.dtype.kind != "f" or values.shape != shape or not np.isfinite(values).all():
        raise ValueError("wrong number of values")
    if ((values < lowest) | (values > highest)).any():
        raise ValueError("a number is out of its limits")


def _require_count(value: object, lowest: int) -> None:
    if type(value) is not int or not lowest <= value <= FARTHEST_SAMPLES:
        raise ValueError("an invalid length")


def _texts(values: Sequence[object], count: int | None = None) -> None:
    if not isinstance(values, list | tuple):
        raise ValueError("these are not texts")
    if not all(isinstance(value, str) and len(value) <= LONGEST_TEXT for value in values):
        raise ValueError("one of these is not text")
    if count is not None and len(values) != count:
        raise ValueError(f"{len(values)} texts instead of {count}")


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which analyses are stored.

    Attributes
    ----------
    made : the class of the analysis
    words : name in a sentence
    require : raises `ValueError` for an invalid one
    """

    made: type[Analysis]
    words: str
    require: Callable[[Any], None]


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "score": Form(ScoreCurve, "the scores", _require_scores),
        "nearest": Form(NearestReference, "the nearest references", _require_nearest),
        "beats": Form(BeatGrid, "the beats", _require_beats),
        "listening": Form(Listening, "the onsets and the loudness", _require_listening),
        "hits": Form(Hits, "the drum hits", _require_hits),
        "promoted": Form(Hits, "the drum hits that you confirmed", _require_hits),
        "sounds": Form(DetectedSounds, "the detected sounds", _require_sounds),
        PICKUP: Form(StrokePickup, "which tracks were recorded together", _require_pickup),
        TAKES: Form(StoredTakes, "the takes", _require_takes),
        DAY: Form(StoredDay, "the songs of the day", _require_day),
        WORDS: Form(Transcript, "the transcript", _require_words),
        SECTIONS: Form(StoredSections, "the sections", _require_sections),
        "curve": Form(StoredCurve, "a curve", require_curve),
    }
)
"""By the kind of the analysis; those that packages add have other kinds, and are curves."""


def require_analysis(analysis: Analysis) -> None:
    """Refuse an invalid analysis.

    Raises
    ------
    ValueError : it is invalid
    """
    if not isinstance(analysis.maker, str):
        raise ValueError("the maker is not text")
    FORMS[_form_of(analysis)].require(analysis)


def _form_of(analysis: Analysis) -> str:
    return next(name for name, form in FORMS.items() if isinstance(analysis, form.made))


# As bytes, since damaged text may be no text at all.
_WRITTEN = "CAST(facts AS BLOB), arrays, digest"
_SHORT = f"length(facts) <= {LONGEST_FACTS_BYTES} AND length(arrays) <= {MOST_PACKED_BYTES}"


def write_analysis(
    connection: sqlite3.Connection, tally: Tally, analysis_id: str, analysis: Analysis
) -> None:
    """Store an analysis; a stored one is never changed."""
    kind = _form_of(analysis)
    values = {name: getattr(analysis, name) for name in analysis.__dataclass_fields__}
    block = BytesIO()
    np.savez_compressed(
        block, allow_pickle=False, **{n: v for n, v in values.items() if isinstance(v, np.ndarray)}
    )
    facts = json.dumps({name: value for name, value in values.items() if not isinstance(value, np.ndarray)})
    arrays = block.getvalue()
    before = connection.execute(
        "SELECT id, kind, digest FROM analysis WHERE id = ?", (analysis_id,)
    ).fetchone()
    if before is not None:
        tally.count("analysis", before)
    found = digest(facts.encode() + arrays)
    connection.execute(
        "INSERT OR REPLACE INTO analysis VALUES (?, ?, ?, ?, ?)", (analysis_id, kind, facts, arrays, found)
    )
    tally.count("analysis", (analysis_id, kind, found))


def read_analysis(connection: sqlite3.Connection, analysis_id: str) -> Analysis | None:
    """Return a stored analysis; None if it is missing or damaged, since it can be computed again."""
    wanted = f"SELECT kind, {_WRITTEN} FROM analysis WHERE id = ? AND {_SHORT}"
    row = connection.execute(wanted, (analysis_id,)).fetchone()
    if row is None or not _is_sound(*row[1:]):
        return None
    kind, facts, block, _ = row
    try:
        made: Callable[..., Analysis] = FORMS[kind].made
        known = FORMS[kind].made.__dataclass_fields__
        values = json_value(facts.decode())
        arrays = [name for name, one in known.items() if str(one.type).startswith("NDArray")]
        numbers = unpacked(block, arrays)
        analysis = made(**{name: values[name] for name in known.keys() & values}, **numbers)
        require_analysis(analysis)
    except (*UNREADABLE, AttributeError):
        return None
    return analysis


@dataclass(frozen=True, slots=True)
class SoundAnalyses:
    """Intact and damaged analyses of a document.

    Attributes
    ----------
    current : ids of the current ones, by kind
    damaged : names of the others, such as "the scores" and "earlier beats"
    """

    current: Mapping[str, str]
    damaged: tuple[str, ...]


def sound_analyses(connection: sqlite3.Connection, current: Mapping[str, str]) -> SoundAnalyses:
    """Find the damaged analyses among all; the current ones are given by kind and id."""
    stored = connection.execute(f"SELECT id, {_WRITTEN} FROM analysis WHERE {_SHORT}")
    sound = {key for key, *written in stored if _is_sound(*written)}
    intact = {kind: key for kind, key in current.items() if key in sound}
    damaged = [name_of(kind) for kind in current if kind not in intact]
    for key, kind in connection.execute("SELECT id, kind FROM analysis").fetchall():
        if key not in sound and key not in current.values():
            damaged.append(f"earlier {name_of(kind).removeprefix('the ')}")
    return SoundAnalyses(intact, tuple(dict.fromkeys(damaged)))


def name_of(kind: str) -> str:
    """Return the name of an analysis kind in a sentence."""
    return FORMS[kind].words if kind in FORMS else f"the analysis {shown(kind)}"


def is_of_kind(analysis: Analysis, kind: str) -> bool:
    """Return whether an analysis fits this kind."""
    return isinstance(analysis, FORMS.get(kind, FORMS["curve"]).made)


def _is_sound(facts: bytes, arrays: bytes, expected: int) -> bool:
    return digest(facts + arrays) == expected
