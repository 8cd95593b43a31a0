"""Rule-based accompaniment: chords, bass lines and melodies over bars.

Places and lengths are in beats from the start of the piece, pitches are MIDI's, velocities 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.lab.training.beats.patterns import grouping
from engine.lab.training.beats.timeline import Bar


@dataclass(frozen=True, slots=True)
class Note:
    """A note of one part."""

    beat: float
    length_beats: float
    pitch: int
    velocity: float
    part: int


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord from a place in the piece on; `pitches` within an octave from the root."""

    beat: float
    length_beats: float
    root: int
    pitches: tuple[int, ...]


_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_PROGRESSIONS = (
    (0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (0, 3, 4, 3), (0, 3, 0, 4), (1, 4, 0, 0), (0, 5, 1, 4),
    (0, 6, 5, 4), (0, 6, 3, 0), (0, 0, 3, 0, 4, 3, 0, 4), (0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4), (0, 3),
    (0, 4), (0,), (0, 2, 3, 4), (5, 4, 3, 4), (0, 4, 3, 3), (2, 5, 1, 4),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A key: its tonic (0 to 11) and its scale."""

    tonic: int
    scale: tuple[int, ...]

    def pitch(self, degree: int) -> int:
        """Return a degree of the scale, from 0, in semitones above C."""
        octave, step = divmod(degree, len(self.scale))
        return self.tonic + self.scale[step] + 12 * octave


def random_key(rng: np.random.Generator) -> Key:
    """Draw a key."""
    return Key(int(rng.integers(12)), _MAJOR if rng.random() < 0.6 else _MINOR)


def chords(rng: np.random.Generator, bars: Sequence[Bar], key: Key) -> list[Chord]:
    """Lay a progression over the bars: mostly one chord a bar, sometimes two, or one for two bars.

    Some pieces anticipate their chords by an eighth, as players of pop and salsa do.
    """
    degrees = _PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))]
    rhythm = str(rng.choice(["bar", "bar", "bar", "two bars", "half bar", "mixed"]))
    early = float(rng.choice([0.0, 0.0, 0.0, 0.0, 0.0, 0.5]))
    sevenths = rng.random() < 0.35
    laid: list[tuple[float, tuple[int, ...]]] = []
    number = 0
    for count, bar in enumerate(bars):
        if rhythm == "two bars" and count % 2 and laid:
            continue
        halves = rhythm == "half bar" or (rhythm == "mixed" and rng.random() < 0.25)
        middle = grouping(rng, bar.metre)[0] if bar.metre > 3 else bar.metre - 1
        if bar.metre == 4:
            middle = 2
        for start in (0, middle) if halves and bar.metre > 1 else (0,):
            degree = degrees[number % len(degrees)]
            number += 1
            tones = tuple(key.pitch(degree + step) for step in ((0, 2, 4, 6) if sevenths else (0, 2, 4)))
            laid.append((bar.first_beat + start - (early if bar.first_beat + start else 0.0), tones))
    end = bars[-1].first_beat + bars[-1].metre
    stops = [place for place, _ in laid[1:]] + [float(end)]
    return [
        Chord(place, stop - place, tones[0], tones) for (place, tones), stop in zip(laid, stops, strict=True)
    ]


def _placed(pattern: Sequence[float], bar: Bar) -> list[float]:
    return [bar.first_beat + place for place in pattern if place < bar.metre - 1e-6]


def chord_at(laid: Sequence[Chord], beat: float) -> Chord:
    """Return the chord that sounds at a place."""
    for chord in reversed(laid):
        if chord.beat <= beat + 1e-6:
            return chord
    return laid[0]


def bass(rng: np.random.Generator, bars: Sequence[Bar], laid: Sequence[Chord], part: int) -> list[Note]:
    """Draw a bass line."""
    kind = str(
        rng.choice(
            [
                "roots",
                "root fifth",
                "eighths",
                "quarters",
                "walking",
                "octaves",
                "riff",
                "riff",
                "long",
                "off",
            ]
        )
    )
    riff = _riff(rng, bars[0].metre)
    low = int(rng.integers(28, 40))
    notes = []
    for bar in bars:
        pattern = {
            "roots": [0.0],
            "long": [0.0],
            "root fifth": [0.0, 2.0] if bar.metre == 4 else [0.0, float(max(1, bar.metre - 1))],
            "eighths": list(np.arange(0.0, bar.metre, 0.5)),
            "quarters": list(np.arange(0.0, bar.metre, 1.0)),
            "walking": list(np.arange(0.0, bar.metre, 1.0)),
            "octaves": list(np.arange(0.0, bar.metre, 0.5)),
            "off": list(np.arange(0.5, bar.metre, 1.0)),
            "riff": riff,
        }[kind]
        places = _placed(pattern, bar)
        stops = [*places[1:], float(bar.first_beat + bar.metre)]
        for number, (place, stop) in enumerate(zip(places, stops, strict=True)):
            chord = chord_at(laid, place)
            pitch = _low(chord.root, low)
            if kind == "root fifth" and number % 2:
                pitch += 7 if rng.random() < 0.7 else -5
            elif kind == "octaves" and number % 2:
                pitch += 12
            elif kind == "walking" and number:
                pitch = _low(int(rng.choice(chord.pitches)) + int(rng.choice([0, 0, 0, 1, -1, 2])), low)
            elif kind == "riff" and number and rng.random() < 0.4:
                pitch = _low(int(rng.choice(chord.pitches)), low)
            length = (stop - place) * float(rng.choice([0.95, 0.95, 0.6, 0.4]) if kind != "long" else 1.0)
            notes.append(Note(place, length, pitch, float(rng.uniform(0.7, 0.95)), part))
    return notes


def _low(pitch: int, low: int) -> int:
    return low + (pitch - low) % 12


def _riff(rng: np.random.Generator, metre: int) -> list[float]:
    grid = float(rng.choice([0.5, 0.5, 0.25]))
    places = [place for place in np.arange(0.0, metre, grid).tolist() if rng.random() < 0.45]
    return sorted({*places, *([0.0] if rng.random() < 0.85 else [])}) or [0.0]


def comping(rng: np.random.Generator, bars: Sequence[Bar], laid: Sequence[Chord], part: int) -> list[Note]:
    """Draw an accompaniment: pads, blocks, strums, off-beats, broken chords or stabs."""
    kind = str(
        rng.choice(
            ["pad", "pad", "blocks", "strum", "off", "broken", "broken", "stabs", "power", "oom-pah", "push"]
        )
    )
    middle = int(rng.integers(48, 66))
    if kind == "pad":
        return [
            Note(chord.beat, chord.length_beats, _low(pitch, middle), 0.6, part)
            for chord in laid
            for pitch in chord.pitches
        ]
    metre = bars[0].metre
    grid = float(rng.choice([0.5, 0.5, 0.25, 1 / 3]))
    pattern: dict[str, list[float]] = {
        "blocks": list(np.arange(0.0, 8.0, float(rng.choice([1.0, 1.0, 0.5])))),
        "strum": [0.0, 1.0, 1.5, 2.5, 3.0, 3.5, 4.0, 5.0, 5.5, 6.0],
        "off": list(np.arange(0.5, 8.0, 1.0)),
        "broken": list(np.arange(0.0, 8.0, grid)),
        "stabs": _riff(rng, metre),
        "power": list(np.arange(0.0, 8.0, 0.5)),
        "oom-pah": [1.0, 2.0, 4.0, 5.0] if metre == 3 else [1.0, 3.0, 5.0, 6.0],
        "push": [0.0, 1.5, 3.5, 5.0, 6.5],
    }
    order = rng.permutation(8)
    notes = []
    for bar in bars:
        for number, place in enumerate(_placed(pattern[kind], bar)):
            chord = chord_at(laid, place)
            tones = [_low(pitch, middle) for pitch in chord.pitches]
            on_beat = abs(place - round(place)) < 1e-6
            level = float(rng.uniform(0.55, 0.8)) + (0.1 if on_beat else 0.0)
            if kind == "broken":
                run = [*sorted(tones), *(tone + 12 for tone in sorted(tones))]
                notes.append(Note(place, grid * 1.2, run[int(order[number % 8]) % len(run)], level, part))
                continue
            if kind == "power":
                tones = [_low(chord.root, 40), _low(chord.root, 40) + 7]
            length = (
                0.3 if kind in ("off", "stabs", "oom-pah") else 0.45 if kind in ("power", "blocks") else 0.8
            )
            spread = 0.02 if kind == "strum" else 0.0
            notes += [
                Note(place + spread * step, length, tone, level, part)
                for step, tone in enumerate(sorted(tones))
            ]
    return notes


def melody(
    rng: np.random.Generator,
    bars: Sequence[Bar],
    laid: Sequence[Chord],
    key: Key,
    part: int,
    *,
    slow: bool = False,
) -> list[Note]:
    """Draw a melody in phrases, with rests and pickups; long and strong notes lean to strong beats."""
    grid = 1.0 if slow else float(rng.choice([0.5, 0.5, 0.25, 1 / 3]))
    degree = int(rng.integers(28, 42))
    phrase_bars = int(rng.choice([2, 4]))
    busy = float(rng.uniform(0.3, 0.9))
    rhythms = [_rhythm(rng, bars[0].metre, grid, busy) for _ in range(2)]
    notes: list[Note] = []
    for count, bar in enumerate(bars):
        if count % phrase_bars == phrase_bars - 1 and rng.random() < 0.5:
            places = [float(bar.first_beat)]
        else:
            places = _placed(rhythms[count % 2], bar)
        if count % phrase_bars == phrase_bars - 1 and rng.random() < 0.4:
            places += [bar.first_beat + bar.metre - grid * step for step in (2, 1)]  # a pickup
        places = sorted({round(place, 4) for place in places})
        for place in places:
            degree = int(np.clip(degree + rng.choice([-2, -1, -1, 0, 1, 1, 2, 3, -3]), 26, 45))
            pitch = key.pitch(degree)
            if abs(place - bar.first_beat) < 1e-6 and rng.random() < 0.6:
                pitch = _low(int(rng.choice(chord_at(laid, place).pitches)), pitch - 5)
            level = float(rng.uniform(0.6, 0.85)) + (0.1 if abs(place - round(place)) < 1e-6 else 0.0)
            notes.append(Note(place, 1.0, pitch, level, part))
    starts = sorted({note.beat for note in notes})
    nexts = dict(zip(starts, [*starts[1:], starts[-1] + 1.0], strict=True)) if starts else {}
    return [
        Note(
            note.beat, max(0.1, 0.9 * min(nexts[note.beat] - note.beat, 4.0)), note.pitch, note.velocity, part
        )
        for note in notes
    ]


def _rhythm(rng: np.random.Generator, metre: int, grid: float, busy: float) -> list[float]:
    places = []
    for place in np.arange(0.0, metre - 1e-6, grid).tolist():
        on_beat = abs(place - round(place)) < 1e-6
        share = min(1.0, busy + 0.3) if place == 0 else busy if on_beat else 0.55 * busy
        if rng.random() < share:
            places.append(place)
    return places or [0.0]
