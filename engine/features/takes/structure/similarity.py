"""Sound and similarity of bars: chords, pitches and spectrum at the same places of each bar.

Units are bars where there is a steady pulse, and steps of a second elsewhere. They are compared slot by
slot, so that harmonic rhythm and drum patterns count (barwise features of A. Marmoret, J. E. Cohen and F.
Bimbot, TISMIR 6, 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.span_means import running_sums, sums_at
from engine.document.analysis import BeatGrid
from engine.document.pulse import steady_beats
from engine.features.takes.features import FRAMES_PER_S, PITCH_CLASSES, STEPS_PER_S, Frames

Flags = NDArray[np.bool_]
Seconds = NDArray[np.float64]
Floats = NDArray[np.float32]


STEP_S = 1.0
"""Length of a unit without a pulse."""
_GAP_BARS = 1.6
"""Downbeats farther apart than this belong to two runs, with units without a pulse between them."""
_SHORT_BAR = 0.7
"""A shorter bar, in usual bars, is joined to the bar before."""
_LEAST_S = 0.3
"""Less than that between the start of a recording and its first bar is joined to that bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Consecutive units of a recording.

    Attributes
    ----------
    edges_s : float64, shape (n + 1,), ascending, from 0 to the end of the recording
    has_pulse : shape (n,), whether a unit is a bar
    """

    edges_s: Seconds
    has_pulse: Flags

    def __len__(self) -> int:
        return len(self.has_pulse)

    @property
    def lengths_s(self) -> Seconds:
        """Return how long each unit is, shape (n,)."""
        return np.diff(self.edges_s)


def bars_of(grid: BeatGrid, rate_hz: int, length_s: float) -> Bars:
    """Return the units of a recording.

    Parameters
    ----------
    grid : the active grid, in samples at `rate_hz`
    length_s : of the recording
    """
    steady = steady_beats(grid)
    beats_s = grid.beats_samples[steady] / rate_hz
    inside = (beats_s >= 0.0) & (beats_s < length_s)
    beats_s, is_first = beats_s[inside], (grid.bar_positions[steady] == 1)[inside]
    if np.count_nonzero(is_first) < 2:
        return _with_steps([], 0.0, length_s)
    bar_s = float(np.median(np.diff(beats_s[is_first])))
    return _with_steps(_bar_lines(beats_s, is_first, bar_s), bar_s, length_s)


def _bar_lines(beats_s: Seconds, is_first: Flags, bar_s: float) -> list[float]:
    """Return the downbeats, less those of short bars, and bar lines of the beats before and after them."""
    downbeats = beats_s[is_first].tolist()
    lines = [downbeats[0]]
    for at in downbeats[1:]:
        if at - lines[-1] >= _SHORT_BAR * bar_s:
            lines.append(at)
    while lines[0] - _SHORT_BAR * bar_s > beats_s[0]:
        lines.insert(0, max(0.0, lines[0] - bar_s))
    while lines[-1] + _SHORT_BAR * bar_s < beats_s[-1]:
        lines.append(lines[-1] + bar_s)
    return lines


def _with_steps(lines_s: list[float], bar_s: float, length_s: float) -> Bars:
    """Return bars between neighbouring lines, and steps of about a second where no bar is."""
    edges: list[float] = [0.0]
    flags: list[bool] = []
    for number, line in enumerate([*(at for at in lines_s if at < length_s), length_s]):
        gap_s = line - edges[-1]
        is_bar = number > 0 and gap_s <= _GAP_BARS * bar_s
        steps = 1 if is_bar else max(round(gap_s / STEP_S), 1 if gap_s > _LEAST_S else 0)
        if steps:
            edges += np.linspace(edges[-1], line, steps + 1)[1:].tolist()
            flags += [is_bar] * steps
        else:
            edges[-1] = line if flags else 0.0
    return Bars(np.array(edges), np.array(flags, bool))


_SLOTS = 8
"""Eighths of a bar in 4/4."""
_RANGE_DB = 50.0
_LOUD_QUANTILE = 0.9
_AROUND_SEMITONES = 4
_PLAIN_SHARE = 0.25
"""Bars that differ from the average bar by less than this share of the usual difference count as average."""
_FAINT_SHARE = 0.1
"""The same relative to the whole of a bar: the bars of a loop differ by less."""
_OF_CHORDS, _OF_PITCHES, _OF_RHYTHM, _OF_SPECTRUM = 0.37, 0.18, 0.26, 0.19
"""Weights, of sum 1."""
_BASS_SEMITONES = 20
"""The lowest pitches, from the lowest E of a guitar on, are those of the bass."""


@dataclass(frozen=True, slots=True, eq=False)
class BarSounds:
    """Sound of consecutive bars.

    Attributes
    ----------
    alike : shape (n, n), similarity of each bar to each other, -1 to 1; 0 for bars that are not played
    by_rhythm, by_spectrum, by_bass : the same by these alone
    bands : shape (n, slots, bands), levels of broad bands, in ranges of 50 dB above the floor
    levels : shape (n,), the same of all of the sound
    """

    alike: Floats
    by_rhythm: Floats
    by_spectrum: Floats
    by_bass: Floats
    bands: Floats
    levels: Floats

    def __len__(self) -> int:
        return len(self.alike)

    def part(self, first: int, last: int) -> BarSounds:
        """Return the bars from `first` on and before `last`."""
        bars = slice(first, last)
        return BarSounds(
            self.alike[bars, bars],
            self.by_rhythm[bars, bars],
            self.by_spectrum[bars, bars],
            self.by_bass[bars, bars],
            self.bands[bars],
            self.levels[bars],
        )


def sounds_of(frames: Frames, bars: Bars, is_played: NDArray[np.bool_]) -> BarSounds:
    """Return the sound of bars.

    Parameters
    ----------
    is_played : shape (n,)
    """
    pitches = _in_slots(standing_out(frames.notes_db), FRAMES_PER_S, bars)
    chords = pitches.reshape(len(bars), _SLOTS, -1, PITCH_CLASSES).sum(axis=2)
    spectrum = _in_slots(below_loud(frames.bands_db) + np.float32(1.0), STEPS_PER_S, bars)
    levels = _in_slots(below_loud(frames.levels_db[:, None]) + np.float32(1.0), STEPS_PER_S, bars)
    of_all = (
        (_OF_CHORDS, chords),
        (_OF_PITCHES, pitches),
        (_OF_RHYTHM, spectrum),
        (_OF_SPECTRUM, spectrum.mean(axis=1)),
    )
    alike = np.zeros((len(bars), len(bars)), np.float32)
    for weight, rows in of_all:
        alike += np.float32(weight) * _alike(rows.reshape(len(bars), -1), is_played)[0]
    by_rhythm, by_spectrum, by_bass = (
        _or_all(*_alike(rows.reshape(len(bars), -1), is_played), alike)
        for rows in (spectrum, spectrum.mean(axis=1), pitches[:, :, :_BASS_SEMITONES])
    )
    return BarSounds(alike, by_rhythm, by_spectrum, by_bass, spectrum, levels.mean(axis=(1, 2)))


def _or_all(found: Floats, differ: float, alike: Floats) -> Floats:
    """Return a similarity, and that of all as far as bars hardly differ in this one, as without a bass."""
    return (np.float32(differ) * found + np.float32(1.0 - differ) * alike).astype(np.float32)


def _alike(rows: Floats, is_played: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the cosine of the differences of bars from the average bar, shape (n, n), and how they differ.

    Bars that hardly differ from the average get a direction of their own: all bars of a loop are alike. The
    second result is the share of the other directions, 0 to 1.
    """
    if not is_played.any():
        return np.zeros((len(rows), len(rows)), np.float32), 0.0
    centred = np.where(is_played[:, None], rows - rows[is_played].mean(axis=0), np.float32(0.0))
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    usual = float(np.median(lengths[is_played]))
    whole = float(np.median(np.linalg.norm(rows[is_played], axis=1)))
    own = centred / np.hypot(lengths, max(_PLAIN_SHARE * usual, _FAINT_SHARE * whole) + 1e-6)
    shares = np.square(own).sum(axis=1, keepdims=True)
    rest = np.sqrt(np.maximum(0.0, 1.0 - shares)) * is_played[:, None]
    directions = np.concatenate([own, rest], axis=1).astype(np.float32)
    found: Floats = directions @ directions.T
    return found, float(shares[is_played].mean())


def standing_out(notes_db: Floats) -> Floats:
    """Return how far each semitone is above its neighbours, shape (frames, semitones)."""
    width = 2 * _AROUND_SEMITONES + 1
    levels = np.maximum(below_loud(notes_db) + 1.0, 0.0)
    padded = np.pad(levels, ((0, 0), (_AROUND_SEMITONES, _AROUND_SEMITONES)), mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1).mean(axis=2)
    found: Floats = np.maximum(levels - around, 0.0).astype(np.float32)
    return found


def below_loud(levels_db: Floats) -> Floats:
    """Return levels in ranges of 50 dB below the loud ones of the recording, at least -1."""
    loud_db = float(np.quantile(levels_db.max(axis=1), _LOUD_QUANTILE)) if len(levels_db) else 0.0
    found: Floats = np.maximum((levels_db - loud_db) / _RANGE_DB, -1.0).astype(np.float32)
    return found


def _in_slots(rows: Floats, rows_per_s: float, bars: Bars) -> Floats:
    """Return the means of rows in the slots of each bar, shape (bars, slots, columns)."""
    within = np.arange(_SLOTS) / _SLOTS
    starts_s = (bars.edges_s[:-1, None] + bars.lengths_s[:, None] * within).ravel()
    edges = np.clip(np.append(starts_s, bars.edges_s[-1]) * rows_per_s, 0.0, len(rows))
    means = np.diff(sums_at(running_sums(rows), edges), axis=0) / np.maximum(np.diff(edges), 1e-3)[:, None]
    return means.reshape(len(bars), _SLOTS, -1).astype(np.float32)
