"""Rehearsals with known repetitions, made from recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.core.timebase import s_to_samples
from engine.features.taste.anomaly.planting import Material, Samples, active_rms, edges
from engine.features.taste.anomaly.practice_kinds import (
    counted_in,
    dropping_out,
    quiet_room,
    ringing,
    stopped,
    talked_over,
    trailing_off,
)
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Clips
from engine.lab.simulated.rehearsals.changes import Change, changed
from engine.lab.simulated.rehearsals.passages import DRUMS, LOOPS, MUSIC, Pool

ROOM_DB = -50.0
_PASSAGE_S: Mapping[str, tuple[float, float]] = {MUSIC: (25.0, 60.0), DRUMS: (12.0, 36.0), LOOPS: (7.5, 20.0)}
_ATTEMPT_S = (2.0, 15.0)
_NOODLE_S = (2.0, 15.0)
_PAUSE_S = (1.2, 6.0)


@dataclass(frozen=True, slots=True)
class Performed:
    """One performance.

    Attributes
    ----------
    passage : its index; negative for passages that are played once
    stop_share : how far into the passage it came
    ending : how it was broken off; empty where it was not
    """

    start_s: float
    stop_s: float
    passage: int
    stop_share: float = 1.0
    ending: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Waited:
    """Audio between two performances, and whether it contains talk or a count-in."""

    start_s: float
    stop_s: float
    is_talk: bool


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A recording, mono at `HEARD_RATE_HZ`, and all that is performed in it and between, in order."""

    name: str
    audio: Samples
    performed: tuple[Performed, ...] = field(default=())
    waited: tuple[Waited, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Plan:
    """How much a rehearsal is made of: passages, takes of each, and how likely attempts and noodles are.

    Attributes
    ----------
    takes : least and most
    longest_s : no passage is longer
    """

    passages: int = 3
    takes: tuple[int, int] = (2, 4)
    attempts: float = 0.5
    noodles: float = 0.35
    longest_s: float = 60.0


def fading(material: Material, attempt: Samples, rng: np.random.Generator) -> Samples:
    """Everybody becomes softer and stops."""
    length = min(len(attempt) // 2, material.samples(rng.uniform(1.0, 3.0)))
    out = stopped(material, attempt, rng)
    out[-length:] *= 10.0 ** (np.linspace(0.0, -40.0, length, dtype=np.float32)[:, None] / 20.0)
    return out


ENDINGS: Mapping[str, Callable[[Material, Samples, np.random.Generator], Samples]] = {
    "stops": stopped,
    "rings out": ringing,
    "one by one": dropping_out,
    "trails off": trailing_off,
    "fades": fading,
}
PAUSES = (quiet_room, talked_over, counted_in)


def session(
    name: str,
    pool: Pool,
    sorts: Sequence[str],
    changes: Sequence[Change],
    clips: Clips,
    seed: int,
    plan: Plan = Plan(),
) -> Session:
    """Return a rehearsal of some passages, most of their takes one after the other.

    Parameters
    ----------
    sorts : kinds of passages, drawn for each
    changes : possible differences between takes
    """
    rng = np.random.default_rng([seed, len(name)])
    stage = _Stage(clips, rng)
    numbers = {sort: rng.permutation(len(pool.paths[sort])).tolist() for sort in pool.paths}
    passages = [
        _passage(pool, sort, numbers[sort].pop(), rng, plan.longest_s)
        for sort in _in_turn(sorts, plan.passages)
    ]
    rest = numbers[MUSIC]
    others = [pool.drawn(MUSIC, rest[0]), pool.drawn(MUSIC, rest[-1])]
    order = [
        number
        for number in range(plan.passages)
        for _ in range(int(rng.integers(plan.takes[0], plan.takes[1] + 1)))
    ]
    # One take comes when something else was played already.
    order.append(order.pop(int(rng.integers(0, len(order)))))
    for number in order:
        change = changes[int(rng.integers(len(changes)))]
        take = changed(passages[number], change, others[0], rng)
        if rng.random() < plan.attempts:
            stage.attempt(take, number, change.name)
        stage.whole(take, number, change.name)
        if rng.random() < plan.noodles:
            stage.noodle(others[1])
    return stage.session(name)


class _Stage:
    """Puts one performance after the other."""

    def __init__(self, clips: Clips, rng: np.random.Generator) -> None:
        self._clips, self._rng = clips, rng
        self._pieces: list[Samples] = []
        self._performed: list[Performed] = []
        self._waited: list[Waited] = []
        self._at = 0

    def whole(self, take: Samples, passage: int, change: str) -> None:
        """Play a take to its end and wait."""
        self._play(take * edges(len(take), HEARD_RATE_HZ, 0.02), passage, 1.0, "", change)
        self._wait(take, quiet_room if self._rng.random() < 0.5 else talked_over)

    def attempt(self, take: Samples, passage: int, change: str) -> None:
        """Begin a take and break it off, once or twice."""
        for _ in range(int(self._rng.integers(1, 3))):
            length = min(len(take) * 2 // 3, s_to_samples(self._rng.uniform(*_ATTEMPT_S), HEARD_RATE_HZ))
            ending = list(ENDINGS)[int(self._rng.integers(len(ENDINGS)))]
            material = self._material(take)
            played = ENDINGS[ending](material, take[:length, None], self._rng)[:, 0]
            self._play(played, passage, length / len(take), ending, change)
            self._wait(take, PAUSES[int(self._rng.integers(len(PAUSES)))])

    def noodle(self, other: Samples) -> None:
        """Play a little of something else."""
        length = s_to_samples(self._rng.uniform(*_NOODLE_S), HEARD_RATE_HZ)
        start = int(self._rng.integers(0, max(1, len(other) - length)))
        piece = other[start : start + length]
        self._play(piece * edges(len(piece), HEARD_RATE_HZ, 0.02), -1, 1.0, "", "")
        self._wait(other, quiet_room)

    def session(self, name: str) -> Session:
        """Return all of it, in one room."""
        audio = np.concatenate(self._pieces)
        level = np.float32(active_rms(audio[:, None], HEARD_RATE_HZ) * 10.0 ** (ROOM_DB / 20.0))
        audio = audio + level * self._rng.standard_normal(len(audio)).astype(np.float32)
        audio = audio / np.float32(max(1.0, float(np.abs(audio).max())))
        return Session(name, audio, tuple(self._performed), tuple(self._waited))

    def _material(self, take: Samples) -> Material:
        return Material(take[:, None], HEARD_RATE_HZ, self._clips)

    def _play(self, played: Samples, passage: int, share: float, ending: str, change: str) -> None:
        start_s = self._at / HEARD_RATE_HZ
        self._pieces.append(np.asarray(played, np.float32))
        self._at += len(played)
        stop_s = self._at / HEARD_RATE_HZ
        self._performed.append(Performed(start_s, stop_s, passage, share, ending, change))

    def _wait(self, take: Samples, pause: Callable[[Material, int, np.random.Generator], Samples]) -> None:
        length = s_to_samples(self._rng.uniform(*_PAUSE_S), HEARD_RATE_HZ)
        waited = pause(self._material(take), length, self._rng)[:, 0]
        start_s = self._at / HEARD_RATE_HZ
        self._pieces.append(waited)
        self._at += len(waited)
        self._waited.append(Waited(start_s, self._at / HEARD_RATE_HZ, pause is not quiet_room))


def _in_turn(sorts: Sequence[str], passages: int) -> list[str]:
    return [sorts[number % len(sorts)] for number in range(passages)]


def _passage(pool: Pool, sort: str, number: int, rng: np.random.Generator, longest_s: float) -> Samples:
    recording = pool.drawn(sort, number)
    lasts_s = min(float(rng.uniform(*_PASSAGE_S[sort])), longest_s)
    length = min(len(recording), s_to_samples(lasts_s, HEARD_RATE_HZ))
    start = int(rng.integers(0, len(recording) - length + 1))
    return recording[start : start + length]
