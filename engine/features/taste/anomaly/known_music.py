"""The music of the edits, and the music of a recording that the edits do not have.

A new song by the same band sounds like the edits, so only its notes distinguish it. All that the edits play
is stored in outline, and the playing of a recording is aligned with it as takes are
(`engine.features.takes`): a moment is known if it is on a path of some seconds through both. Another take of
the same song is so nearly throughout, in a tempo of its own too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.core.timebase import inside, runs, united
from engine.features.takes.features import FRAMES_PER_S, Frames
from engine.features.takes.pairs import OUTLINE_SIZE, Side, chance_of, drawn_from, outline, search, turned
from engine.features.takes.playing import performances
from engine.features.taste.anomaly.levels import Pauses

PER_S = FRAMES_PER_S / 2.0
"""How many frames of an outline there are in a second."""
MOST_S = 7_200.0
"""More edits are not stored: aligning a recording with them would take longer than scoring it."""
LEAST_S = 20.0
"""A song is at least as long."""
_LEAST_PATH, _LEAST_LIKE = 10.0, 0.15
"""Least score of a path, and least mean of its frames. Paths between different songs of the bands for setting
have less of one of them; other takes have 0.32 a frame or more, which is 10 in 13 s."""
_MOST_HELD = 12.0
"""A path is held to be worth no more, so that another one can begin where players repeat some bars."""
_OF_KNOWN = 1.5
"""How much more a known moment counts than an unknown one: less than 40 % of unfamiliar playing is known."""
_TURN_S = 30.0
"""Playing changes from known to unfamiliar music only for more than this."""
_TUNINGS = (-1, 1)
"""Players tune a semitone lower or higher, throughout."""
_MOSTLY = 0.5
_COMPARED_S, _COMPARED_WITH = 40.0, 12
_SCALE = 127.0
Outline = NDArray[np.int8]
Places = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class KnownMusic:
    """The outlines of the edits, one after the other.

    Attributes
    ----------
    outlines : int8, shape (n, `OUTLINE_SIZE`), see `engine.features.takes.pairs.outline`, in 127ths
    """

    outlines: Outline


@dataclass(frozen=True, slots=True)
class UnfamiliarMusic:
    """Playing [start_s, stop_s) that the edits do not have.

    Attributes
    ----------
    song : playing of one recording with the same number is the same music
    """

    start_s: float
    stop_s: float
    song: int = 0


def stored_outline(edit: Frames) -> Outline:
    """Return the outline of an edit, see `KnownMusic`."""
    stored: Outline = np.rint(_SCALE * outline(edit)).astype(np.int8)
    return stored


def known_music(outlines: Iterable[Outline]) -> KnownMusic | None:
    """Return the music of edits, or None where it is too much to be aligned."""
    joined = np.concatenate([np.zeros((0, OUTLINE_SIZE), np.int8), *outlines])
    return KnownMusic(joined) if len(joined) <= MOST_S * PER_S else None


def unfamiliar_music(
    frames: Frames, known: KnownMusic, progress: Progress = SILENT
) -> tuple[UnfamiliarMusic, ...]:
    """Return the playing of a recording that the edits do not have, by start.

    Raises
    ------
    Cancelled : the user asked for it
    """
    if len(known.outlines) < LEAST_S * PER_S or len(frames) < LEAST_S * FRAMES_PER_S:
        return ()
    edits = known.outlines.astype(np.float32) / np.float32(_SCALE)
    drawn = drawn_from(edits)
    there = Side(edits, chance_of(edits, drawn))
    here = outline(frames)
    side = Side(here, chance_of(here, drawn))
    played = [one for one in _played(frames) if one[1] - one[0] >= LEAST_S * PER_S]
    found = []
    for number, (start, stop) in enumerate(played):
        part, share = _part(side, start, stop), progress.step(number, len(played))
        places = _known(part, there, 0, share)
        for semitones in _TUNINGS if _unfamiliar(places) else ():
            tuned = _known(part, there, semitones, share)
            if tuned.mean() >= _MOSTLY:
                places |= tuned
        found += [(start + a, start + b) for a, b in _unfamiliar(places)]
    return tuple(_named(found, side))


def _played(frames: Frames) -> list[tuple[int, int]]:
    """Return the playing from one pause to the next, in frames [start, stop) of an outline."""
    pauses = Pauses(frames.levels_db)
    played: list[tuple[float, float]] = []
    for start_s, stop_s in (performances(frames.levels_db) / FRAMES_PER_S).tolist():
        goes_on = bool(played) and not pauses.hold(played[-1][1], start_s)
        played.append((played.pop()[0] if goes_on else start_s, stop_s))
    return [(round(PER_S * start_s), round(PER_S * stop_s)) for start_s, stop_s in played]


def _part(side: Side, start: int, stop: int) -> Side:
    return Side(side.frames[start:stop], side.chance[start:stop])


def _known(here: Side, there: Side, semitones: int, progress: Progress = SILENT) -> Places:
    """Return which frames are on paths through both, shape (n,)."""
    rows = Side(turned(here.frames, [semitones]), here.chance)
    paths = search(rows, there, np.zeros(len(here.chance), np.int64), _LEAST_PATH, progress, most=_MOST_HELD)
    spans = np.stack([paths.cells[:, 1], paths.cells[:, 2] + 1], axis=1)
    spans = spans[paths.scores >= _LEAST_LIKE * np.diff(spans)[:, 0]]
    return inside(np.arange(len(here.chance)), united(spans))


def _unfamiliar(known: Places) -> list[tuple[int, int]]:
    """Return the runs of mostly unknown frames, [start, stop) each, with few changes."""
    costs = np.stack([~known, _OF_KNOWN * known], axis=1) / PER_S
    turn = _TURN_S / 2.0
    total, before = np.zeros(2), np.zeros((len(known), 2), np.int64)
    for place, cost in enumerate(costs):
        changed = total[::-1] + turn
        before[place] = np.where(changed < total, (1, 0), (0, 1))
        total = np.minimum(total, changed) + cost
    states = np.zeros(len(known), bool)
    state = int(total[1] < total[0])
    for place in range(len(known) - 1, -1, -1):
        states[place] = bool(state)
        state = int(before[place, state])
    return [(a, b) for a, b in runs(states).tolist() if b - a >= LEAST_S * PER_S]


def _named(spans: Sequence[tuple[int, int]], side: Side) -> Iterator[UnfamiliarMusic]:
    """Yield spans of frames, with a number that is the same for the same music."""
    songs: list[int] = []
    for number, (start, stop) in enumerate(spans):
        song = number
        for other in range(max(0, number - _COMPARED_WITH), number):
            if songs[other] < song and _is_same(_part(side, *spans[other]), _part(side, start, stop)):
                song = songs[other]
                break
        songs.append(song)
        yield UnfamiliarMusic(start / PER_S, stop / PER_S, song)


def _is_same(one: Side, other: Side) -> bool:
    """Return whether the middle of the shorter is in the longer."""
    short, long = sorted((one, other), key=lambda side: len(side.chance))
    spare = max(0, len(short.chance) - round(_COMPARED_S * PER_S)) // 2
    middle = _part(short, spare, len(short.chance) - spare)
    return float(_known(middle, long, 0).mean()) >= _MOSTLY
