"""A grid from the user, with notices about it: beats of a JSON file, or a Standard MIDI File.

The JSON is that of ``offcut beats --json``. A MIDI file gives a grid by its tempo map and time signatures,
and the feel of its notes. A beat is the lower number of the time signature; the default is 120 quarter notes
a minute in 4/4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import mido
import numpy as np
from mido.midifiles.meta import KeySignatureError
from numpy.typing import NDArray

from engine.core.errors import SourceError, UsageError
from engine.core.files.regular_file import read_beginning
from engine.core.files.safe_write import shown
from engine.core.files.text import parse_json
from engine.core.timebase import s_to_samples_array
from engine.core.wording import counted, reason_of
from engine.document.analysis import BeatGrid
from engine.document.grid_edits import MOST_BEATS_IN_BAR, USUAL_BEATS_IN_BAR, require_tempo
from engine.features.timing.alignment.lines import Division, Groove, groove_of

_MOST_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class OwnGrid:
    """A grid, and a sentence where something about it is not as one would expect; else an empty one."""

    grid: BeatGrid
    notice: str = ""


def bytes_of_file(path: Path) -> bytes:
    """Return the content of a small file.

    Raises
    ------
    SourceError : it cannot be read, or is larger than any such file
    """
    try:
        held = read_beginning(path, _MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error
    if len(held) > _MOST_BYTES:
        raise SourceError(f"{shown(path)} has more than 16 MB, too much for a grid: give another file.")
    return held


_SAME_S = 0.005
"""A downbeat is the beat that it is so close to."""


def read_beats(path: Path, rate_hz: int, length_samples: int) -> OwnGrid:
    """Read a grid: ``{"beats_s": [...], "downbeats_s": [...]}``, where the downbeats may be left out.

    Parameters
    ----------
    length_samples : of the recording; beats after its end are left out

    Raises
    ------
    SourceError : the file cannot be read or does not hold that
    """
    fields = _fields(path)
    beats_s = _times(path, fields, "beats_s")
    downbeats_s = (
        _times(path, fields, "downbeats_s") if fields.get("downbeats_s") is not None else np.zeros(0)
    )
    beats, first = np.unique(s_to_samples_array(beats_s, rate_hz), return_index=True)
    beats_s = beats_s[first]
    inside = beats < length_samples
    if np.count_nonzero(inside) < 2:
        raise SourceError(f"{shown(path)} has fewer than two beats within the recording: give another file.")
    positions = _bar_positions(path, beats_s, downbeats_s)
    beats, positions, outside = beats[inside], positions[inside], int(np.count_nonzero(~inside))
    tempo_bpm = 60.0 * rate_hz / float(np.median(np.diff(beats)))
    notices = []
    if outside:
        notices.append(f"{counted(outside, 'beat')} after the end of the recording left out.")
    if not len(downbeats_s):
        notices.append(f"{shown(path)} names no downbeats: bars of four from the first beat on are assumed.")
    return OwnGrid(BeatGrid(beats, positions, tempo_bpm, 1.0, f"read from {path.name}"), " ".join(notices))


def _fields(path: Path) -> Mapping[str, object]:
    try:
        fields = parse_json(bytes_of_file(path))
    except ValueError as error:
        raise SourceError(f"{shown(path)} is not valid JSON: {error}.") from error
    if not isinstance(fields, dict) or "beats_s" not in fields:
        raise SourceError(f'{shown(path)} names no "beats_s": give what "offcut beats --json" prints.')
    return fields


def _times(path: Path, fields: Mapping[str, object], name: str) -> NDArray[np.float64]:
    listed = fields[name]
    is_numbers = isinstance(listed, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in listed
    )
    if not is_numbers:
        raise SourceError(f'"{name}" in {shown(path)} is not a list of seconds.')
    times = np.array(listed, np.float64)
    if (times < 0).any() or (np.diff(times) <= 0).any() or (times > 1e9).any():
        raise SourceError(f'"{name}" in {shown(path)} does not go up from 0: sort it.')
    return times


def _bar_positions(
    path: Path, beats_s: NDArray[np.float64], downbeats_s: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Count from each downbeat to the next, and back from the first one as the bar after it is long."""
    count = np.arange(len(beats_s))
    if not len(downbeats_s):
        return count % USUAL_BEATS_IN_BAR + 1
    at = np.clip(np.searchsorted(beats_s, downbeats_s), 1, len(beats_s) - 1)
    at -= downbeats_s - beats_s[at - 1] < beats_s[at] - downbeats_s
    far = np.abs(beats_s[at] - downbeats_s) > _SAME_S
    if far.any():
        raise SourceError(
            f"The downbeat at {downbeats_s[far][0]:.3f} s in {shown(path)} is not one of its beats: "
            "correct it."
        )
    starts = np.unique(at)
    usual = int(np.bincount(np.diff(starts)).argmax()) if len(starts) > 1 else USUAL_BEATS_IN_BAR
    bar = np.searchsorted(starts, count, side="right") - 1
    since: NDArray[np.int64] = np.where(bar >= 0, count - starts[np.maximum(bar, 0)], 0)
    before = (count - starts[0]) % usual
    return np.where(bar >= 0, since, before) + 1


_USUAL_TEMPO_US = 500_000
_MOST_TICKS = 2**40
_UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError),
    KeySignatureError,  # an Exception of mido's own
)
_SHORTEST_UNIT = 128
"""Shortest beat, as a share of a bar: a 128th note."""


@dataclass(frozen=True, slots=True)
class _Bars:
    """Number and length of the beats of a bar from `start_tick` on."""

    start_tick: int
    beats: int
    beat_ticks: float


@dataclass(frozen=True, slots=True, eq=False)
class _Song:
    """Timing of a file: tempi by tick, in microseconds a quarter, bars, and note onsets."""

    ticks_per_quarter: int
    tempo_ticks: NDArray[np.float64]
    tempi_us: NDArray[np.float64]
    bars: tuple[_Bars, ...]
    note_ticks: NDArray[np.float64]
    names_time: bool

    def seconds(self, ticks: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return when ticks, shape (n,), fall."""
        lengths_s = self.tempi_us / (1e6 * self.ticks_per_quarter)
        starts_s = np.concatenate([[0.0], np.cumsum(np.diff(self.tempo_ticks) * lengths_s[:-1])])
        part = np.searchsorted(self.tempo_ticks, ticks, side="right") - 1
        return starts_s[part] + (ticks - self.tempo_ticks[part]) * lengths_s[part]


def read_midi_grid(path: Path, rate_hz: int, length_samples: int, start_s: float = 0.0) -> OwnGrid:
    """Read the grid of a MIDI file; after its end the last tempo goes on to the end of the recording.

    Parameters
    ----------
    start_s : where in the recording the file begins

    Raises
    ------
    SourceError : the file cannot be read, or its tempo is invalid
    UsageError : its tempo is outside the limits, or nothing of it falls into the recording
    """
    song = _song(path)
    for tempo_us in song.tempi_us:
        require_tempo(60e6 / tempo_us)
    end_s = length_samples / rate_hz - start_s
    ticks, positions = _beats(song, end_s)
    beats = s_to_samples_array(song.seconds(ticks) + start_s, rate_hz)
    inside = (beats >= 0) & (beats < length_samples)
    beats, positions = beats[inside], positions[inside]
    if len(beats) < 2:
        raise UsageError(f"No beats of {shown(path)} fall into the recording: give another --start-s.")
    if (np.diff(beats) <= 0).any():
        raise SourceError(f"{shown(path)} has beats closer than a sample: give another file.")
    tempo_bpm = 60.0 * rate_hz / float(np.median(np.diff(beats)))
    notice = (
        "" if song.names_time else f"{shown(path)} has no tempo: the MIDI default of 120 BPM in 4/4 is used."
    )
    return OwnGrid(BeatGrid(beats, positions, tempo_bpm, 1.0, f"read from {path.name}"), notice)


def read_midi_groove(path: Path, division: Division) -> Groove:
    """Take the feel of the notes of a MIDI file, by its own bars.

    Raises
    ------
    SourceError : the file cannot be read
    UsageError : it has too few notes
    """
    song = _song(path)
    first = song.bars[0]
    bars = [((notes - part.start_tick) / part.beat_ticks) % part.beats for part, notes in _by_bars(song)]
    beats = np.concatenate(bars or [np.zeros(0)])
    return groove_of(beats, first.beats, division)


def _by_bars(song: _Song) -> Iterator[tuple[_Bars, NDArray[np.float64]]]:
    """Yield the notes of each part of the file that counts as its beginning does."""
    stops = [one.start_tick for one in song.bars[1:]] + [_MOST_TICKS]
    for part, stop in zip(song.bars, stops, strict=True):
        if part.beats == song.bars[0].beats:
            yield part, song.note_ticks[(song.note_ticks >= part.start_tick) & (song.note_ticks < stop)]


def _beats(song: _Song, end_s: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the ticks of all beats before a moment, shape (n,), and their places in the bar."""
    starts_s = song.seconds(song.tempo_ticks)
    last = max(0, int(np.searchsorted(starts_s, end_s)) - 1)
    beyond = max(0.0, end_s - float(starts_s[last])) * 1e6 / song.tempi_us[last] * song.ticks_per_quarter
    end_tick = float(song.tempo_ticks[last] + beyond)
    ticks, positions = [], []
    for number, part in enumerate(song.bars):
        stop = song.bars[number + 1].start_tick if number + 1 < len(song.bars) else end_tick
        count = max(0, int(np.ceil((min(stop, end_tick) - part.start_tick) / part.beat_ticks)))
        ticks.append(part.start_tick + part.beat_ticks * np.arange(count))
        positions.append(np.arange(count) % part.beats + 1)
    return np.concatenate(ticks), np.concatenate(positions).astype(np.int64)


def _song(path: Path) -> _Song:
    held = bytes_of_file(path)
    try:
        file = mido.MidiFile(file=BytesIO(held), clip=True)
        ticks_per_quarter = int(file.ticks_per_beat)
        timed = list(_timed(file))
    except _UNREADABLE as error:
        raise SourceError(f"{shown(path)} is not a valid MIDI file: give another file.") from error
    if ticks_per_quarter <= 0:
        raise SourceError(f"{shown(path)} counts in video frames, not in beats: save it with a tempo map.")
    tempi = {0: _USUAL_TEMPO_US}
    bars = {0: (4, 4)}
    notes = []
    for tick, message in timed:
        if message.type == "set_tempo":
            tempi[tick] = message.tempo
        elif message.type == "time_signature":
            bars[tick] = (message.numerator, message.denominator)
        elif message.type == "note_on" and message.velocity > 0:
            notes.append(tick)
    if min(tempi.values()) <= 0:
        raise SourceError(f"{shown(path)} has a tempo of 0: correct it, or give --bpm.")
    for beats, unit in bars.values():
        if not 1 <= beats <= MOST_BEATS_IN_BAR or not 1 <= unit <= _SHORTEST_UNIT:
            raise SourceError(f"{shown(path)} has a bar of {beats}/{unit}, which cannot be: correct it.")
    return _Song(
        ticks_per_quarter,
        np.array(sorted(tempi), np.float64),
        np.array([tempi[tick] for tick in sorted(tempi)], np.float64),
        tuple(_Bars(tick, bars[tick][0], 4.0 * ticks_per_quarter / bars[tick][1]) for tick in sorted(bars)),
        np.array(sorted(notes), np.float64),
        any(message.type == "set_tempo" for _, message in timed),
    )


def _timed(file: mido.MidiFile) -> Iterator[tuple[int, mido.Message]]:
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += int(message.time)
            if tick > _MOST_TICKS:
                raise ValueError("it is longer than any music")
            yield tick, message
