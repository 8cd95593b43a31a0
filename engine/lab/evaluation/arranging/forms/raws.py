"""Raw recordings of known form: songs with mistakes and broken takes, sets, jams, talk with stings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.lab.evaluation.arranging.forms.songs import (
    RATE_HZ,
    Samples,
    composed,
    jammed,
    played,
    sections_of,
)
from engine.lab.evaluation.arranging.structured_sounds import (
    faded,
    first_sound_s,
    last_sound_s,
    leveled,
    read,
    varispeed,
)

TALK, NOODLE = "talk", "noodle"
SONG, SET, JAM, PODCAST = "song", "set", "jam", "podcast"
KINDS = (SONG, SET, JAM, PODCAST)
_FLOOR_DB = -66.0
_RING_S = 0.4


@dataclass(frozen=True, slots=True)
class Part:
    """A section or another part of a raw recording, [start, stop) in seconds.

    Attributes
    ----------
    label : of the section in its song; "talk" or "noodle" without one
    song, take : numbers of the song and of its take; -1 where none is played
    is_whole : whether the take of the section is complete
    level_db : of its sound
    bar_s : how long a bar lasts, 0 without bars
    """

    label: str
    start_s: float
    stop_s: float
    song: int = -1
    take: int = -1
    is_whole: bool = True
    level_db: float = -60.0
    bar_s: float = 0.0

    @property
    def is_music(self) -> bool:
        """Whether it is a section of a song."""
        return self.song >= 0


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A raw recording, mono at `RATE_HZ`, and its parts in order."""

    kind: str
    audio: Samples
    parts: tuple[Part, ...]


@dataclass(slots=True)
class _Tape:
    rng: np.random.Generator
    speech: Sequence[Path]
    pieces: list[Samples] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    length: int = 0
    takes: dict[int, int] = field(default_factory=dict)

    def silence(self, least_s: float, most_s: float) -> None:
        self.put(np.zeros(round(self.rng.uniform(least_s, most_s) * RATE_HZ), np.float32))

    def put(self, audio: Samples) -> None:
        self.pieces.append(audio)
        self.length += len(audio)

    def talk(self, sentences: int) -> None:
        """Record sentences as one part."""
        start = self.length
        for _ in range(sentences):
            path = self.speech[int(self.rng.integers(len(self.speech)))]
            said = read(path, 0.0, 7.0)
            said = said[round(first_sound_s(said) * RATE_HZ) : round(last_sound_s(said) * RATE_HZ)]
            said = leveled(said, float(self.rng.uniform(-32.0, -24.0)))
            self.put(faded(said, 0.01, 0.03))
            self.silence(0.2, 0.6)
        self._part(TALK, start)

    def song(
        self, seed: int, number: int, *, until: int = 99, breaks: bool = True, mistakes: int = 0
    ) -> None:
        """Record a take, `until` a section, in which it breaks off if it `breaks`."""
        song = composed(seed) if number < 1000 else jammed(seed, 9 + seed % 5)
        speed = float(self.rng.uniform(0.98, 1.02))
        audio = varispeed(played(song, self.rng, mistakes, until), speed)
        audio = leveled(audio, -18.0 + float(self.rng.uniform(-3.0, 3.0)))
        sections = sections_of(song)
        take = self.takes[number] = self.takes.get(number, -1) + 1
        is_whole = until >= len(sections) or not breaks
        last_s = sections[min(until, len(sections)) - 1].stop_s / speed
        if not is_whole:
            last_s -= song.bar_s * float(self.rng.uniform(0.5, 2.5))
        audio = audio[: round((last_s + _RING_S * is_whole) * RATE_HZ)]
        start = self.length
        self.put(faded(audio, 0.003, 0.15))
        for section in sections[:until]:
            first, last = (
                start + round(place / speed * RATE_HZ) for place in (section.start_s, section.stop_s)
            )
            self._part(
                section.label, first, min(last, self.length), number, take, is_whole, song.bar_s / speed
            )

    def _part(
        self,
        label: str,
        start: int,
        stop: int | None = None,
        song: int = -1,
        take: int = -1,
        is_whole: bool = True,
        bar_s: float = 0.0,
    ) -> None:
        stop = self.length if stop is None else stop
        sound = np.concatenate(self.pieces)[start:stop].astype(np.float64)
        level = float(10.0 * np.log10(np.mean(np.square(sound)) + 1e-9))
        self.parts.append(Part(label, start / RATE_HZ, stop / RATE_HZ, song, take, is_whole, level, bar_s))

    def finished(self, kind: str) -> Raw:
        audio = np.concatenate(self.pieces)
        floor = self.rng.standard_normal(len(audio)).astype(np.float32) * 10.0 ** (_FLOOR_DB / 20.0)
        return Raw(kind, np.clip(audio + floor, -1.0, 1.0).astype(np.float32), tuple(self.parts))


def raw(kind: str, number: int, speech: Sequence[Path]) -> Raw:
    """Return a raw recording, the same for the same kind and number.

    Parameters
    ----------
    speech : files with sentences
    """
    rng = np.random.default_rng([number, KINDS.index(kind), 4421])
    tape = _Tape(rng, speech)
    tape.silence(0.4, 2.0)
    {SONG: _song, SET: _set, JAM: _jam, PODCAST: _podcast}[kind](tape, number)
    tape.silence(0.6, 2.0)
    return tape.finished(kind)


def _song(tape: _Tape, number: int) -> None:
    """Record a song: maybe talk, maybe a broken take, a take, talk."""
    rng = tape.rng
    if rng.random() < 0.6:
        tape.talk(int(rng.integers(1, 4)))
        tape.silence(1.0, 3.0)
    if rng.random() < 0.35:
        tape.song(number, 0, until=int(rng.integers(1, 4)), mistakes=1)
        tape.silence(2.0, 4.0)
        if rng.random() < 0.5:
            tape.talk(1)
            tape.silence(1.0, 3.0)
    tape.song(number, 0, mistakes=int(rng.random() < 0.3))
    if rng.random() < 0.5:
        tape.silence(2.0, 4.0)
        tape.talk(1)


def _set(tape: _Tape, number: int) -> None:
    """Record three or four songs, with talk between."""
    rng = tape.rng
    for song in range(int(rng.integers(3, 5))):
        if rng.random() < 0.6:
            tape.talk(int(rng.integers(1, 3)))
            tape.silence(1.0, 3.0)
        tape.song(10 * number + song + 5000, song)
        tape.silence(2.5, 5.0)


def _jam(tape: _Tape, number: int) -> None:
    """Record a jam of several minutes."""
    if tape.rng.random() < 0.5:
        tape.talk(1)
        tape.silence(1.0, 3.0)
    tape.song(number, 1000)


def _podcast(tape: _Tape, number: int) -> None:
    """Record talk between stings: a sound check, then blocks of talk, each after a sting."""
    rng = tape.rng
    if rng.random() < 0.7:
        tape.talk(1)
        tape.silence(1.5, 3.0)
    for _ in range(int(rng.integers(3, 6))):
        tape.song(number + 7000, 0, until=2, breaks=False)
        tape.silence(1.2, 2.0)
        tape.talk(int(rng.integers(3, 8)))
        tape.silence(1.5, 3.0)
    tape.song(number + 7000, 0, until=2, breaks=False)
