"""Rehearsals whose structure is known: count-ins, false starts, takes, talk, noodling, tuning and pauses.

They share no code with the training data of the arranger, and their songs are unseen recordings.
A take is the same recording again, a little faster or slower, filtered, louder or softer, in a room.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.lab.evaluation.arranging.structured_sounds import (
    LEAST_SONG_S,
    RATE_HZ,
    Material,
    Samples,
    faded,
    last_sound_s,
    leveled,
    noodling,
    read,
    read_song,
    tuning,
    varispeed,
)

FLOOR_DB = -66.0
LONGEST_SONG_S = 75.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a rehearsal.

    Attributes
    ----------
    kind : "take", "broken take", "false start", "count-in", "talk", "noodling" or "tuning"
    song : the number of the song; -1 where none is played
    """

    kind: str
    start_s: float
    stop_s: float
    song: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Structured:
    """A rehearsal and its parts, in order; audio is mono at `RATE_HZ`, shape (n,)."""

    audio: Samples
    parts: tuple[Part, ...]

    def of(self, *kinds: str) -> tuple[Part, ...]:
        """Return the parts of some kinds."""
        return tuple(part for part in self.parts if part.kind in kinds)


@dataclass(slots=True)
class _Tape:
    """A rehearsal that is being recorded."""

    rng: np.random.Generator
    pieces: list[Samples] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    length: int = 0

    def pause(self, length_s: float) -> None:
        self._put(np.zeros(round(length_s * RATE_HZ), np.float32))

    def play(self, kind: str, audio: Samples, song: int = -1) -> None:
        start = self.length
        self._put(audio)
        stop_s = start / RATE_HZ + last_sound_s(audio)
        self.parts.append(Part(kind, start / RATE_HZ, stop_s, song))

    def _put(self, audio: Samples) -> None:
        self.pieces.append(audio)
        self.length += len(audio)

    def finished(self) -> Structured:
        audio = np.concatenate(self.pieces)
        floor = self.rng.standard_normal(len(audio)).astype(np.float32) * 10.0 ** (FLOOR_DB / 20.0)
        return Structured(np.clip(audio + floor, -1.0, 1.0).astype(np.float32), tuple(self.parts))


def structured(material: Material, number: int, longest_s: float = LONGEST_SONG_S) -> Structured:
    """Return a rehearsal of two or three songs, the same for the same number.

    Parameters
    ----------
    longest_s : no song is longer
    """
    rng = np.random.default_rng([number, 3511])
    tape = _Tape(rng)
    tape.pause(rng.uniform(0.5, 2.0))
    _between(tape, material)
    chosen = rng.permutation(len(material.songs))[: 2 + int(rng.random() < 0.5)]
    for song in chosen.tolist():
        _rehearse(tape, material, song, longest_s)
    return tape.finished()


def _rehearse(tape: _Tape, material: Material, song: int, longest_s: float) -> None:
    """Record the attempts and takes of a song."""
    rng = tape.rng
    whole = read_song(material.songs[song], max(LEAST_SONG_S, float(rng.uniform(0.6, 1.0)) * longest_s))
    attempts = int(rng.choice([0, 1, 2], p=[0.25, 0.45, 0.3]))
    takes = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
    for _ in range(attempts):
        length_s = float(rng.uniform(4.0, min(16.0, 0.4 * len(whole) / RATE_HZ)))
        _count_in(tape)
        tape.play("false start", _performed(whole[: round(length_s * RATE_HZ)], rng, 0.12), song)
        _between(tape, material)
    for number in range(takes):
        _count_in(tape)
        is_broken = number < takes - 1 and rng.random() < 0.3
        part = whole[: round(float(rng.uniform(0.45, 0.7)) * len(whole))] if is_broken else whole
        tape.play("broken take" if is_broken else "take", _performed(part, rng, 0.8), song)
        _between(tape, material)


def _performed(audio: Samples, rng: np.random.Generator, ring_s: float) -> Samples:
    """Return another performance of the same music."""
    played = varispeed(audio, float(rng.uniform(0.98, 1.02)))
    tilt = float(rng.uniform(-0.25, 0.25))
    played[1:] = played[1:] + tilt * played[:-1]
    room = rng.standard_normal(round(0.25 * RATE_HZ)) * np.exp(-np.arange(round(0.25 * RATE_HZ)) / 900.0)
    size = 1 << int(np.ceil(np.log2(len(played) + len(room))))
    wet = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(room, size), size)[: len(played)]
    mixed = played + 0.12 * leveled(wet.astype(np.float32), -20.0)
    return faded(leveled(mixed, -20.0 + float(rng.uniform(-2.0, 2.0))), 0.003, ring_s)


def _count_in(tape: _Tape) -> None:
    rng = tape.rng
    if rng.random() < 0.5:
        return
    beat = round(float(rng.uniform(0.4, 0.65)) * RATE_HZ)
    click = rng.standard_normal(beat) * np.exp(-np.arange(beat) / 250.0)
    tape.play("count-in", leveled(np.tile(click.astype(np.float32), 4), -30.0))


def _between(tape: _Tape, material: Material) -> None:
    """Record the time between two performances: pauses, mostly with some sound."""
    rng = tape.rng
    tape.pause(rng.uniform(1.0, 4.0))
    what = str(rng.choice(["talk", "noodling", "tuning", "nothing"], p=[0.45, 0.25, 0.15, 0.15]))
    if what == "talk" and material.talk:
        for path in rng.choice(len(material.talk), int(rng.integers(1, 4))).tolist():
            said = read(material.talk[path], 0.0, float(rng.uniform(2.0, 6.0)))
            speech = leveled(said, float(rng.uniform(-36.0, -26.0)))
            tape.play("talk", faded(speech, 0.02, 0.05))
            tape.pause(rng.uniform(0.2, 0.9))
    elif what == "noodling":
        played = noodling(material, rng, float(rng.uniform(3.0, 10.0)))
        tape.play("noodling", leveled(played, float(rng.uniform(-32.0, -22.0))))
    elif what == "tuning":
        tape.play(
            "tuning", leveled(tuning(rng, float(rng.uniform(6.0, 14.0))), float(rng.uniform(-32.0, -24.0)))
        )
    tape.pause(rng.uniform(1.0, 5.0))
