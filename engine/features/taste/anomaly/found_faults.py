"""Faults that rules find in a whole recording, unless the training data have the like.

A taste analyses a few seconds at a time. It cannot know that the level of a passage is wrong, since levels
are adjusted before, or that players stopped after half a minute. The extremes of edited recordings, and their
music, are measured the same way: a passage like one that the user left in is not a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FalseStart
from engine.analysis.signal.dead_air import DeadAirDetector
from engine.analysis.signal.streams import mono_of
from engine.core.progress import SILENT, Progress
from engine.core.side_by_side import side_by_side
from engine.core.timebase import convert_samples
from engine.document.analysis import FRAGMENT, OTHER_LEVEL, OTHER_TEMPO
from engine.features.takes.features import Frames, frames_of
from engine.features.takes.find import false_starts_in
from engine.features.taste.anomaly.cut_habits import CutHabits
from engine.features.taste.anomaly.known_music import KnownMusic, Outline, known_music, stored_outline
from engine.features.taste.anomaly.levels import Pauses, levelled, louder_or_softer, pieces_in
from engine.features.taste.anomaly.other_tempo import AttackStrength, Numbers, OtherTempo, other_tempos
from engine.features.taste.anomaly.phrases import (
    NO_PHRASES,
    Phrases,
    UsualPhrases,
    phrases_in,
    unusual_s,
    usual_phrases,
)
from engine.features.taste.anomaly.threshold import least_above, likelier_than
from engine.sound.reader import SourceReader

_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Habits:
    """Extremes of edited recordings.

    Attributes
    ----------
    longest_pause_s : length of the longest dead air; 0 without any
    likeliest_start : likelihood of the likeliest false start; 0 without any
    shortest_piece_s : length of the shortest playing from one pause to the next; 0 if it is not known
    largest_level_change_db : of a passage against the music before and after; 0 without any, None if it is
        not known
    largest_tempo_change : the same for the tempo, as the absolute logarithm of the ratio
    phrases : of speech; None without
    cuts : how the user cuts; None if neither raw recordings nor decisions show it
    """

    longest_pause_s: float = 0.0
    likeliest_start: float = 0.0
    shortest_piece_s: float = 0.0
    largest_level_change_db: float | None = None
    largest_tempo_change: float | None = None
    phrases: UsualPhrases | None = None
    cuts: CutHabits | None = None


def habits_and_music(paths: Iterable[Path], progress: Progress) -> tuple[Habits, KnownMusic | None]:
    """Measure edited recordings, and return outlines of their music.

    Raises
    ------
    SourceError : one cannot be read
    Cancelled : the user asked for it
    """

    def of_one(path: Path) -> tuple[Habits, Phrases, Outline]:
        progress.check_cancelled()
        with SourceReader(path) as reader:
            frames = frames_of(mono_of(reader, reader.rate_hz), reader.rate_hz)
        longest_pause_s, tempos, phrases = _in_passing(path)
        return _in_one(frames, longest_pause_s, tempos), phrases, stored_outline(frames)

    found = list(side_by_side(of_one, paths))
    each, phrases = [habits for habits, _, _ in found], [phrases for _, phrases, _ in found]
    music = known_music(outline for _, _, outline in found)
    if not each:
        return Habits(), music
    habits = Habits(
        max(one.longest_pause_s for one in each),
        max(one.likeliest_start for one in each),
        min((one.shortest_piece_s for one in each if one.shortest_piece_s), default=0.0),
        max(one.largest_level_change_db or 0.0 for one in each),
        max(one.largest_tempo_change or 0.0 for one in each),
        usual_phrases(phrases),
    )
    return habits, music


def _in_one(frames: Frames, longest_pause_s: float, tempos: Sequence[OtherTempo]) -> Habits:
    steps = louder_or_softer(frames.bands_db)
    frames = levelled(frames, steps)
    starts = likelier_than(false_starts_in(frames), 0.0)
    lengths_s = (one.length_s for one in pieces_in(frames.levels_db))
    return Habits(
        longest_pause_s,
        max((one.likelihood for one in starts), default=0.0),
        min(lengths_s, default=0.0),
        max((abs(one.change_db) for one in steps), default=0.0),
        max((abs(one.change) for one in tempos), default=0.0),
    )


def _in_passing(path: Path) -> tuple[float, tuple[OtherTempo, ...], Phrases]:
    """Return the length of the longest dead air in an edited recording, 0 without, other tempos and phrases.

    Dead air before the first sound and after the last does not count: a recorder was started or stopped.
    """
    attacks, detector = AttackStrength(_RATE_HZ), DeadAirDetector(_RATE_HZ)
    with SourceReader(path) as reader:
        total = convert_samples(reader.frames, reader.rate_hz, _RATE_HZ)
        for block in mono_of(reader, _RATE_HZ):
            attacks.push(block)
            detector.push(block)
    spans = detector.finish().spans
    between = (spans[:, 0] > 0) & (spans[:, 1] < total - _RATE_HZ)
    longest_s = int(np.diff(spans[between]).max(initial=0)) / _RATE_HZ
    return longest_s, other_tempos(attacks.finish()), phrases_in(detector.bands_db, detector.frame_s)


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
    found: list[FoundFault] = []
    if (largest_db := habits.largest_level_change_db) is not None:
        louder = [one for one in steps if abs(one.change_db) >= largest_db + _LOUDER_DB]
        found += [FoundFault(OTHER_LEVEL, one.start_s, one.stop_s) for one in louder]
    if (largest := habits.largest_tempo_change) is not None:
        faster = [one for one in other_tempos(strength) if abs(one.change) >= largest + _FASTER]
        found += [FoundFault(OTHER_TEMPO, one.start_s, one.stop_s) for one in faster]
    for piece in pieces_in(frames.levels_db):
        # Talk and other high scores are not music.
        music_s = piece.length_s - high.seconds(piece.start_s, piece.stop_s)
        if piece.is_inner and piece.length_s <= _LONGEST_S and 0.0 < music_s <= most_s:
            found.append(FoundFault(FRAGMENT, piece.start_s, piece.stop_s))
    if habits.phrases is not None:
        shares = [high.seconds(start, stop) / (stop - start) for start, stop in phrases.spans_s.tolist()]
        found += [FoundFault(*one) for one in unusual_s(phrases, habits.phrases, np.array(shares) >= _MOSTLY)]
    return (
        tuple(sorted(found, key=lambda one: (one.start_s, one.stop_s, one.kind))),
        tuple(one for one in starts if pauses.hold(one.stop_s, one.begins_again_s)),
    )


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
