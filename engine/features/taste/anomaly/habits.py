"""Extremes of edited recordings, and their music: a passage like one that the user left in is not a fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.analysis.signal.dead_air import DeadAirDetector
from engine.analysis.signal.mono import mono_of
from engine.core.processes.side_by_side import side_by_side
from engine.core.progress import Progress
from engine.core.timebase import convert_samples
from engine.features.takes.features import Frames, frames_of
from engine.features.takes.find import false_starts_in
from engine.features.taste.anomaly.cut_habits import CutHabits
from engine.features.taste.anomaly.false_starts import likelier_than
from engine.features.taste.anomaly.known_music import KnownMusic, Outline, known_music, stored_outline
from engine.features.taste.anomaly.level_steps import levelled, louder_or_softer
from engine.features.taste.anomaly.other_tempo import AttackStrength, OtherTempo, other_tempos
from engine.features.taste.anomaly.phrases import Phrases, UsualPhrases, phrases_in, usual_phrases
from engine.features.taste.anomaly.pieces import pieces_in
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
