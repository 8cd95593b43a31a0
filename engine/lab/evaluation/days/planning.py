"""The course of a day: which songs are attempted how, and the time between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

_TALK, _TUNING, _NOODLING, _DRUMMING, _IDLE, _APPLAUSE = (
    "talk", "tuning", "noodling", "drumming", "idle", "applause",
)  # fmt: skip
PAUSE = "pause"
LENGTHS_S = {
    _TALK: (8.0, 90.0),
    _TUNING: (8.0, 40.0),
    _NOODLING: (6.0, 50.0),
    _DRUMMING: (6.0, 30.0),
    _IDLE: (5.0, 60.0),
    _APPLAUSE: (3.0, 10.0),
}
"""Limits of fillers; lengths are spread evenly in their logarithm."""
_SHARES = {_TALK: 0.42, _NOODLING: 0.24, _IDLE: 0.16, _TUNING: 0.11, _DRUMMING: 0.07}
_LEAST_MUSIC, _MOST_MUSIC = 0.5, 0.78
"""Of the length of a day."""
_MOST_SPEED = 0.08
_SHORTEST_S, _AROUND_S = 2.5, 2.0


class Kind(StrEnum):
    """How much of a song an attempt plays."""

    WHOLE = "whole"
    FALSE_START = "false start"
    BROKEN_OFF = "broken off"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a song is played.

    Attributes
    ----------
    song : number in the list of the day
    stops_at : seconds of a false start, or the share of the song of one broken off
    place : of a part, where in the song, 0 to 1; repetitions have the same
    count_in : "sticks", "voice" or empty
    misses_player : whether one player is missing
    joins_next : whether the next attempt follows without a pause
    """

    song: int
    kind: Kind
    semitones: int = 0
    speed: float = 1.0
    stops_at: float = 0.0
    place: float = 0.0
    count_in: str = ""
    misses_player: bool = False
    joins_next: bool = False


@dataclass(frozen=True, slots=True)
class Filler:
    """Something between attempts.

    Attributes
    ----------
    name : a key of `LENGTHS_S`, or `PAUSE`
    is_under : whether it sounds at the same time as the one before it
    """

    name: str
    length_s: float
    is_under: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """Length of a day and number of its songs."""

    length_s: tuple[float, float] = (2_500.0, 5_100.0)
    songs: tuple[int, int] = (5, 10)
    song_s: tuple[float, float] = (95.0, 280.0)


Item = Attempt | Filler


def planned(
    lengths_s: Sequence[float], fewest: int, wanted_s: float, rng: np.random.Generator
) -> tuple[Item, ...]:
    """Plan a day.

    Parameters
    ----------
    lengths_s : of the songs of the day, in the order in which they are first played
    fewest : songs that are played at least
    wanted_s : length of the day
    """
    blocks = [_block(song, lengths_s[song], rng) for song in range(len(lengths_s))]
    if len(blocks) > 2 and rng.random() < 0.7:  # a song comes again at the end of the day
        again = replace(
            _whole(int(rng.integers(len(blocks) - 1)), rng), semitones=int(rng.choice((0, 0, 0, -2, 2)))
        )
        blocks.append([again])
    _trimmed(blocks, lengths_s, _MOST_MUSIC * wanted_s, fewest, rng)
    while _music_s(blocks, lengths_s) < _LEAST_MUSIC * wanted_s:
        song = int(rng.integers(len(lengths_s)))
        if rng.random() < 0.6:
            next(block for block in blocks if block[0].song == song).append(_whole(song, rng))
        else:
            blocks.append([_whole(song, rng)])
    return tuple(_with_fillers(blocks, lengths_s, wanted_s, rng))


def _music_s(blocks: Sequence[Sequence[Attempt]], lengths_s: Sequence[float]) -> float:
    return sum(_estimated_s(one, lengths_s[one.song]) for block in blocks for one in block)


def _estimated_s(attempt: Attempt, length_s: float) -> float:
    shares = {Kind.WHOLE: 1.0, Kind.BROKEN_OFF: attempt.stops_at, Kind.PART: 0.15}
    return attempt.stops_at if attempt.kind is Kind.FALSE_START else length_s * shares[attempt.kind]


def _trimmed(
    blocks: list[list[Attempt]],
    lengths_s: Sequence[float],
    most_s: float,
    fewest: int,
    rng: np.random.Generator,
) -> None:
    """Remove attempts until the music is short enough; some songs stay with an attempt each at least."""
    while _music_s(blocks, lengths_s) > most_s:
        long = [block for block in blocks if sum(one.kind is not Kind.FALSE_START for one in block) > 1]
        if long:
            block = long[int(rng.integers(len(long)))]
            block.pop(int(rng.integers(len(block))))
        elif len(blocks) > fewest:
            blocks.pop()
        else:
            return


def _whole(song: int, rng: np.random.Generator, speed: float | None = None, semitones: int = 0) -> Attempt:
    around = 1.0 if speed is None else speed
    played = around * (1.0 + float(rng.uniform(-0.03, 0.03)) * (1.0 if speed is None else 0.7))
    return Attempt(
        song,
        Kind.WHOLE,
        semitones,
        float(np.clip(played, 1.0 - _MOST_SPEED, 1.0 + _MOST_SPEED)),
        count_in=str(rng.choice(("sticks", "voice", ""), p=(0.45, 0.15, 0.4))),
        misses_player=bool(rng.random() < 0.08),
    )


def _block(song: int, length_s: float, rng: np.random.Generator) -> list[Attempt]:
    """Practise a song: false starts, attempts broken off, parts and whole takes."""
    speed = float(rng.uniform(1.0 - _MOST_SPEED, 1.0 + _MOST_SPEED))
    semitones = int(rng.choice((-3, -2, -1, 1, 2, 3))) if rng.random() < 0.2 else 0
    count = int(rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15)))
    attempts: list[Attempt] = []
    for at in range(count):
        for _ in range(int(rng.choice((0, 1, 2, 3), p=(0.62, 0.23, 0.1, 0.05)))):
            stops_s = float(np.exp(rng.uniform(np.log(3.0), np.log(min(40.0, 0.4 * length_s + 3.1)))))
            start = _whole(song, rng, speed, semitones)
            attempts.append(replace(start, kind=Kind.FALSE_START, stops_at=stops_s))
        if rng.random() < 0.3:
            broken = _whole(song, rng, speed, semitones)
            attempts.append(
                replace(
                    broken, kind=Kind.BROKEN_OFF, stops_at=float(rng.uniform(0.25, 0.85)), joins_next=False
                )
            )
            if rng.random() < 0.5:
                attempts += _parts(song, rng, speed, semitones)
        elif at and rng.random() < 0.15:
            attempts += _parts(song, rng, speed, semitones)
        if rng.random() < 0.2:  # the singer tries another key
            semitones = int(np.clip(semitones + rng.choice((-2, -1, 1, 2)), -3, 3))
        if at < count - 1 or rng.random() < 0.9:
            attempts.append(_whole(song, rng, speed, semitones))
    return attempts or [_whole(song, rng, speed, semitones)]


def _parts(song: int, rng: np.random.Generator, speed: float, semitones: int) -> list[Attempt]:
    place = float(rng.random())
    slow = speed * float(rng.uniform(0.93, 1.0))
    return [
        replace(_whole(song, rng, slow, semitones), kind=Kind.PART, place=place, count_in="")
        for _ in range(int(rng.integers(2, 6)))
    ]


def _with_fillers(
    blocks: Sequence[list[Attempt]], lengths_s: Sequence[float], wanted_s: float, rng: np.random.Generator
) -> list[Item]:
    """Put talk, tuning, noodling and the like before, between and after the blocks."""
    has_audience = rng.random() < 0.2
    items: list[Item] = []
    gaps: list[int] = []
    for number, block in enumerate(blocks):
        gaps.append(len(items))
        for at, attempt in enumerate(block):
            is_last = at == len(block) - 1
            joins = (
                is_last and number < len(blocks) - 1 and attempt.kind is Kind.WHOLE and rng.random() < 0.12
            )
            joins = joins and blocks[number + 1][0].song != attempt.song
            items.append(replace(attempt, joins_next=bool(joins)))
            if joins:
                first = blocks[number + 1][0]
                blocks[number + 1][0] = replace(first, count_in="")
            if attempt.kind is Kind.WHOLE and not joins and rng.random() < (0.7 if has_audience else 0.04):
                items.append(_filler(_APPLAUSE, rng))
            if not is_last:
                items += _short_gap(rng)
    gaps.append(len(items))
    return _filled(items, gaps, lengths_s, wanted_s, rng)


def _filled(
    items: list[Item],
    gaps: Sequence[int],
    lengths_s: Sequence[float],
    wanted_s: float,
    rng: np.random.Generator,
) -> list[Item]:
    """Add fillers between the blocks until the day is long enough; none where a song joins the next."""
    at_gap: dict[int, list[Filler]] = {at: [] for at in gaps}
    open_gaps = [at for at in gaps if not (at and _joins(items[at - 1]))]
    weights = rng.uniform(0.2, 1.0, len(open_gaps))
    for number, at in enumerate(open_gaps):
        if rng.random() < 0.12:
            at_gap[at].append(Filler(PAUSE, float(rng.uniform(1.5, 4.0))))
            weights[number] *= 0.1  # two songs, or one twice, with hardly a break
        else:
            at_gap[at] += _long_filler(rng)
    music_s = sum(_estimated_s(one, lengths_s[one.song]) for one in items if isinstance(one, Attempt))
    total_s = music_s + _fillers_s([*items, *(one for some in at_gap.values() for one in some)])
    while total_s < wanted_s:
        some = _long_filler(rng)
        at_gap[int(rng.choice(open_gaps, p=weights / weights.sum()))] += some
        total_s += _fillers_s(some)
    whole: list[Item] = []
    for at in range(len(items) + 1):
        whole += at_gap.get(at, [])
        whole += items[at : at + 1]
    # Shorter where the music leaves less time.
    share = float(np.clip((wanted_s - music_s) / max(1.0, total_s - music_s), 0.1, 1.0))
    return [
        replace(one, length_s=max(_SHORTEST_S, share * one.length_s))
        if isinstance(one, Filler) and one.name != PAUSE
        else one
        for one in whole
    ]


def _joins(item: Item) -> bool:
    return isinstance(item, Attempt) and item.joins_next


def _fillers_s(items: Sequence[Item]) -> float:
    """Return the time that fillers take, with the time until the next begins."""
    fillers = [one for one in items if isinstance(one, Filler) and not one.is_under]
    return sum(one.length_s + (0.0 if one.name == PAUSE else _AROUND_S) for one in fillers)


def _filler(name: str, rng: np.random.Generator, longest_s: float | None = None) -> Filler:
    low, high = LENGTHS_S[name]
    high = min(high, longest_s or high)
    return Filler(name, float(np.exp(rng.uniform(np.log(min(low, high)), np.log(high)))))


def _long_filler(rng: np.random.Generator) -> list[Filler]:
    name = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
    one = _filler(name, rng)
    if name == _TALK and rng.random() < 0.35:
        under = _NOODLING if rng.random() < 0.8 else _TUNING
        return [one, Filler(under, one.length_s * float(rng.uniform(0.3, 1.0)), is_under=True)]
    return [one]


def _short_gap(rng: np.random.Generator) -> list[Filler]:
    """Return the fillers between two attempts of one song."""
    fate = rng.random()
    if fate < 0.3:
        return [Filler(PAUSE, float(rng.uniform(1.5, 5.0)))]
    if fate < 0.7:
        return [Filler(_TALK, float(np.exp(rng.uniform(np.log(3.0), np.log(45.0)))))]
    if fate < 0.85:
        return [_filler(_NOODLING, rng, 20.0)]
    some = Filler(_TALK, float(rng.uniform(5.0, 40.0)))
    return [some, Filler(_NOODLING, some.length_s * float(rng.uniform(0.3, 0.9)), is_under=True)]
