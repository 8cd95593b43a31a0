"""A made day of rehearsal: a WAV file of 40 to 90 minutes, and its contents.

Days 3k, 3k + 1 and 3k + 2 are of one band and share songs. Days 0 to 19 are reported; days from 100 on (six:
100 to 105) are for choosing settings. A day is made once for its seed and number, and is then read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from engine.core.files.safe_write import replacing
from engine.core.progress import Progress
from engine.lab.evaluation.days.between import Span
from engine.lab.evaluation.days.material import DEVELOPMENT, Material
from engine.lab.evaluation.days.planning import Attempt, Size, planned
from engine.lab.evaluation.days.playing import Player, through_font
from engine.lab.evaluation.days.rooms import Recorder, drawn_room
from engine.lab.evaluation.days.session import PlayedTake, Repertoire, Session
from engine.lab.evaluation.days.songs import Song, compose
from engine.lab.evaluation.days.styles import STYLES

VERSION = 1
"""Of the rules by which days are made; a day of another version is made again."""
SHORT = Size(length_s=(75.0, 90.0), songs=(2, 2), song_s=(16.0, 26.0))
"""A day of a minute or two for tests."""
_SHARED, _BAND_STYLES = 6, 3
_PIECES_SHARED = 2
_PLAYED_SONGS = 1.8
"""Lengths of a song that a day has of each, about."""


@dataclass(frozen=True, slots=True)
class MadeDay:
    """A made day and its truth.

    Attributes
    ----------
    talk : spans of talk outside takes, pauses of up to 2 s included
    others : spans by name: "count-in", "tuning", "noodling", "drumming", "applause", "idle",
        and "drum solo", which is in takes
    """

    path: Path
    number: int
    rate_hz: int
    length_s: float
    takes: tuple[PlayedTake, ...]
    talk: tuple[Span, ...]
    others: dict[str, tuple[Span, ...]]


_MADE = TypeAdapter(MadeDay)


def made_day(
    folder: Path,
    material: Material,
    number: int,
    progress: Progress,
    *,
    seed: int = 0,
    size: Size | None = None,
    player: Player = through_font,
) -> MadeDay:
    """Return a day, made if its folder does not hold it.

    Raises
    ------
    UsageError : a recording cannot be read, or notes cannot be played
    """
    size = size or Size()
    name = f"day {seed}-{number}-v{VERSION}{' short' * (size == SHORT)}"
    described, path = folder / f"{name}.json", folder / f"{name}.wav"
    if described.is_file() and path.is_file():
        values = json.loads(described.read_text(encoding="utf-8"))
        return _MADE.validate_python({**values, "path": path})
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path, overwrite=True, is_own_name=True) as part:
        made = _made(part, path, material, (seed, number), size, player, progress)
    with replacing(described, overwrite=True) as part:
        values = {**asdict(made), "path": path.name}
        part.write_text(json.dumps(values, indent=1), encoding="utf-8")
    return made


def _made(
    part: Path,
    path: Path,
    material: Material,
    key: tuple[int, int],
    size: Size,
    player: Player,
    progress: Progress,
) -> MadeDay:
    rng = np.random.default_rng((*key, 1))
    wanted_s = float(rng.uniform(*size.length_s))
    songs = _songs_of(key, material, size, wanted_s, rng)
    items = planned([one.length_s for one in songs], size.songs[0], wanted_s, rng)
    room = drawn_room(rng)
    with Recorder(part, room, rng) as recorder:
        session = Session(recorder, room, material, songs, player, rng)
        for at, item in enumerate(items):
            progress.check_cancelled()
            progress.report(at / len(items), f"Making day {key[1]}")
            if isinstance(item, Attempt):
                session.play(item)
            else:
                session.fill(item)
        truth = session.ended()
    return MadeDay(path, key[1], room.rate_hz, truth.length_s, truth.takes, truth.talk, truth.others)


def _songs_of(
    key: tuple[int, int], material: Material, size: Size, wanted_s: float, rng: np.random.Generator
) -> tuple[Repertoire, ...]:
    """Return the songs of a day: some of the band's, and some of this day alone."""
    seed, number = key
    band = number // 3
    band_rng = np.random.default_rng((seed, band, 2))
    styles = [str(one) for one in band_rng.choice(list(STYLES), _BAND_STYLES, replace=False)]
    pieces = [material.pieces[at] for at in band_rng.permutation(len(material.pieces))]
    shared: list[Repertoire] = [
        _composed(f"band {band} song {at}", (seed, band, 3, at), styles, size)
        for at in range(_SHARED - min(_PIECES_SHARED, len(pieces)))
    ]
    shared += [Repertoire.recorded(one) for one in pieces[:_PIECES_SHARED]]
    played_s = _PLAYED_SONGS * sum(size.song_s) / 2
    count = int(np.clip(round(wanted_s * rng.uniform(0.6, 0.9) / played_s), *size.songs))
    new = max(count - _SHARED, min(count - 1, int(rng.integers(1, 5))))
    own = [_composed(f"day {number} song {at}", (seed, number, 4, at), styles, size) for at in range(new)]
    mine = pieces[_PIECES_SHARED + number % 3 :: 3]
    if mine and rng.random() < 0.5:
        own[-1] = Repertoire.recorded(mine[0])
    chosen = [shared[at] for at in rng.permutation(len(shared))[: count - new]] + own
    if size == SHORT:
        chosen = [one for one in chosen if one.song is not None] or [
            _composed(f"day {number} song {at}", (seed, number, 4, at), styles, size) for at in range(count)
        ]
    return tuple(chosen[at] for at in rng.permutation(len(chosen)))


def _composed(name: str, key: tuple[int, ...], styles: Sequence[str], size: Size) -> Repertoire:
    rng = np.random.default_rng(key)
    song: Song = compose(name, str(rng.choice(styles)), rng, size.song_s)
    return Repertoire(name, song.length_s, song, None)


__all__ = ["DEVELOPMENT", "SHORT", "VERSION", "MadeDay", "made_day"]
