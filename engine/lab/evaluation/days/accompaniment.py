"""Chords, and the lines that players make of them: bass, accompaniment, pads, riffs and melodies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PATTERNS = {
    "eighths": tuple(at / 2 for at in range(8)),
    "quarters": (0.0, 1.0, 2.0, 3.0),
    "offbeats": (0.5, 1.5, 2.5, 3.5),
    "strum": (0.0, 1.0, 1.5, 2.5, 3.0, 3.5),
    "charleston": (0.0, 1.5),
    "whole": (0.0,),
}
"""Beats of a bar at which chords are struck."""
_LOW_BASS, _LOW_CHORD, _LOW_LEAD = 28, 48, 62


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: its root in semitones above the tonic, and its tones in semitones above the tonic."""

    root: int
    tones: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """A written note: where, how long in beats, MIDI pitch, loudness from 0 to 1, and the part."""

    beat: float
    beats: float
    pitch: int
    loudness: float
    part: str


@dataclass(frozen=True, slots=True)
class Harmony:
    """Key and metre of a song: pitch class of the tonic, scale above it, beats of a bar."""

    tonic: int
    scale: tuple[int, ...]
    metre: int

    def at(self, step: int) -> int:
        """Return the pitch of a step of the scale; step 0 is the tonic at or above middle C."""
        octave, degree = divmod(step, len(self.scale))
        return 60 + self.tonic + 12 * octave + self.scale[degree]

    def step_of(self, pitch: int) -> int:
        """Return the step of the scale nearest to a pitch."""
        around = range((pitch - 60) * 7 // 12 - 9, (pitch - 60) * 7 // 12 + 10)
        return min(around, key=lambda step: abs(self.at(step) - pitch))

    def below(self, pitch: int, steps: int) -> int:
        """Return the pitch some steps of the scale below."""
        return self.at(self.step_of(pitch) - steps)

    def placed(self, pitch_class: int, lowest: int) -> int:
        """Return the lowest pitch of a class, counted from the tonic, at or above another pitch."""
        return lowest + (self.tonic + pitch_class - lowest) % 12


def chords_in(degrees: Sequence[str], scale: Sequence[int], *, has_sevenths: bool) -> tuple[Chord, ...]:
    """Return triads or seventh chords on degrees of a scale such as "1" or "b7"."""
    return tuple(_chord(degree, scale, 4 if has_sevenths else 3) for degree in degrees)


def _chord(degree: str, scale: Sequence[int], count: int) -> Chord:
    if degree.startswith("b"):
        root = scale[int(degree[1:]) - 1] - 1
        return Chord(root, (root, root + 4, root + 7))
    at = int(degree) - 1
    steps = (divmod(at + 2 * number, len(scale)) for number in range(count))
    tones = tuple(scale[step] + 12 * octave for octave, step in steps)
    return Chord(tones[0], tones)


def bass_line(
    chords: Sequence[Chord], harmony: Harmony, pattern: str, rng: np.random.Generator
) -> Iterator[ScoreNote]:
    """Yield a bass line: "eighths", "fifths", "walking", "syncopated" or "whole"."""
    metre = harmony.metre
    mask = _syncopation(metre, rng, 0.55)
    for bar, chord in enumerate(chords):
        root = harmony.placed(chord.root, _LOW_BASS)
        fifth = harmony.placed(chord.tones[2], _LOW_BASS)
        start = float(bar * metre)
        if pattern == "eighths":
            for at in range(2 * metre):
                yield ScoreNote(start + at / 2, 0.45, root, 0.8 if at % 2 == 0 else 0.65, "bass")
        elif pattern == "fifths":
            yield ScoreNote(start, 1.8, root, 0.8, "bass")
            yield ScoreNote(start + metre // 2, metre - metre // 2 - 0.2, fifth, 0.7, "bass")
        elif pattern == "walking":
            following = harmony.placed(chords[(bar + 1) % len(chords)].root, _LOW_BASS)
            third = harmony.placed(chord.tones[1], _LOW_BASS)
            walk = (root, third, fifth, following + (1 if following < fifth else -1))
            for at in range(metre):
                pitch = walk[-1] if at == metre - 1 else walk[at]
                yield ScoreNote(start + at, 0.92, pitch, 0.72, "bass")
        elif pattern == "syncopated":
            for at in np.flatnonzero(mask).tolist():
                pitch = root + 12 * (at % 7 == 3) if at % 5 else root
                yield ScoreNote(start + at / 4, 0.3, pitch, 0.8, "bass")
        else:
            yield ScoreNote(start, metre - 0.1, root, 0.75, "bass")


def comping(
    chords: Sequence[Chord], harmony: Harmony, pattern: str, rng: np.random.Generator
) -> Iterator[ScoreNote]:
    """Yield the accompaniment: a name of `_PATTERNS`, "arpeggio", "sixteenths" or "syncopated"."""
    metre = harmony.metre
    mask = _syncopation(metre, rng, 0.6 if pattern == "sixteenths" else 0.3)
    lowest = _LOW_CHORD + int(rng.integers(0, 7))
    for bar, chord in enumerate(chords):
        start = float(bar * metre)
        pitches = sorted(harmony.placed(tone, lowest) for tone in chord.tones)
        if pattern == "arpeggio":
            order = (*pitches, pitches[0] + 12, *pitches[:0:-1])
            for at in range(2 * metre):
                yield ScoreNote(start + at / 2, 0.9, order[at % len(order)], 0.62, "comp")
            continue
        beats = _PATTERNS.get(pattern) or tuple(np.flatnonzero(mask).tolist())
        if pattern not in _PATTERNS:
            beats = tuple(at / 4 for at in beats)
        beats = tuple(beat for beat in beats if beat < metre)
        for beat, following in zip(beats, (*beats[1:], float(metre)), strict=True):
            length = min(following - beat, 0.25 if pattern == "sixteenths" else 4.0) * 0.9
            loudness = 0.7 if beat % 1 == 0 else 0.58
            for pitch in pitches:
                yield ScoreNote(start + beat, length, pitch, loudness, "comp")


def pad(chords: Sequence[Chord], harmony: Harmony, part: str, lowest: int) -> Iterator[ScoreNote]:
    """Yield chords that are held for a bar each."""
    for bar, chord in enumerate(chords):
        for tone in chord.tones[:3]:
            pitch = harmony.placed(tone, lowest - 5)
            yield ScoreNote(float(bar * harmony.metre), harmony.metre - 0.05, pitch, 0.5, part)


def riff(
    chords: Sequence[Chord], harmony: Harmony, rng: np.random.Generator, part: str
) -> Iterator[ScoreNote]:
    """Yield a figure of one or two bars, repeated, on the roots of the chords or always on the tonic."""
    metre, bars = harmony.metre, int(rng.integers(1, 3))
    mask = _syncopation(metre * bars, rng, 0.38)
    steps = rng.choice((0, 0, 2, 4, 4, 6, 7), size=mask.sum())
    follows = bool(rng.random() < 0.5)
    places = np.flatnonzero(mask)
    lengths = np.diff(np.append(places, 4 * metre * bars)) / 4
    for bar in range(0, len(chords), bars):
        root = harmony.placed(chords[bar].root if follows else 0, 45)
        first = harmony.step_of(root)
        for place, step, length in zip(places.tolist(), steps.tolist(), lengths.tolist(), strict=True):
            beat = bar * metre + place / 4
            if beat < len(chords) * metre:
                yield ScoreNote(beat, min(1.0, length) * 0.9, harmony.at(first + step), 0.7, part)


def melody(
    chords: Sequence[Chord], harmony: Harmony, rng: np.random.Generator, part: str, density: float
) -> Iterator[ScoreNote]:
    """Yield a melody of two ideas of two bars, in an order such as A A B A, fitted to the chords."""
    metre = harmony.metre
    ideas = [_idea(2 * metre, density, rng) for _ in range(2)]
    order = str(rng.choice(("AABA", "ABAB", "AABB", "ABAA")))
    first = harmony.step_of(_LOW_LEAD + int(rng.integers(0, 8)))
    for pair in range((len(chords) + 1) // 2):
        places, steps = ideas["AB".index(order[pair % 4])]
        ends = np.append(places[1:], 2 * metre)
        for beat, end, step in zip(places.tolist(), ends.tolist(), steps.tolist(), strict=True):
            bar = 2 * pair + int(beat // metre)
            if bar >= len(chords):
                break
            pitch = harmony.at(first + step)
            if beat % 1 == 0:
                pitch = _nearest_tone(pitch, chords[bar], harmony)
            yield ScoreNote(2.0 * pair * metre + beat, min(2.0, end - beat) * 0.93, pitch, 0.8, part)


def _idea(
    beats: int, density: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return onsets in beats and steps of the scale of an idea."""
    chances = np.where(np.arange(2 * beats) % 2 == 0, 1.2 * density, 0.8 * density)
    chances[-int(rng.integers(1, 4)) :] = 0.0  # breathes at its end
    chosen = rng.random(2 * beats) < chances
    chosen[2 * int(rng.integers(0, 2))] = True
    places = np.flatnonzero(chosen) / 2
    steps = np.cumsum(rng.choice((-2, -1, -1, 0, 1, 1, 2, 3), size=len(places)))
    return places, np.clip(steps, -4, 7)


def _nearest_tone(pitch: int, chord: Chord, harmony: Harmony) -> int:
    classes = {(harmony.tonic + tone) % 12 for tone in chord.tones}
    return next((pitch + by for by in (0, -1, 1, -2, 2) if (pitch + by) % 12 in classes), pitch)


def _syncopation(beats: int, rng: np.random.Generator, density: float) -> NDArray[np.bool_]:
    """Return which sixteenths of some beats are struck; the first one always is."""
    weights = np.tile((1.3, 0.5, 1.0, 0.6), beats) * density
    mask = rng.random(4 * beats) < weights
    mask[0] = True
    return np.asarray(mask)
