"""Scores of made songs: a form, chords and melodies for each letter, and a band that plays them unevenly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.lab.training.beats.soundfont import DRUM_CHANNEL, Sounding

Chord = tuple[int, bool]
"""Root in semitones above the tonic, and whether the chord is minor."""

FORMS = (
    *("IABABCBO", "AABA", "ABABCB", "IAABABCABBO", "ABACABA", "IABCABCDCO", "AABABA", "IABABCABO"),
    *("ABABCABB", "IABAB", "AABCAABC", "IABACADO"),
)
"""I and O are introduction and ending: four or eight bars over the chords of the first part."""

_PROGRESSIONS: tuple[tuple[Chord, ...], ...] = (
    ((0, False), (7, False), (9, True), (5, False)),
    ((9, True), (5, False), (0, False), (7, False)),
    ((0, False), (9, True), (5, False), (7, False)),
    ((0, True), (10, False), (8, False), (10, False)),
    ((0, False), (5, False), (0, False), (7, False)),
    ((2, True), (7, False), (0, False), (9, True)),
    ((5, False), (7, False), (4, True), (9, True)),
    ((0, True), (5, True), (0, True), (7, False)),
    ((0, False), (10, False), (5, False), (0, False)),
    ((9, True), (9, True), (2, True), (4, True)),
    ((5, False), (0, False), (5, False), (7, False)),
    ((4, True), (9, True), (2, True), (7, False)),
    ((0, False), (4, True), (5, False), (7, False)),
    ((0, True), (8, False), (3, False), (10, False)),
    ((5, False), (5, False), (0, False), (0, False)),
    ((8, False), (10, False), (0, True), (0, True)),
)
_HARMONY = (0, 4, 24, 27, 1, 16, 25, 5, 19, 26)
_BASSES = (32, 33, 34, 36, 35, 38)
_LEADS = (73, 56, 65, 80, 71, 52, 66, 22, 60, 81)
_PADS = (48, 50, 61, 62, 89, 91)
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_KICK, _SNARE, _HAT, _OPEN, _CRASH, _RIDE, _TOM = 36, 38, 42, 46, 49, 51, 45
_BEATS = 4


@dataclass(frozen=True, slots=True)
class Score:
    """A made song as notes.

    Attributes
    ----------
    programs : the General MIDI program of each channel
    sections : start in seconds, stop in seconds, label
    """

    notes: tuple[Sounding, ...]
    programs: dict[int, int]
    sections: tuple[tuple[float, float, str], ...]
    length_s: float


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Music of one letter: chords a bar, a melody of (beat, length, pitch) a bar, and how it is played.

    Attributes
    ----------
    drums : steps of eighths at which kick and snare are played, and the cymbal
    is_full : whether the pad plays
    is_sung : whether the melody plays
    strum : beats at which chords begin
    """

    chords: tuple[Chord, ...]
    melody: tuple[tuple[tuple[float, float, int], ...], ...]
    kicks: tuple[int, ...]
    snares: tuple[int, ...]
    cymbal: int
    strum: tuple[float, ...]
    is_full: bool
    is_sung: bool
    loud: float


def made_score(seed: int, half: int, steady_bpm: float | None = None) -> Score:
    """Return the score of a made song.

    Parameters
    ----------
    half : 0 for material to choose settings on, 1 for reported material; they share no chord progression and
        no instrument
    steady_bpm : a tempo without drift, at which recorded loops play in place of the drums
    """
    rng = np.random.default_rng([seed, half, 46])
    form = FORMS[seed % len(FORMS)]
    parts = _parts_of(rng, form, half)
    key = int(rng.integers(-5, 6))
    programs = {
        0: int(rng.choice(_HARMONY[half::2])),
        1: int(rng.choice(_BASSES[half::2])),
        2: int(rng.choice(_LEADS[half::2])),
        3: int(rng.choice(_PADS[half::2])),
        DRUM_CHANNEL: 0,
    }
    clock = _Clock(rng, float(rng.uniform(78.0, 150.0)), steady_bpm)
    band = _Band(rng, clock, key, has_drums=steady_bpm is None)
    sections: list[tuple[float, float, str]] = []
    has_own_words = rng.random() < 0.4
    for place, letter in enumerate(form):
        part = parts[letter]
        if letter not in "IO" and form[:place].count(letter) and has_own_words and letter == "A":
            part = _resung(rng, part)
        start_s = clock.now_s
        is_last = place == len(form) - 1
        for bar in range(len(part.chords)):
            is_fill = bar == len(part.chords) - 1 and not is_last and rng.random() < 0.7
            band.bar(part, bar, is_fill=is_fill)
            clock.next_bar()
        sections.append((start_s, clock.now_s, letter))
    length_s = clock.now_s + 2.0
    return Score(tuple(band.notes), programs, tuple(sections), length_s)


class _Clock:
    """Times of bars at a tempo that drifts by a percent or two."""

    def __init__(self, rng: np.random.Generator, tempo_bpm: float, steady_bpm: float | None) -> None:
        self._rng, self._beat_s = rng, 60.0 / (steady_bpm or tempo_bpm)
        self._step = 0.003 if steady_bpm is None else 0.0
        self._drift = 0.0
        self.now_s = 0.3

    def at(self, beat: float) -> float:
        """Return the time of a beat of this bar, 0 for the first."""
        return self.now_s + beat * self._beat_s * (1.0 + self._drift)

    def next_bar(self) -> None:
        """Go to the next bar."""
        self.now_s = self.at(_BEATS)
        self._drift = float(np.clip(self._drift + self._rng.normal(0.0, self._step), -0.02, 0.02))


def _parts_of(rng: np.random.Generator, form: str, half: int) -> dict[str, _Part]:
    """Draw the music of each letter of a form."""
    progressions = _PROGRESSIONS[half::2]
    order = rng.permutation(len(progressions))
    is_of_same_chords = rng.random() < 0.25
    is_of_same_band = rng.random() < 0.25
    phrase_bars = int(rng.choice((8, 8, 16)))
    parts: dict[str, _Part] = {}
    for number, letter in enumerate(sorted(set(form) - {"I", "O"})):
        same = is_of_same_chords and letter == "B"
        chords = progressions[int(order[0 if same else number % len(order)])]
        bars = phrase_bars if letter in "AB" else 8
        every = int(rng.choice((1, 1, 2)))
        laid = tuple(chords[bar // every % len(chords)] for bar in range(bars))
        is_full = letter == "B" if not is_of_same_band else True
        parts[letter] = _drawn_part(
            rng, laid, is_full=is_full, like=parts.get("A") if is_of_same_band else None
        )
    first = parts["A"]
    for letter in set(form) & {"I", "O"}:
        bars = int(rng.choice((4, 8)))
        laid = tuple(first.chords[bar % len(first.chords)] for bar in range(bars))
        drawn = _drawn_part(rng, laid, is_full=False, like=None)
        parts[letter] = replace(drawn, is_sung=False, loud=0.7)
    return parts


def _drawn_part(
    rng: np.random.Generator, chords: Sequence[Chord], *, is_full: bool, like: _Part | None
) -> _Part:
    kicks = tuple(sorted({0, *rng.choice(np.arange(1, 8), 2, replace=False).tolist()}))
    strum = tuple(sorted({0.0, *rng.choice(np.arange(1, 8) / 2.0, int(rng.integers(1, 5)), replace=False)}))
    cymbal = int(rng.choice((_HAT, _RIDE, _OPEN)))
    if like is not None:
        kicks, strum, cymbal = like.kicks, like.strum, like.cymbal
    snares = (2, 6) if rng.random() < 0.8 else (4,)
    loud = float(rng.uniform(0.6, 0.75)) + (0.12 if is_full else 0.0)
    return _Part(tuple(chords), _melody(rng, chords), kicks, snares, cymbal, strum, is_full, True, loud)


def _melody(
    rng: np.random.Generator, chords: Sequence[Chord]
) -> tuple[tuple[tuple[float, float, int], ...], ...]:
    """Draw a melody: a motif of two bars, moved with the chords, with an answer."""
    scale = _MINOR if chords[0][1] and chords[0][0] == 0 else _MAJOR
    motifs = [_motif(rng) for _ in range(2)]
    centre = int(rng.integers(-2, 5))
    bars = []
    for bar, (root, _) in enumerate(chords):
        motif = motifs[(bar % 4) // 3]
        degree = min(range(7), key=lambda step: abs(scale[step] - root)) + centre
        bars.append(
            tuple(
                (beat, length, 60 + 12 * ((degree + step) // 7) + scale[(degree + step) % 7])
                for beat, length, step in motif
            )
        )
    return tuple(bars)


def _motif(rng: np.random.Generator) -> list[tuple[float, float, int]]:
    starts = np.sort(rng.choice(np.arange(8) / 2.0, int(rng.integers(3, 7)), replace=False))
    lengths = np.diff(np.append(starts, 4.0))
    steps = np.cumsum(rng.integers(-2, 3, len(starts)))
    return list(zip(starts.tolist(), lengths.tolist(), steps.tolist(), strict=True))


def _resung(rng: np.random.Generator, part: _Part) -> _Part:
    """Return a part with another melody over the same chords."""
    return replace(part, melody=_melody(rng, part.chords))


class _Band:
    """Plays bars: notes are a little early or late, louder or softer, some of the melody are left out."""

    def __init__(self, rng: np.random.Generator, clock: _Clock, key: int, *, has_drums: bool) -> None:
        self._rng, self._clock, self._key, self._has_drums = rng, clock, key, has_drums
        self.notes: list[Sounding] = []

    def bar(self, part: _Part, number: int, *, is_fill: bool) -> None:
        """Play a bar of a part."""
        root, is_minor = part.chords[number]
        base = self._key + root
        triad = [60 + (base + step) % 12 for step in (0, 3 if is_minor else 4, 7)]
        for beat, end in zip(part.strum, (*part.strum[1:], float(_BEATS)), strict=True):
            for pitch in triad:
                self._play(part, beat, end - beat, pitch, 0.7, 0)
        for eighth in part.kicks:
            self._play(part, eighth / 2.0, 0.7, 36 + base % 12, 0.9, 1)
        if part.is_full:
            for pitch in triad:
                self._play(part, 0.0, _BEATS, pitch, 0.75, 3)
        if part.is_sung:
            for beat, beats, pitch in part.melody[number]:
                if self._rng.random() < 0.93:
                    moved = 2 * int(self._rng.integers(-1, 2)) if self._rng.random() < 0.1 else 0
                    self._play(part, beat, beats, pitch + self._key + moved, 0.95, 2)
        if self._has_drums:
            self._drums(part, number, is_fill=is_fill)

    def _drums(self, part: _Part, number: int, *, is_fill: bool) -> None:
        if number == 0 and part.is_full:
            self._play(part, 0.0, 0.5, _CRASH, 0.9, DRUM_CHANNEL)
        for eighth in range(2 * _BEATS):
            beat = eighth / 2.0
            if is_fill and eighth >= 4:
                self._play(part, beat, 0.2, _TOM - (eighth - 4), 0.9, DRUM_CHANNEL)
                self._play(part, beat + 0.25, 0.2, _SNARE, 0.7, DRUM_CHANNEL)
                continue
            for pitch, steps in ((_KICK, part.kicks), (_SNARE, part.snares)):
                if eighth in steps:
                    self._play(part, beat, 0.2, pitch, 0.95, DRUM_CHANNEL)
            self._play(part, beat, 0.2, part.cymbal, 0.6 if eighth % 2 else 0.75, DRUM_CHANNEL)

    def _play(self, part: _Part, beat: float, beats: float, pitch: int, loud: float, channel: int) -> None:
        start_s = max(0.0, self._clock.at(beat) + float(self._rng.normal(0.0, 0.008)))
        length_s = self._clock.at(beat + beats * 0.95) - self._clock.at(beat)
        velocity = float(np.clip(part.loud * loud * (1.0 + self._rng.normal(0.0, 0.08)), 0.1, 1.0))
        self.notes.append(Sounding(start_s, length_s, pitch, velocity, channel))
