"""Bands and their songs: lines, chords and drums by rules of this module; every take differs a little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.lab.evaluation.apart.set_apart import DRUMMING, KITS, Groove, grooves_of

DRUMS, BASS, CHORDS, LEAD, PAD = 9, 0, 1, 2, 3
"""Channels of the players."""

EVERYBODY = frozenset({DRUMS, BASS, CHORDS, LEAD, PAD})
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_BASSES = (32, 33, 34, 35, 36, 38)
_CHORD_PROGRAMS = (0, 2, 4, 5, 16, 18, 24, 25, 26, 27, 28)
_LEADS = (11, 22, 40, 56, 59, 64, 65, 66, 71, 73, 80, 81)
_PADS = (16, 19, 48, 50, 52, 61, 88, 89)
_PROGRESSIONS = (
    (0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 0, 4), (1, 4, 0, 0), (0, 0, 3, 4),
    (0, 6, 3, 0), (2, 5, 1, 4), (0, 2, 3, 4), (3, 4, 0, 5),
)  # fmt: skip
_FORMS = (
    ("intro", "verse", "chorus", "verse", "chorus", "bridge", "chorus", "outro"),
    ("verse", "verse", "chorus", "verse", "bridge", "chorus", "chorus"),
    ("intro", "verse", "bridge", "verse", "chorus", "chorus", "outro"),
)
_BARS_OF = {"intro": 4, "outro": 4}
_BARS = 8
_SECOND_LINEUP = 29
"""Added to the seed of bands past the first ten, which share drummers with these."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a bar or of a recording: its start and length in beats or seconds."""

    start: float
    length: float
    channel: int
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a song as it is written."""

    section: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Song:
    """A song of a band: its tempo, its bars of four beats, and the instruments that play it, by channel."""

    name: str
    tempo_bpm: float
    bars: tuple[Bar, ...]
    programs: tuple[tuple[int, int], ...] = ()

    def beginning(self, count: int | None) -> Song:
        """Return the song with its first bars alone; None for all."""
        return replace(self, bars=self.bars[:count])

    @property
    def bar_s(self) -> float:
        """Return the length of a bar in its own tempo."""
        return 240.0 / self.tempo_bpm


@dataclass(frozen=True, slots=True)
class Band:
    """A band: its players, its drums and its room.

    Attributes
    ----------
    programs, others : first and second instrument of the players, of the sound font, by channel
    swing : how late the second eighth of a beat is, in beats
    reverb_s, wet, noise_db, tilt_db : the room and its microphone
    """

    number: int
    name: str
    drummer: str
    style: str
    programs: tuple[tuple[int, int], ...]
    others: tuple[tuple[int, int], ...]
    swing: float
    reverb_s: float
    wet: float
    noise_db: float
    tilt_db: float


def band_of(number: int) -> Band:
    """Return a band; those from 10 on have other players and rooms than the first ten."""
    rng = np.random.default_rng([number, 71, _SECOND_LINEUP * (number // len(DRUMMING))])
    drummer, style = DRUMMING[number % len(DRUMMING)]
    draws = ((BASS, _BASSES), (CHORDS, _CHORD_PROGRAMS), (LEAD, _LEADS), (PAD, _PADS), (DRUMS, KITS))
    programs = tuple((channel, int(rng.choice(options))) for channel, options in draws)
    if rng.random() < 0.4:
        programs = tuple(one for one in programs if one[0] != PAD)
    others = tuple((channel, int(rng.choice(options))) for channel, options in draws if channel != DRUMS)
    return Band(
        number, f"band {number}, {drummer} {style}", drummer, style, programs, others,
        swing=float(rng.choice([0.0, 0.0, 0.08, 0.16])), reverb_s=float(rng.uniform(0.15, 0.6)),
        wet=float(rng.uniform(0.05, 0.3)), noise_db=float(rng.uniform(-62.0, -48.0)),
        tilt_db=float(rng.uniform(-3.0, 3.0)),
    )  # fmt: skip


@lru_cache(maxsize=64)
def song_of(data_dir: Path, band: Band, number: int) -> Song:
    """Compose a song of a band; the same number is the same song."""
    rng = np.random.default_rng([band.number, number, 72])
    grooves = grooves_of(data_dir, band.drummer, band.style)
    first = grooves[int(rng.integers(len(grooves)))]
    near = [one for one in grooves if 0.7 < one.tempo_bpm / first.tempo_bpm < 1.4]
    tempo_bpm = float(np.clip(first.tempo_bpm, 72.0, 168.0) * rng.uniform(0.94, 1.06))
    key, scale = int(rng.integers(12)), _MAJOR if rng.random() < 0.5 else _MINOR
    form = _FORMS[int(rng.integers(len(_FORMS)))]
    written = {
        section: _Section(band, rng, key, scale, first if section == "verse" else _one_of(near, rng))
        for section in sorted(set(form))
    }
    second = {channel: program for channel, program in band.others if rng.random() < 0.35}
    loudness = float(rng.uniform(0.65, 1.0))
    few = frozenset({DRUMS, CHORDS}) if rng.random() < 0.5 else frozenset({CHORDS, PAD, BASS})
    bars: list[Bar] = []
    for turn, section in enumerate(form):
        count = _BARS_OF.get(section, _BARS)
        players = few if section == "intro" else EVERYBODY
        for bar in range(count):
            notes = written[section].bar(bar, turn, is_last=bar == count - 1)
            played = (note for note in notes if note.channel in players)
            bars.append(Bar(section, tuple(replace(one, velocity=loudness * one.velocity) for one in played)))
    programs = tuple((channel, second.get(channel, program)) for channel, program in band.programs)
    return Song(f"song {number}", tempo_bpm, tuple(bars), programs)


def _one_of(grooves: Sequence[Groove], rng: np.random.Generator) -> Groove:
    return grooves[int(rng.integers(len(grooves)))]


class _Section:
    """Written parts of one section: chords, patterns, a melody of four bars and a groove."""

    def __init__(
        self, band: Band, rng: np.random.Generator, key: int, scale: Sequence[int], groove: Groove
    ) -> None:
        self._key, self._scale, self._groove, self._swing = key, scale, groove, band.swing
        self._channels = frozenset(channel for channel, _ in band.programs)
        self._chords = _PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))]
        self._strums = _pattern(rng, 2, 7)
        self._bass = _pattern(rng, 2, 8)
        self._walks = rng.random() < 0.3
        self._melody = [_phrase(rng) for _ in range(4)]
        self._has_melody = rng.random() < 0.8
        self._groove_from = int(rng.integers(max(1, len(groove.bars) - 9)))

    def bar(self, bar: int, turn: int, *, is_last: bool) -> list[Note]:
        """Write one bar; the drums of the last one are those of a later bar of the groove, often a fill."""
        chord = self._chords[bar % 4]
        notes = [*self._drums(bar, is_last=is_last), *self._low(chord, bar), *self._middle(chord)]
        if self._has_melody or turn > 4:
            notes += self._high(bar)
        return [note for note in notes if note.channel in self._channels]

    def _pitch(self, degree: int, octave: int) -> int:
        high, step = divmod(degree, 7)
        return 12 * (octave + high) + self._key + self._scale[step]

    def _late(self, beat: float) -> float:
        return beat + self._swing if beat % 1.0 == 0.5 else beat

    def _drums(self, bar: int, *, is_last: bool) -> list[Note]:
        bars = self._groove.bars
        strokes = bars[(self._groove_from + (7 if is_last else bar % 4)) % len(bars)]
        return [Note(one.beat, 0.2, DRUMS, one.pitch, one.velocity) for one in strokes]

    def _low(self, chord: int, bar: int) -> list[Note]:
        notes, steps = [], (0, 2, 4, 2, 1, 4, 0, 4)
        for place, beat in enumerate(self._bass):
            degree = chord + (steps[(place + bar) % len(steps)] if self._walks else (0, 0, 4)[place % 3])
            length = (self._bass[place + 1] if place + 1 < len(self._bass) else 4.0) - beat
            notes.append(Note(self._late(beat), 0.9 * length, BASS, self._pitch(degree, 2), 0.75))
        return notes

    def _middle(self, chord: int) -> list[Note]:
        notes = []
        for beat in self._strums:
            for degree in (chord, chord + 2, chord + 4):
                notes.append(Note(self._late(beat), 0.6, CHORDS, self._pitch(degree, 4), 0.55))
        notes += [Note(0.0, 3.9, PAD, self._pitch(chord + degree, 4), 0.4) for degree in (0, 4)]
        return notes

    def _high(self, bar: int) -> list[Note]:
        return [
            Note(self._late(beat), length, LEAD, self._pitch(degree, 5), 0.7)
            for beat, length, degree in self._melody[bar % 4]
        ]


def _pattern(rng: np.random.Generator, least: int, most: int) -> tuple[float, ...]:
    """Return places in a bar of eighths, always with the first beat."""
    count = int(rng.integers(least, most))
    places = rng.choice(np.arange(1, 8), count - 1, replace=False)
    return (0.0, *sorted(float(place) / 2.0 for place in places))


def _phrase(rng: np.random.Generator) -> tuple[tuple[float, float, int], ...]:
    """Return beat, length in beats and degree of the notes of a bar."""
    beats = _pattern(rng, 2, 6)
    degrees = np.cumsum(rng.integers(-2, 3, len(beats))) + int(rng.integers(0, 5))
    stops = (*beats[1:], 4.0)
    return tuple(
        (beat, 0.85 * (stop - beat), int(np.clip(degree, -4, 10)))
        for beat, stop, degree in zip(beats, stops, degrees, strict=True)
    )


def as_played(bar: Bar, rng: np.random.Generator) -> list[Note]:
    """Return a bar as one take plays it: other accents, a few notes more or fewer."""
    played = []
    for note in bar.notes:
        if note.channel in (CHORDS, DRUMS) and note.velocity < 0.6 and rng.random() < 0.04:
            continue
        velocity = float(np.clip(note.velocity * rng.normal(1.0, 0.08), 0.05, 1.0))
        played.append(replace(note, velocity=velocity))
        if note.channel == LEAD and rng.random() < 0.08:
            played.append(replace(note, start=max(0.0, note.start - 0.1), length=0.1, pitch=note.pitch + 2))
        if note.channel == DRUMS and note.pitch == 38 and rng.random() < 0.06:
            played.append(replace(note, start=note.start + 0.25, velocity=0.25 * velocity))
    return played
