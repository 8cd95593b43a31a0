"""Notes whose onsets are known: melodies through a sound font, and sentences with a known course of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.lab.simulated.recordings import converted, whole
from engine.lab.training.beats.soundfont import FLUID_R3, Sounding, require_fluid_r3, through_sound_font

Sound = NDArray[np.float32]
Floats = NDArray[np.float64]

RATE_HZ = 44_100
FIRST_S = 1.0
"""The first line of a melody."""
_SILENT_S, _RINGS_S = 0.1, 1.2
_LEVEL_S, _RISES_S, _BEGUN = 0.005, 0.15, 0.3
_CHUNK_S = 0.05
_GAP_DB, _SYLLABLE_S = 12.0, 0.15


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument of General MIDI: its program from 0, its range, and whether it plays chords."""

    name: str
    program: int
    lowest: int
    highest: int
    has_chords: bool


INSTRUMENTS = (
    Instrument("piano", 0, 48, 79, True),
    Instrument("electric piano", 4, 48, 79, True),
    Instrument("organ", 16, 48, 79, True),
    Instrument("nylon guitar", 24, 43, 72, True),
    Instrument("steel guitar", 25, 43, 72, True),
    Instrument("clean guitar", 27, 43, 72, True),
    Instrument("distorted guitar", 30, 43, 72, True),
    Instrument("acoustic bass", 32, 28, 50, False),
    Instrument("finger bass", 33, 28, 50, False),
    Instrument("picked bass", 34, 28, 50, False),
    Instrument("slap bass", 36, 28, 50, False),
    Instrument("trumpet", 56, 55, 79, False),
    Instrument("saxophone", 65, 50, 74, False),
    Instrument("violin", 40, 57, 84, False),
    Instrument("cello", 42, 38, 62, False),
    Instrument("flute", 73, 62, 86, False),
    Instrument("choir", 52, 52, 76, True),
    Instrument("strings", 48, 48, 79, True),
)


@dataclass(frozen=True, slots=True)
class Note:
    """A note or a chord: its line on the grid and its length, in s, its pitches, and its velocity, 0 to 1."""

    line_s: float
    length_s: float
    pitches: tuple[int, ...]
    velocity: float


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """The sound of a note by itself, and the sample of it at which it can first be measured to sound."""

    sound: Sound
    onset_samples: int


def melody(rng: np.random.Generator, instrument: Instrument, bpm: float, count: int) -> list[Note]:
    """Return a random melody in sixteenths to halves, with rests, and chords where an instrument has them."""
    notes: list[Note] = []
    beat, pitch = 0.0, int(rng.integers(instrument.lowest, instrument.highest))
    while len(notes) < count:
        step = float(rng.choice([0.25, 0.5, 0.5, 1.0, 1.0, 2.0]))
        if rng.random() < 0.85:
            pitch = int(np.clip(pitch + rng.integers(-5, 6), instrument.lowest, instrument.highest - 7))
            is_chord = instrument.has_chords and rng.random() < 0.5
            pitches = (pitch, pitch + 4, pitch + 7) if is_chord else (pitch,)
            length_s = step * 60.0 / bpm * float(rng.choice([0.6, 0.9, 1.0]))
            notes.append(Note(FIRST_S + beat * 60.0 / bpm, length_s, pitches, float(rng.uniform(0.4, 0.87))))
        beat += step
    return notes


def each_alone(notes: Sequence[Note], instrument: Instrument) -> list[Alone]:
    """Return the sound of each note by itself.

    Samples of a font begin up to 40 ms late, each pitch differently, and fluidsynth starts notes on blocks of
    64 samples: the onset is measured, and the sounds are added up at exact places.

    Raises
    ------
    UsageError : the sound font is not installed
    """
    require_fluid_r3()
    starts_s = np.cumsum([0.0, *(_SILENT_S + note.length_s + _RINGS_S for note in notes)])
    soundings = [
        Sounding(start_s + _SILENT_S, note.length_s, pitch, note.velocity, 0)
        for start_s, note in zip(starts_s, notes, strict=False)
        for pitch in note.pitches
    ]
    sound = through_sound_font(soundings, {0: instrument.program}, FLUID_R3, float(starts_s[-1]), RATE_HZ)
    borders = np.round(starts_s * RATE_HZ).astype(int)
    return [
        Alone(own, onset_of(own, round(_SILENT_S * RATE_HZ)))
        for own in (sound[first:last] for first, last in pairwise(borders))
    ]


def onset_of(sound: Sound, begins: int) -> int:
    """Return where the level of the last 5 ms first reaches 30 % of its peak in 150 ms."""
    window = round(_LEVEL_S * RATE_HZ)
    after = sound[max(begins - window, 0) : begins + round(_RISES_S * RATE_HZ)].astype(np.float64)
    power = np.convolve(np.square(after), np.ones(window) / window)[: len(after)]
    return max(begins - window, 0) + int(np.argmax(power >= _BEGUN**2 * power.max()))


def together(sounds: Sequence[Alone], onsets_samples: NDArray[np.int64], length_samples: int) -> Sound:
    """Return the sum of notes, each with its measured onset at a place."""
    whole_sound = np.zeros(length_samples, np.float32)
    for one, onset in zip(sounds, onsets_samples.tolist(), strict=True):
        start = onset - one.onset_samples
        first, last = max(start, 0), min(start + len(one.sound), length_samples)
        whole_sound[first:last] += one.sound[first - start : last - start]
    return whole_sound


@dataclass(frozen=True, slots=True, eq=False)
class Takes:
    """Two takes of a melody, and the onsets, and ends of steady tones, of the double; onsets of the lead."""

    lead: Sound
    double: Sound
    onsets: NDArray[np.int64]
    ends: NDArray[np.int64]
    targets: NDArray[np.int64]


def two_takes(lead: str, double: str, rng: np.random.Generator, count: int) -> Takes:
    """Return two takes by instruments of `INSTRUMENTS`, each up to 20 to 60 ms off, with other velocities.

    Raises
    ------
    UsageError : the sound font is not installed
    """
    by_name = {one.name: one for one in INSTRUMENTS}
    bpm = float(rng.uniform(80.0, 120.0))
    notes = melody(rng, by_name[double], bpm, count)
    # In octaves, into the range of the lead.
    up = 12 * max(0, -(-(by_name[lead].lowest - min(min(note.pitches) for note in notes)) // 12))
    played = []
    for name, by in ((double, 0), (lead, up)):
        own = [
            Note(
                n.line_s,
                n.length_s,
                tuple(p + by for p in n.pitches),
                n.velocity * float(rng.uniform(0.8, 1.15)),
            )
            for n in notes
        ]
        most_s = rng.uniform(0.02, 0.06)
        starts = np.array([note.line_s for note in own]) + rng.uniform(-most_s, most_s, count)
        onsets = np.round(np.maximum.accumulate(starts) * RATE_HZ).astype(np.int64)
        played.append((each_alone(own, by_name[name]), onsets))
    length = max(int(onsets[-1]) + len(alone[-1].sound) for alone, onsets in played)
    sounds = [together(alone, onsets, length) for alone, onsets in played]
    onsets = played[0][1]
    return Takes(sounds[1], sounds[0], onsets, ends_of(notes, onsets), played[1][1])


def ends_of(notes: Sequence[Note], onsets_samples: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where notes stop being steady: at their release, or before the next one."""
    own = onsets_samples + np.array([round(note.length_s * RATE_HZ) for note in notes])
    ends: NDArray[np.int64] = np.minimum(own, np.append(onsets_samples[1:], own[-1]) - round(0.02 * RATE_HZ))
    return ends


def sentences(data_dir: Path, rng: np.random.Generator, count: int) -> Sound:
    """Return random sentences one after another, with 0.3 s of silence between them, at `RATE_HZ`.

    Raises
    ------
    UsageError : the folder has no speech
    """
    files = sorted((data_dir / "speech" / "commands").glob("*.flac"))
    if not files:
        raise UsageError(f"{data_dir} holds no speech: name the folder that holds speech/commands.")
    parts = []
    for path in rng.choice(len(files), min(count, len(files)), replace=False).tolist():
        sound, rate_hz = whole(files[path])
        mono = converted(sound.mean(axis=1, dtype=np.float32), rate_hz, RATE_HZ)
        parts += [
            0.3 * mono / max(float(np.abs(mono).max()), 1e-9),
            np.zeros(round(0.3 * RATE_HZ), np.float32),
        ]
    return np.concatenate(parts).astype(np.float32)


def syllables(sound: Sound) -> NDArray[np.int64]:
    """Return places where the level rises by 12 dB in 60 ms: onsets that no detector of ours chose."""
    window, before, peak = (round(seconds * RATE_HZ) for seconds in (_LEVEL_S, 0.06, _SYLLABLE_S))
    hop = window // 2
    power = np.convolve(np.square(sound.astype(np.float64)), np.ones(window) / window, "same")[::hop]
    level = 10.0 * np.log10(power + 1e-4 * power.max())
    back, ahead = before // hop, peak // hop
    found: list[int] = []
    for at in range(back, len(level) - ahead):
        is_rise = level[at : at + ahead].max() - level[at - back : at].max() > _GAP_DB
        if is_rise and (not found or at * hop - found[-1] > peak):
            found.append(onset_of(sound, at * hop))
    return np.array(found, np.int64)


def with_another_course(sound: Sound, rng: np.random.Generator) -> tuple[Sound, Floats, Floats]:
    """Stretch a sound by a smooth random course of time, 20 to 60 ms early and late.

    Returns
    -------
    stretched, source_samples, stretched_samples : the two courses are to be interpolated between

    Raises
    ------
    ImportError : python-stretch is not installed
    """
    from python_stretch.Signalsmith import Stretch  # type: ignore[import-not-found, unused-ignore]

    chunk = round(_CHUNK_S * RATE_HZ)
    starts = np.arange(0, len(sound), chunk)
    off_s = rng.uniform(0.02, 0.06) * np.sin(
        2 * np.pi * starts / RATE_HZ / rng.uniform(2.0, 4.0) + rng.uniform(0, 2 * np.pi)
    )
    factors = 1.0 + np.diff(off_s, append=off_s[-1]) / _CHUNK_S
    stretcher = Stretch(0)
    stretcher.preset(1, RATE_HZ)
    parts = []
    for start, factor in zip(starts.tolist(), factors.tolist(), strict=True):
        stretcher.timeFactor = 1.0 / factor
        parts.append(np.asarray(stretcher.process(sound[None, start : start + chunk]))[0])
    ends = np.cumsum([0, *map(len, parts)]).astype(np.float64)
    source = np.append(starts, len(sound)).astype(np.float64)
    return np.concatenate(parts).astype(np.float32), source, ends


def in_pieces(sound: Sound, rng: np.random.Generator) -> tuple[Sound, Floats, Floats]:
    """Return pieces of a take: each with another speed, pitch, level and treble, and noise.

    Pieces of 0.2 to 0.8 s, cut in soft moments, begin up to 20 to 60 ms off, each up to 30 ms more or
    less so than the one before. Made without `with_another_course`.

    Returns
    -------
    double, source_samples, double_samples : the two courses are to be interpolated between
    """
    cuts = np.array(_soft_cuts(sound, rng), np.float64)
    most_s = rng.uniform(0.02, 0.06)
    off_s = [0.0]
    for _ in cuts[1:]:
        off_s.append(float(np.clip(off_s[-1] + rng.uniform(-0.03, 0.03), -most_s, most_s)))
    placed = cuts + np.array(off_s) * RATE_HZ
    at = np.arange(round(placed[-1]))
    gains_db = np.interp(at, placed, rng.uniform(-4.0, 4.0, len(cuts)))
    double = np.interp(np.interp(at, placed, cuts), np.arange(len(sound)), sound) * 10 ** (gains_db / 20)
    double += rng.normal(0.0, 0.3 * 10 ** rng.uniform(-3.0, -2.3), len(double))
    double[1:] += rng.uniform(-0.4, 0.4) * double[:-1]
    return double.astype(np.float32), cuts, placed


def _soft_cuts(sound: Sound, rng: np.random.Generator) -> list[int]:
    """Return the start, the end and the softest moments between, 0.2 to 0.8 s from one to the next."""
    hop, around = round(_LEVEL_S * RATE_HZ), round(0.06 / _LEVEL_S)
    level = np.add.reduceat(np.square(sound.astype(np.float64)), np.arange(0, len(sound), hop))
    cuts = [0]
    while cuts[-1] < len(sound) - RATE_HZ:
        middle = round((cuts[-1] / RATE_HZ + rng.uniform(0.26, 0.74)) / _LEVEL_S)
        cuts.append((middle - around + int(level[middle - around : middle + around].argmin())) * hop)
    return [*cuts, len(sound)]
