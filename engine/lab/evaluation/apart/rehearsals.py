"""Recordings of a band: songs to learn from, eight minutes of music alone, and rehearsals with faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.lab.evaluation.apart.faults import (
    ATTEMPTS,
    BETWEEN,
    LENGTHS_S,
    WITHIN,
    Props,
    props_of,
)
from engine.lab.evaluation.apart.set_apart import Samples
from engine.lab.evaluation.apart.songs import Band, Song, band_of, song_of
from engine.lab.evaluation.apart.stage import Passage, Stage

FIRST_NEW = 10
"""Number of the first song of a band that is in no training data."""
SHARES = (0.2, 0.35, 0.5, 0.7)
_GAP_S = (0.7, 2.2)
_STEP_BARS = 4
_NEW_SHARES = (0.0, 0.5, 1.0)
_LEAST_BARS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Sounding:
    """A made recording, mono, and the truth about it."""

    name: str
    samples: Samples
    faults: tuple[Passage, ...] = ()
    songs: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is made of a band.

    Attributes
    ----------
    songs : how many are learned from
    length_s : of the recordings that are tested
    clean, rehearsals : how many recordings without and with faults are tested
    most_bars : of a song; None for all
    """

    songs: int = 4
    length_s: float = 480.0
    clean: int = 3
    rehearsals: int = 2
    most_bars: int | None = None


def learned_songs(data_dir: Path, number: int, plan: Plan) -> list[Sounding]:
    """Play the songs that a taste learns from, one recording each."""
    band, made = band_of(number), []
    for place in range(plan.songs):
        stage = _stage(band, 0, place)
        song = song_of(data_dir, band, place).beginning(plan.most_bars)
        _play(stage, song, is_new=False)
        made.append(Sounding(f"learned {place}", stage.recorded(), (), tuple(stage.songs)))
    return made


def clean_recording(data_dir: Path, number: int, place: int, plan: Plan) -> Sounding:
    """Play music alone: takes of learned songs, new songs, or both by turns."""
    band, stage = band_of(number), _stage(band_of(number), 1, place)
    share, rng = _NEW_SHARES[place % len(_NEW_SHARES)], stage.rng
    new, known, turn = FIRST_NEW + 4 * place, 0, 0
    while True:
        is_new = (turn + 1) * share > new - FIRST_NEW - 4 * place + 1e-9 and share > 0.0
        song = song_of(data_dir, band, new if is_new else known % plan.songs).beginning(plan.most_bars)
        left = int((plan.length_s - stage.now_s) / song.bar_s) // _STEP_BARS * _STEP_BARS
        if left < _LEAST_BARS and turn:
            break
        if turn:
            stage.wait(float(rng.uniform(*_GAP_S)))
        new, known, turn = new + is_new, known + (not is_new), turn + 1
        _play(stage, song.beginning(max(left, _LEAST_BARS)), is_new=is_new)
    kinds = {0.0: "known songs", 1.0: "new songs"}
    name = f"music {place}, {kinds.get(share, 'known and new songs')}"
    return Sounding(name, stage.recorded(), (), tuple(stage.songs))


def rehearsal(data_dir: Path, number: int, place: int, plan: Plan) -> Sounding:
    """Play a rehearsal with 20 to 70 % of faults."""
    band = band_of(number)
    stage, props = _stage(band, 2, place), props_of(data_dir)
    share = SHARES[(plan.rehearsals * number + place) % len(SHARES)]
    songs = _programme(data_dir, band, place, (1.0 - share) * plan.length_s, plan, stage.rng)
    slots = _slots(songs, share * plan.length_s, stage.rng)
    for turn, song in enumerate(songs):
        _between(stage, props, song, slots.before[turn])
        is_new = song.name not in {f"song {known}" for known in range(plan.songs)}
        _with_faults(stage, props, song, slots.within[turn], is_new=is_new)
    if slots.before[-1]:
        _between(stage, props, songs[-1], slots.before[-1])
    name = f"rehearsal {place}, {share:.0%} faults"
    return Sounding(name, stage.recorded(), tuple(stage.faults), tuple(stage.songs))


def _stage(band: Band, purpose: int, place: int) -> Stage:
    return Stage(band, np.random.default_rng([band.number, purpose, place, 74]))


def _play(stage: Stage, song: Song, *, is_new: bool) -> None:
    stage.new_take()
    start_s, _ = stage.bars(song, 0, len(song.bars))
    stage.ending(song)
    stage.songs.append(Passage(song.name, start_s, stage.now_s, is_new))


def _programme(
    data_dir: Path, band: Band, place: int, music_s: float, plan: Plan, rng: np.random.Generator
) -> list[Song]:
    """Choose songs, or their beginnings, that fill the time; one is new in every other rehearsal."""
    numbers = [int(one) for one in rng.permutation(plan.songs)]
    if place % 2:
        numbers.insert(1, FIRST_NEW + 20)
    songs: list[Song] = []
    left_s = music_s
    while left_s > 0.0:
        song = song_of(data_dir, band, numbers[len(songs) % len(numbers)])
        most = min(len(song.bars), plan.most_bars or len(song.bars), int(rng.integers(24, 56)))
        fitting = max(_LEAST_BARS, int(left_s / song.bar_s) // _STEP_BARS * _STEP_BARS)
        songs.append(song.beginning(min(most, fitting)))
        left_s -= len(songs[-1].bars) * song.bar_s
        if left_s < _LEAST_BARS * song.bar_s / 2:
            break
    return songs


@dataclass(frozen=True, slots=True)
class _Slots:
    """Faults before each song and after the last one, and within each song by bar; each with its length."""

    before: Sequence[list[tuple[str, float]]]
    within: Sequence[dict[int, tuple[str, float]]]


def _slots(songs: Sequence[Song], total_s: float, rng: np.random.Generator) -> _Slots:
    slots = _Slots([[] for _ in range(len(songs) + 1)], [{} for _ in songs])
    kinds: list[str] = []
    left_s = total_s
    while left_s > 2.0:
        kinds = kinds or [str(kind) for kind in rng.permutation(list(LENGTHS_S))]
        kind = kinds.pop()
        low_s, high_s = LENGTHS_S[kind]
        length_s = min(float(rng.uniform(low_s, high_s)), max(left_s, low_s))
        turn = int(rng.integers(len(songs)))
        if kind in WITHIN:
            places = range(_STEP_BARS, len(songs[turn].bars) - _STEP_BARS + 1, _STEP_BARS)
            free = [bar for bar in places if bar not in slots.within[turn]]
            if not free:
                continue
            slots.within[turn][int(rng.choice(free))] = (kind, length_s)
        else:
            last = len(songs) + (kind not in ATTEMPTS or kind == "breaking off")
            slots.before[int(rng.integers(last))].append((kind, length_s))
        left_s -= length_s
    for before in slots.before:  # a restart leads into its song
        before.sort(key=lambda one: one[0] == "restart")
    return slots


def _between(stage: Stage, props: Props, song: Song, faults: Sequence[tuple[str, float]]) -> None:
    """Play the faults between two songs, which begin where the last note has faded; without any, pause."""
    if not faults and stage.songs:
        stage.wait(float(stage.rng.uniform(*_GAP_S)))
    for kind, length_s in faults:
        stage.new_take()
        start_s = stage.now_s
        if kind in BETWEEN:
            BETWEEN[kind](stage, props, length_s)
        else:
            ATTEMPTS[kind](stage, props, song, length_s)
        stage.fault(kind, start_s)


def _with_faults(
    stage: Stage, props: Props, song: Song, faults: dict[int, tuple[str, float]], *, is_new: bool
) -> None:
    """Play a song; after some bars comes a fault, which plays the bars that follow, and then these again."""
    start_s, bar = stage.now_s, 0
    stage.new_take()
    for place, (kind, length_s) in sorted(faults.items()):
        stage.bars(song, bar, place)
        began_s = stage.now_s
        count = max(2, round(length_s / song.bar_s))
        WITHIN[kind](stage, props, song, (place, min(place + count, len(song.bars))))
        stage.fault(kind, began_s)
        bar = place
    stage.bars(song, bar, len(song.bars))
    stage.ending(song)
    stage.songs.append(Passage(song.name, start_s, stage.now_s, is_new))
