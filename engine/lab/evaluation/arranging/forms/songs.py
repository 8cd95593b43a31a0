"""Songs of known form for hidden editors: composed by rule, and played through a sound font.

They share no code, no instruments and no recordings with the training of the arranger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.lab.training.beats.soundfont import DRUM_CHANNEL, FLUID_R3, Sounding, through_sound_font

Samples = NDArray[np.float32]
RATE_HZ = 22_050
_BEATS = 4
_UNEVEN_SIXTEENTHS = 0.04
_SHORTER_SIXTEENTHS, _LEAST_SIXTEENTHS = 0.08, 0.25
_RINGS_S = 0.4
_CHORDS = ((0, 4, 7), (2, 5, 9), (4, 7, 11), (5, 9, 12), (7, 11, 14), (9, 12, 16))
_WALKS = ((0, 5, 3, 4), (0, 4, 5, 3), (5, 3, 0, 4), (0, 3, 4, 3), (5, 4, 3, 4), (1, 4, 0, 5), (3, 4, 2, 5))
_COMPING = (0, 2, 4, 6, 16, 18, 24, 26, 28, 48, 50, 88)
_BASSES = (32, 34, 36, 38)
_LEADS = (40, 56, 60, 64, 66, 72, 80, 82)
_FORMS = (
    "IVCVCBCO",
    "IVVCVCCO",
    "IVPCVPCBCO",
    "VCVCBCC",
    "IVCIVCSCO",
    "IVCSVCBCCO",
    "IABABCAO",
    "VVBVBVO",
    "IVCBVCO",
)
_LENGTHS = {"I": (4, 8), "O": (4, 8), "P": (4,), "S": (8,), "B": (8,), "V": (8, 12, 16), "C": (8, 12)}
_LOUD = {"I": 0.55, "O": 0.55, "P": 0.65, "S": 0.75, "B": 0.6, "V": 0.62, "C": 0.9}


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a song [start, stop) in seconds, and its label."""

    label: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class _Idea:
    """Music that all sections of a label share."""

    bars: int
    walk: tuple[int, ...]
    loud: float
    kick: tuple[int, ...]
    snare: tuple[int, ...]
    hat_every: int
    cymbal: int
    motif: tuple[tuple[int, int], ...]
    has_lead: bool
    has_bass: bool


@dataclass(frozen=True, slots=True)
class Song:
    """A song: its form, tempo and music."""

    form: str
    tempo_bpm: float
    key: int
    ideas: dict[str, _Idea]
    programs: tuple[int, int, int]
    seed: int

    @property
    def bar_s(self) -> float:
        """Length of a bar."""
        return 60.0 * _BEATS / self.tempo_bpm


def composed(seed: int) -> Song:
    """Return a song, the same for the same seed."""
    rng = np.random.default_rng([seed, 9917])
    form = str(rng.choice(_FORMS))
    ideas = {label: _idea(label, rng) for label in dict.fromkeys(form)}
    programs = (int(rng.choice(_COMPING)), int(rng.choice(_BASSES)), int(rng.choice(_LEADS)))
    return Song(form, float(rng.uniform(84.0, 152.0)), int(rng.integers(-5, 6)), ideas, programs, seed)


def jammed(seed: int, sections: int) -> Song:
    """Return an improvisation over one walk: sections of other loudness and players, none of them twice."""
    rng = np.random.default_rng([seed, 9923])
    walk = tuple(int(step) for step in _WALKS[int(rng.integers(len(_WALKS)))])
    labels = "abcdefghijklmnopqrstuvw"[:sections]
    ideas = {}
    for label in labels:
        made = _idea(str(rng.choice(list("VCBS"))), rng)
        loud = float(rng.uniform(0.35, 1.0))
        ideas[label] = _Idea(
            int(rng.choice([8, 12, 16])),
            walk,
            loud,
            made.kick,
            made.snare,
            made.hat_every,
            made.cymbal,
            made.motif,
            loud > 0.6,
            rng.random() < 0.85,
        )
    programs = (int(rng.choice(_COMPING)), int(rng.choice(_BASSES)), int(rng.choice(_LEADS)))
    return Song(labels, float(rng.uniform(84.0, 140.0)), int(rng.integers(-5, 6)), ideas, programs, seed)


def _idea(label: str, rng: np.random.Generator) -> _Idea:
    walk = tuple(int(step) for step in _WALKS[int(rng.integers(len(_WALKS)))])
    beats = range(16)
    kick = tuple(sorted({0, *(int(each) for each in rng.choice(beats, 3, replace=False))}))
    snare = (4, 12) if rng.random() < 0.8 else (8,)
    motif = tuple(
        (int(place), int(rng.choice([0, 2, 4, 7, 9, 12, 14])))
        for place in sorted(rng.choice(32, int(rng.integers(6, 14)), replace=False).tolist())
    )
    loud = float(np.clip(_LOUD.get(label, 0.7) + rng.normal(0.0, 0.06), 0.3, 1.0))
    bars = int(rng.choice(_LENGTHS.get(label, (8,))))
    has_lead = label in "CS" or (label in "VAB" and rng.random() < 0.4)
    return _Idea(
        bars,
        walk,
        loud,
        kick,
        snare,
        int(rng.choice([1, 2, 4])),
        int(rng.choice([42, 46, 51])),
        motif,
        has_lead,
        label != "I" or rng.random() < 0.5,
    )


def sections_of(song: Song, lead_in_s: float = 0.0) -> tuple[Section, ...]:
    """Return where the sections of a song are."""
    found, at = [], lead_in_s
    for label in song.form:
        stop = at + song.ideas[label].bars * song.bar_s
        found.append(Section(label, at, stop))
        at = stop
    return tuple(found)


def played(song: Song, rng: np.random.Generator, mistakes: int = 0, until: int = 99) -> Samples:
    """Return a performance `until` a section, mono at `RATE_HZ`: no two are the same.

    Parameters
    ----------
    mistakes : how often a player is lost for a bar
    """
    notes: list[Sounding] = []
    form = song.form[:until]
    bars = sum(song.ideas[label].bars for label in form)
    lost = set(rng.choice(bars, min(mistakes, bars), replace=False).tolist())
    bar = 0
    for number, label in enumerate(form):
        idea = song.ideas[label]
        for within in range(idea.bars):
            is_last = within == idea.bars - 1 and number < len(form) - 1
            _bar(notes, song, idea, bar, within, rng, is_last=is_last, is_lost=bar in lost)
            bar += 1
    return _rendered(notes, song, bars)


def _bar(
    notes: list[Sounding],
    song: Song,
    idea: _Idea,
    bar: int,
    within: int,
    rng: np.random.Generator,
    *,
    is_last: bool,
    is_lost: bool,
) -> None:
    """Add the notes of a bar; the last one of a section has a fill."""
    sixteenth_s = song.bar_s / (4 * _BEATS)

    def note(channel: int, pitch: int, at16: float, length16: float, loud: float) -> None:
        at_s = bar * song.bar_s + (at16 + rng.normal(0.0, _UNEVEN_SIXTEENTHS)) * sixteenth_s
        lasts_s = max(_LEAST_SIXTEENTHS, length16 - _SHORTER_SIXTEENTHS) * sixteenth_s
        velocity = float(np.clip(loud * idea.loud * rng.uniform(0.9, 1.1), 0.01, 1.0))
        notes.append(Sounding(max(0.0, at_s), lasts_s, pitch, velocity, channel))

    chord = _CHORDS[idea.walk[within % len(idea.walk)]]
    wrong = int(rng.choice([-1, 1, 6])) if is_lost else 0
    for place in (0, 8) if idea.hat_every == 4 else (0, 6, 10):
        for tone in chord:
            note(0, 60 + song.key + tone + wrong, place, 5, 0.62)
    if idea.has_bass:
        for place in idea.kick:
            note(1, 36 + song.key + chord[0] % 12, place, 3, 0.85)
    if idea.has_lead:
        for place, tone in idea.motif:
            if place // 16 == within % 2 and rng.random() < 0.95:
                note(2, 72 + song.key + tone, place % 16, 2, 0.8)
    if is_lost:
        return
    if within == 0:
        note(DRUM_CHANNEL, 49, 0, 4, 0.8)
    for place in range(0, 16, idea.hat_every):
        note(DRUM_CHANNEL, idea.cymbal, place, 1, 0.5)
    for place in idea.kick:
        note(DRUM_CHANNEL, 36, place, 1, 0.95)
    for place in idea.snare:
        note(DRUM_CHANNEL, 38, place, 1, 0.9)
    if is_last:
        for place in range(10, 16):
            note(DRUM_CHANNEL, int(rng.choice([38, 45, 47, 50])), place, 1, 0.85)


def _rendered(notes: Sequence[Sounding], song: Song, bars: int) -> Samples:
    """Return notes through the sound font, with the last ones ringing.

    Raises
    ------
    FileNotFoundError : fluidsynth is not installed
    """
    length_s = bars * song.bar_s + _RINGS_S
    audio = through_sound_font(notes, dict(enumerate(song.programs)), FLUID_R3, length_s, RATE_HZ)
    scaled: Samples = audio / max(float(np.abs(audio).max()), 1e-9) * np.float32(0.7)
    return scaled
