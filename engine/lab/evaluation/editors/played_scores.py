"""Phrases composed by rules: progressions, drum patterns, bass, chords and melody, different in each half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MELODY, CHORDS, BASS, DRUMS = 0, 1, 2, 9  # MIDI channels
BAND, ONLY_DRUMS, ONLY_VOICE = "band", "drums", "voice"
_KICK, _SNARE, _HAT, _OPEN_HAT, _RIDE, _CRASH, _RIM, _CLAP = 36, 38, 42, 46, 51, 49, 37, 39
_LOW_TOM, _MID_TOM, _HIGH_TOM = 43, 47, 50
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_LEAST_NOTE_BEATS = 0.1

# Scale degrees from 0, one a bar.
_PROGRESSIONS = (
    ((0, 4, 5, 3), (0, 5, 1, 4), (5, 3, 0, 4), (0, 3, 0, 4), (1, 4, 0, 0), (0, 2, 3, 4)),
    ((0, 6, 5, 4), (0, 3, 4, 3), (0, 5, 2, 6), (3, 0, 4, 5), (0, 0, 3, 6), (2, 5, 1, 4)),
)
# General MIDI programs of (melody, chords, bass, drum kit).
_ENSEMBLES = (
    ((80, 0, 33, 0), (26, 4, 33, 8), (65, 24, 32, 40), (11, 16, 34, 16), (73, 25, 35, 0)),
    ((27, 29, 36, 16), (56, 1, 32, 32), (81, 89, 38, 25), (22, 21, 33, 0), (40, 26, 39, 24)),
)
_VOICES = ((52, 73, 71, 40), (53, 66, 56, 42))
_SCALES = ((_MAJOR, _MAJOR, _MINOR), (_MINOR, _MINOR, _MAJOR))
# Sixteenths of a 4/4 bar: kick, snare, cymbal; "o" is an open hat, "x" a hit.
_GROOVES = (
    (
        ("x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."),
        ("x.....x.x.x.....", "....x.......x...", "x.x.x.x.x.x.x.o."),
        ("x...x...x...x...", "....x.......x...", "..o...o...o...o."),
        ("x..x..x...x.....", "....x..x.x..x...", "xxxxxxxxxxxxxxxx"),
        ("x.x.....x.x.....", "....x.......x..x", "x...x...x...x..."),
    ),
    (
        ("x......x..x.....", "........x.......", "x.x.x.x.x.x.x.x."),
        ("x..x....x..x....", "...x..x...x..x..", "x.xxx.xxx.xxx.xx"),
        ("x.........x..x..", "....x.......x.x.", "x..xx..xx..xx..x"),
        ("x...x.x...x.x...", "..x...x...x...x.", "x.o.x.x.x.o.x.x."),
        ("x.....x....x..x.", "....x..x....x...", "o...x...o...x..."),
    ),
)
# Sixteenths of a 3/4 bar.
_WALTZES = (
    (("x...........", "....x...x...", "x.x.x.x.x.x."), ("x.....x.....", "........x...", "x...x...x...")),
    (("x.......x...", "....x.......", "x..xx..xx..x"), ("x..x........", "....x..x....", "x.x.x.x.x.o.")),
)


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a score; `beat` counts from the start of the phrase."""

    beat: float
    length_beats: float
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """A composed phrase of `bars` bars of `beats` quarter notes."""

    notes: tuple[Note, ...]
    bars: int
    beats: int


@dataclass(frozen=True, slots=True)
class Band:
    """The players of one jam.

    Attributes
    ----------
    line_up : `BAND`, `ONLY_DRUMS` or `ONLY_VOICE`
    programs : General MIDI programs of melody, chords, bass and drum kit
    key : MIDI pitch of the tonic, 48 to 59
    scale : semitones of the seven degrees
    beats : beats of a bar, 3 or 4
    tempo_bpm : mean tempo
    half : 0 or 1, the set of progressions and grooves
    """

    line_up: str
    programs: tuple[int, int, int, int]
    key: int
    scale: tuple[int, ...]
    beats: int
    tempo_bpm: float
    half: int

    def pitch(self, degree: int) -> int:
        """Return the MIDI pitch of a degree of the scale; 7 is an octave above 0."""
        return self.key + 12 * (degree // 7) + self.scale[degree % 7]


def drawn_band(half: int, rng: np.random.Generator) -> Band:
    """Draw the players, key, metre and tempo of a jam."""
    line_up = str(rng.choice((BAND, ONLY_DRUMS, ONLY_VOICE), p=(0.66, 0.16, 0.18)))
    programs = _ENSEMBLES[half][rng.integers(len(_ENSEMBLES[half]))]
    if line_up == ONLY_VOICE:
        programs = (int(rng.choice(_VOICES[half])), *programs[1:])
    scale = _SCALES[half][rng.integers(len(_SCALES[half]))]
    # Drums alone tell phrases apart by their grooves only, and there are few for a bar of three.
    beats = 3 if rng.random() < 0.25 and line_up != ONLY_DRUMS else 4
    tempo_bpm = float(rng.uniform(70.0, 170.0))
    return Band(line_up, programs, 48 + int(rng.integers(12)), scale, beats, tempo_bpm, half)


def composed(band: Band, number: int, bars: int, rng: np.random.Generator) -> Phrase:
    """Compose a phrase.

    Parameters
    ----------
    number : number of the phrase in the jam; phrases with different numbers have different progressions and
        grooves, until the sets are used up
    """
    progressions = _PROGRESSIONS[band.half]
    turn = progressions[number % len(progressions)]
    degrees = [turn[bar % len(turn)] for bar in range(bars)]
    if bars > len(turn) and rng.random() < 0.7:
        degrees[-1] = int(rng.choice([4, 6, 1]))
    notes: list[Note] = []
    if band.line_up != ONLY_DRUMS:
        notes += _melody(band, degrees, number, rng)
    if band.line_up == BAND:
        notes += _chords(band, degrees, rng) + _bass(band, degrees, rng)
    if band.line_up != ONLY_VOICE:
        notes += _drums(band, bars, number, rng)
    return Phrase(
        tuple(sorted(notes, key=lambda note: (note.beat, note.channel, note.pitch))), bars, band.beats
    )


def _melody(band: Band, degrees: Sequence[int], number: int, rng: np.random.Generator) -> list[Note]:
    """Compose a melody from two motifs of one bar, moved to the chord of each bar."""
    motifs = [_motif(band.beats, rng) for _ in range(2)]
    height = 7 + (number % 3) * 2
    notes = []
    for bar, degree in enumerate(degrees):
        motif = motifs[(bar // 2 if number % 2 else bar) % 2]
        last = bar == len(degrees) - 1
        for beat, length, step in motif:
            if last and beat > 0:
                continue
            long = band.beats - 0.3 if last else length
            pitch = band.pitch(height + degree % 4 + step) + 12 * (
                band.line_up == ONLY_VOICE and band.key < 52
            )
            notes.append(Note(bar * band.beats + beat, long, MELODY, pitch, 88 + 10 * (beat == 0)))
    return notes


def _motif(beats: int, rng: np.random.Generator) -> list[tuple[float, float, int]]:
    """Draw the notes of a bar as (beat, length in beats, step of the scale)."""
    starts = [0.0] + [k / 2 for k in range(1, 2 * beats) if rng.random() < 0.45]
    ends = [*starts[1:], float(beats)]
    steps = np.clip(np.cumsum(rng.integers(-2, 3, len(starts))), -3, 5)
    return [
        (start, max(_LEAST_NOTE_BEATS, (end - start) * 0.9), int(step))
        for start, end, step in zip(starts, ends, steps, strict=True)
    ]


def _chords(band: Band, degrees: Sequence[int], rng: np.random.Generator) -> list[Note]:
    """Accompany with triads in a rhythm drawn for the phrase."""
    rhythms = (
        (0.0,),
        (0.0, 2.0),
        (0.0, 1.5, 2.5),
        (0.5, 1.5, 2.5, 3.5),
        (0.0, 1.0, 2.0, 3.0),
        (0.0, 0.75, 1.5, 2.5),
    )
    starts = [beat for beat in rhythms[rng.integers(len(rhythms))] if beat < band.beats]
    ends = [*starts[1:], float(band.beats)]
    return [
        Note(bar * band.beats + start, (end - start) * 0.85, CHORDS, band.pitch(degree + third), 70)
        for bar, degree in enumerate(degrees)
        for start, end in zip(starts, ends, strict=True)
        for third in (0, 2, 4)
    ]


def _bass(band: Band, degrees: Sequence[int], rng: np.random.Generator) -> list[Note]:
    """Play roots, fifths and octaves in a rhythm drawn for the phrase."""
    rhythms = (
        (0.0, 2.0),
        (0.0, 1.5, 2.0, 3.5),
        (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5),
        (0.0, 1.0, 2.0, 3.0),
    )
    starts = [beat for beat in rhythms[rng.integers(len(rhythms))] if beat < band.beats]
    ends = [*starts[1:], float(band.beats)]
    steps = [0] + [int(rng.choice((0, 0, 4, 7))) for _ in starts[1:]]
    return [
        Note(bar * band.beats + start, (end - start) * 0.9, BASS, band.pitch(degree + step) - 12, 90)
        for bar, degree in enumerate(degrees)
        for start, end, step in zip(starts, ends, steps, strict=True)
    ]


def _drums(band: Band, bars: int, number: int, rng: np.random.Generator) -> list[Note]:
    """Play a groove, with a crash on the first beat and a fill in the last bar."""
    grooves = _WALTZES[band.half] if band.beats == 3 else _GROOVES[band.half]
    kick, snare, cymbal = grooves[number % len(grooves)]
    ride = number // len(grooves) % 2 == 1
    backbeat = _RIM if ride and rng.random() < 0.5 else _CLAP if rng.random() < 0.15 else _SNARE
    steps = 4 * band.beats
    fill = rng.permutation((_SNARE, _HIGH_TOM, _MID_TOM, _LOW_TOM))
    notes = [Note(0.0, 0.2, DRUMS, _CRASH, 100)] if rng.random() < 0.7 else []
    for bar in range(bars):
        for step in range(steps):
            at = bar * band.beats + step / 4
            if bar == bars - 1 and step >= steps - 6:
                pitch = int(fill[(step - steps + 6) * len(fill) // 6])
                notes.append(Note(at, 0.2, DRUMS, pitch, 85 + 5 * (step % 2)))
                continue
            if kick[step] == "x":
                notes.append(Note(at, 0.2, DRUMS, _KICK, 104))
            if snare[step] == "x":
                notes.append(Note(at, 0.2, DRUMS, backbeat, 98))
            if cymbal[step] != ".":
                pitch = _OPEN_HAT if cymbal[step] == "o" else _RIDE if ride else _HAT
                notes.append(Note(at, 0.2, DRUMS, pitch, 78 if step % 4 == 0 else 62))
    return notes
