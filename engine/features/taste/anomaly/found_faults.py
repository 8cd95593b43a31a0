"""Faults that a rule finds in a whole recording, unless the training data have the like.

A taste analyses a few seconds at a time. It cannot know that the level of a passage is wrong, since levels
are adjusted before, or that players stopped after half a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FalseStart
from engine.core.progress import SILENT, Progress
from engine.document.analysis import FRAGMENT, OTHER_LEVEL, OTHER_TEMPO
from engine.features.takes.features import Frames
from engine.features.takes.find import false_starts_in
from engine.features.taste.anomaly.dead_air import least_above
from engine.features.taste.anomaly.false_starts import likelier_than
from engine.features.taste.anomaly.habits import Habits
from engine.features.taste.anomaly.level_steps import LevelStep, levelled, louder_or_softer
from engine.features.taste.anomaly.other_tempo import Numbers, OtherTempo, other_tempos
from engine.features.taste.anomaly.phrases import NO_PHRASES, Phrases, UsualPhrases, unusual_s
from engine.features.taste.anomaly.pieces import Pauses, Piece, pieces_in

_LOUDER_DB = 3.0
"""A level differs by this much more than any of the training data."""
_FASTER = 0.05
"""The logarithm of a tempo differs by this much more than any of the training data."""
_LONGEST_FRAGMENT_S, _OF_SHORTEST = 25.0, 0.25
_MOSTLY = 0.8
_LONGEST_S = 60.0
"""A longer piece is not a fragment, however much of it scores high: it can be an unfamiliar song."""


@dataclass(frozen=True, slots=True)
class FoundFault:
    """A passage [start_s, stop_s) with a fault.

    Attributes
    ----------
    kind : see `engine.document.analysis.ScoreCurve`
    """

    kind: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True, eq=False)
class HighMoments:
    """Moments that score more than the limit of a taste: `times_s`, shape (n,), ascending, `hop_s` apart."""

    times_s: NDArray[np.float64]
    hop_s: float

    def seconds(self, start_s: float, stop_s: float) -> float:
        """Return how much of a span they are."""
        first, last = np.searchsorted(self.times_s, (start_s, stop_s))
        return float(last - first) * self.hop_s


def found_faults(
    frames: Frames,
    strength: Numbers,
    habits: Habits,
    high: HighMoments,
    progress: Progress = SILENT,
    *,
    phrases: Phrases = NO_PHRASES,
) -> tuple[tuple[FoundFault, ...], tuple[FalseStart, ...]]:
    """Return the faults of a recording, by start, and its false starts.

    Parameters
    ----------
    strength : of attacks, see `engine.features.taste.anomaly.other_tempo`
    phrases : compared with those of the edits if these are speech. Then no false starts of music are looked
        for: people repeat sentences.

    Raises
    ------
    Cancelled : the user asked for it
    """
    steps = louder_or_softer(frames.bands_db)
    frames = levelled(frames, steps)
    pauses = Pauses(frames.levels_db)
    starts: tuple[FalseStart, ...] = ()
    if habits.phrases is None:
        starts = likelier_than(false_starts_in(frames, progress), habits.likeliest_start)
    most_s = min(_LONGEST_FRAGMENT_S, _OF_SHORTEST * habits.shortest_piece_s)
    found = [
        *_wrong_levels(steps, habits),
        *_wrong_tempos(other_tempos(strength), habits),
        *_fragments(pieces_in(frames.levels_db), high, most_s),
        *_of_phrases(phrases, habits.phrases, high),
    ]
    return (
        tuple(sorted(found, key=lambda one: (one.start_s, one.stop_s, one.kind))),
        tuple(one for one in starts if pauses.hold(one.stop_s, one.begins_again_s)),
    )


def _of_phrases(phrases: Phrases, usual: UsualPhrases | None, high: HighMoments) -> Iterator[FoundFault]:
    if usual is None:
        return
    shares = [high.seconds(start, stop) / (stop - start) for start, stop in phrases.spans_s.tolist()]
    for kind, start_s, stop_s in unusual_s(phrases, usual, np.array(shares) >= _MOSTLY):
        yield FoundFault(kind, start_s, stop_s)


def _wrong_levels(steps: Iterable[LevelStep], habits: Habits) -> Iterator[FoundFault]:
    if habits.largest_level_change_db is None:
        return
    for one in steps:
        if abs(one.change_db) >= habits.largest_level_change_db + _LOUDER_DB:
            yield FoundFault(OTHER_LEVEL, one.start_s, one.stop_s)


def _wrong_tempos(passages: Iterable[OtherTempo], habits: Habits) -> Iterator[FoundFault]:
    if habits.largest_tempo_change is None:
        return
    for one in passages:
        if abs(one.change) >= habits.largest_tempo_change + _FASTER:
            yield FoundFault(OTHER_TEMPO, one.start_s, one.stop_s)


def _fragments(pieces: Iterable[Piece], high: HighMoments, most_s: float) -> Iterator[FoundFault]:
    """Yield the pieces with little music, apart from talk and other high scores."""
    for one in pieces:
        music_s = one.length_s - high.seconds(one.start_s, one.stop_s)
        if one.is_inner and one.length_s <= _LONGEST_S and 0.0 < music_s <= most_s:
            yield FoundFault(FRAGMENT, one.start_s, one.stop_s)


def raised_in_faults(
    scores: NDArray[np.float32], times_s: NDArray[np.float64], found: tuple[FoundFault, ...], limit: float
) -> NDArray[np.float32]:
    """Return scores, shape (n,), above the limit of the taste over faults.

    Parameters
    ----------
    times_s : of the scores, shape (n,)
    """
    over = np.zeros(len(scores), bool)
    for one in found:
        over |= (times_s >= one.start_s) & (times_s < one.stop_s)
    return np.where(over, np.maximum(scores, np.float32(least_above(limit))), scores)
