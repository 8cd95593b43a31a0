"""Bands and their songs: scores in beats, drums as a drummer played them (Groove MIDI)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from engine.core.errors import UsageError
from engine.lab.simulated.performances.grooves import GrooveFile, read_table

DRUMS = "drums"
BEATS_IN_BAR = 4
_GHOST = 0.3
_ROOTS = (0, 3, 5, 7, 8, 10)
"""Roots of chords above the key, in semitones, of a minor scale."""
_DRUM_NOTES = {22: 42, 26: 46, 58: 43, 40: 38, 50: 48, 47: 45}
"""Of the pads of the kit to those that every General MIDI kit has."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument of a band: its program of General MIDI from 0, and its level in the mix, in dB."""

    name: str
    program: int
    level_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Band:
    """Instruments of a band, and the style and drummers of its drums."""

    name: str
    chords: Instrument
    bass: Instrument
    melody: Instrument
    styles: tuple[str, ...]
    drummers: tuple[str, ...]

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """All of them, the drums first."""
        return (Instrument(DRUMS, 0), self.bass, self.chords, self.melody)


BANDS = (
    Band(
        "rock",
        Instrument("clean guitar", 27, -3.0),
        Instrument("picked bass", 34),
        Instrument("organ", 16, -6.0),
        ("rock",),
        ("drummer1", "drummer9"),
    ),
    Band(
        "funk",
        Instrument("electric piano", 4, -2.0),
        Instrument("finger bass", 33),
        Instrument("saxophone", 65, -3.0),
        ("funk", "hiphop"),
        ("drummer1", "drummer3"),
    ),
)
"""Those of the report."""
TUNING_BANDS = (
    Band(
        "pop",
        Instrument("piano", 0, -2.0),
        Instrument("slap bass", 36),
        Instrument("flute", 73, -4.0),
        ("rock", "pop"),
        ("drummer7", "drummer6"),
    ),
    Band(
        "soul",
        Instrument("nylon guitar", 24),
        Instrument("acoustic bass", 32),
        Instrument("trumpet", 56, -5.0),
        ("funk", "soul", "hiphop"),
        ("drummer7", "drummer8"),
    ),
    Band(
        "country",
        Instrument("steel guitar", 25, -2.0),
        Instrument("fretless bass", 35),
        Instrument("clarinet", 71, -4.0),
        ("country", "rock", "pop"),
        ("drummer5", "drummer10", "drummer6"),
    ),
    Band(
        "latin",
        Instrument("vibraphone", 11, -2.0),
        Instrument("synth bass", 38),
        Instrument("violin", 40, -5.0),
        ("latin", "afrobeat", "jazz", "afrocuban", "dance"),
        ("drummer7", "drummer8", "drummer5", "drummer2"),
    ),
)
"""Those that settings were chosen on: other instruments, drummers and seeds."""


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """A note of the score: its instrument, place and length in beats, pitches, and velocity, 0 to 1."""

    instrument: str
    beat: float
    length_beats: float
    pitches: tuple[int, ...]
    velocity: float

    @property
    def is_ghost(self) -> bool:
        """Whether it is a soft stroke that a drummer plays in one take and leaves out in another."""
        return self.instrument == DRUMS and self.velocity < _GHOST


@dataclass(frozen=True, slots=True)
class Song:
    """A passage that is played again and again."""

    band: Band
    bpm: float
    bars: int
    notes: tuple[ScoreNote, ...]


def song(data_dir: Path, band: Band, bars: int, rng: np.random.Generator) -> Song:
    """Return a random song of a band.

    Raises
    ------
    UsageError : the folder does not hold the performances of the drums
    """
    grooves = [one for one in read_table(data_dir) if _fits(one, band, bars)]
    if not grooves:
        raise UsageError(
            f"{data_dir} has no drums for the band {band.name}: name the folder that holds multimic/."
        )
    drums, bpm = _drums(grooves[int(rng.integers(len(grooves)))], bars)
    key = int(rng.integers(0, 12))
    chords = [rng.choice(_ROOTS, 4).tolist() for _ in range(2)]
    roots = [int(chords[bar // 8 % 2][bar % 4]) for bar in range(bars)]
    notes = [*drums, *_bass(band.bass.name, key, roots, rng), *_chords(band.chords.name, key, roots, rng)]
    notes += _melody(band.melody.name, key, roots, rng)
    return Song(band, bpm, bars, tuple(sorted(notes, key=lambda note: note.beat)))


def _fits(file: GrooveFile, band: Band, bars: int) -> bool:
    is_of_band = file.drummer in band.drummers and file.style.split("/")[0] in band.styles
    bpm = float(file.path.stem.split("_")[2])
    lasts = file.duration_s * bpm / 60.0 > (bars + 1) * BEATS_IN_BAR
    return (
        is_of_band and file.is_beat and (file.beats_in_bar, file.beat_unit) == (4, 4) and lasts and bpm >= 80
    )


def _drums(file: GrooveFile, bars: int) -> tuple[list[ScoreNote], float]:
    """Return the beginning of a performance, and the tempo of its click, which its name rounds."""
    score = mido.MidiFile(file.path)
    tempi = [message.tempo for track in score.tracks for message in track if message.type == "set_tempo"]
    bpm = float(mido.tempo2bpm(tempi[0]))
    played, time_s = list[ScoreNote](), 0.0
    for message in score:
        time_s += message.time
        beat = time_s * bpm / 60.0
        if message.type == "note_on" and message.velocity and beat < bars * BEATS_IN_BAR - 0.1:
            pitch = _DRUM_NOTES.get(message.note, message.note)
            played.append(ScoreNote(DRUMS, beat, 0.25, (pitch,), message.velocity / 127.0))
    return played, bpm


def _rhythm(rng: np.random.Generator, steps: Sequence[float]) -> list[tuple[float, float]]:
    """Return places and lengths of the notes of a bar, in beats; the first is on its first beat."""
    found, beat = list[tuple[float, float]](), 0.0
    while beat < BEATS_IN_BAR:
        step = min(float(rng.choice(steps)), BEATS_IN_BAR - beat)
        found.append((beat, step))
        beat += step
    return found


def _bass(name: str, key: int, roots: Sequence[int], rng: np.random.Generator) -> list[ScoreNote]:
    patterns = [_rhythm(rng, (0.5, 0.5, 1.0, 1.5)) for _ in range(2)]
    notes = []
    for bar, root in enumerate(roots):
        for number, (beat, length) in enumerate(patterns[bar % 2]):
            above = 0 if number == 0 else int(rng.choice((0, 0, 7, 12)))
            pitch = 28 + (key + root) % 12 + above
            notes.append(ScoreNote(name, 4 * bar + beat, 0.85 * length, (pitch,), 0.75))
    return notes


def _chords(name: str, key: int, roots: Sequence[int], rng: np.random.Generator) -> list[ScoreNote]:
    patterns = [_rhythm(rng, (1.0, 1.0, 2.0, 1.5)) for _ in range(2)]
    notes = []
    for bar, root in enumerate(roots):
        third = 3 if root in (0, 5, 7) else 4
        pitches = tuple(sorted(52 + (key + root + step) % 12 for step in (0, third, 7)))
        notes += [
            ScoreNote(name, 4 * bar + beat, 0.8 * length, pitches, 0.6) for beat, length in patterns[bar % 2]
        ]
    return notes


def _melody(name: str, key: int, roots: Sequence[int], rng: np.random.Generator) -> list[ScoreNote]:
    scale = [0, 2, 3, 5, 7, 8, 10]
    place, notes = int(rng.integers(0, 7)), []
    for bar in range(len(roots)):
        for beat, length in _rhythm(rng, (0.5, 1.0, 1.0, 1.5, 2.0)):
            place = int(np.clip(place + rng.integers(-2, 3), 0, 9))
            pitch = 64 + key % 6 + scale[place % 7] + 12 * (place // 7)
            if rng.random() < 0.85:
                notes.append(ScoreNote(name, 4 * bar + beat, 0.9 * length, (pitch,), 0.7))
    return notes
