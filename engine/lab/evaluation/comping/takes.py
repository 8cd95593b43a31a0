"""Takes of a song: its notes at the times, lengths and velocities of one performance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.lab.evaluation.comping.bands import BEATS_IN_BAR, ScoreNote, Song

_TEMPO, _DRIFT, _PULL = 0.012, 0.004, 0.8
"""Standard deviations of the tempo of a take, and of its change in each bar; how much of a change stays."""
_LEAN_S, _JITTER_S = 0.004, 0.005
"""Of an instrument against the others throughout a take, and of each of its notes."""
_TOUCH, _LENGTH, _LEVEL_DB = 0.08, 0.1, 0.7
_GHOSTS_LEFT_OUT = 0.1


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note of a take.

    Attributes
    ----------
    number : of the note of the score
    start_s, length_s : from the beginning of the take
    cents : how much higher than tuned
    """

    number: int
    instrument: str
    start_s: float
    length_s: float
    pitches: tuple[int, ...]
    velocity: float
    cents: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class PlayedTake:
    """A take.

    Attributes
    ----------
    beats_s : float64, shape (4 * bars + 1,), from the beginning of the take
    levels_db : of each instrument, relative to the level that the band has
    """

    notes: tuple[PlayedNote, ...]
    beats_s: NDArray[np.float64]
    levels_db: dict[str, float]

    @property
    def bars_s(self) -> NDArray[np.float64]:
        """Where bars begin, and where the last one ends."""
        return self.beats_s[::BEATS_IN_BAR]

    def with_notes(self, notes: list[PlayedNote]) -> PlayedTake:
        """Return it with other notes."""
        return replace(self, notes=tuple(notes))


def played(song: Song, rng: np.random.Generator, *, is_to_click: bool = False) -> PlayedTake:
    """Return a performance of a song without faults."""
    beats_s = _clicks_s(song) if is_to_click else _beats_s(song, rng)
    names = [one.name for one in song.band.instruments]
    lean_s = {name: float(rng.normal(0.0, _LEAN_S)) for name in names}
    notes = []
    for number, note in enumerate(song.notes):
        if note.is_ghost and rng.random() < _GHOSTS_LEFT_OUT:
            continue
        notes.append(_played(number, note, beats_s, lean_s[note.instrument], rng))
    return PlayedTake(tuple(notes), beats_s, {name: float(rng.normal(0.0, _LEVEL_DB)) for name in names})


def _clicks_s(song: Song) -> NDArray[np.float64]:
    beats = song.bars * BEATS_IN_BAR
    clicks_s: NDArray[np.float64] = np.linspace(0.0, beats * 60.0 / song.bpm, beats + 1)
    return clicks_s


def _beats_s(song: Song, rng: np.random.Generator) -> NDArray[np.float64]:
    change, slower = 0.0, np.empty(song.bars)
    take = rng.normal(0.0, _TEMPO)
    for bar in range(song.bars):
        change = _PULL * change + rng.normal(0.0, _DRIFT)
        slower[bar] = np.exp(take + change)
    lengths_s = np.repeat(60.0 / song.bpm * slower, BEATS_IN_BAR)
    return np.concatenate([[0.0], np.cumsum(lengths_s)])


def _played(
    number: int, note: ScoreNote, beats_s: NDArray[np.float64], lean_s: float, rng: np.random.Generator
) -> PlayedNote:
    edges = np.arange(len(beats_s))
    start_s, stop_s = np.interp([note.beat, note.beat + note.length_beats], edges, beats_s)
    start_s += lean_s + rng.normal(0.0, _JITTER_S)
    return PlayedNote(
        number,
        note.instrument,
        max(float(start_s), 0.0),
        float(stop_s - np.interp(note.beat, edges, beats_s)) * float(np.exp(rng.normal(0.0, _LENGTH))),
        note.pitches,
        float(np.clip(note.velocity * np.exp(rng.normal(0.0, _TOUCH)), 0.05, 1.0)),
    )
