"""Anomaly score of each moment of a recording, relative to the scores of training audio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FalseStart
from engine.analysis.learning.loop import few_threads
from engine.analysis.signal.dead_air import DeadAirDetector
from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.streams import mono_of, read_ahead, resampled
from engine.core.errors import TasteError
from engine.core.progress import Progress
from engine.core.timebase import convert_samples, s_to_samples_array
from engine.document.analysis import ScoreCurve
from engine.features.takes.features import Frames, FramesInPassing
from engine.features.taste.anomaly.cut_habits import CutHabits
from engine.features.taste.anomaly.found_faults import FoundFault, HighMoments, found_faults, raised_in_faults
from engine.features.taste.anomaly.known_music import UnfamiliarMusic, unfamiliar_music
from engine.features.taste.anomaly.neighbours import Nearest, NearestSearch
from engine.features.taste.anomaly.other_tempo import AttackStrength, Numbers
from engine.features.taste.anomaly.phrases import Phrases, phrases_in
from engine.features.taste.anomaly.recipes.recipe import Judged, ReferenceScores
from engine.features.taste.anomaly.taste import Taste
from engine.features.taste.anomaly.threshold import (
    as_cuts_see,
    longer_than,
    raised_in,
    raised_over,
    score_of,
    to_scores,
)
from engine.sound.reader import SourceReader

_LEVEL_SHARE = 0.15
_SCORED_SHARE = 0.95
_BLOCKS_AHEAD = 8


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A score curve.

    Attributes
    ----------
    times_s : float64, shape (n,), the middle of the audio of each score
    scores : float32, shape (n,), 0 to 1: 0.5 is typical of the training data, higher is more anomalous
    hop_s : distance between two times
    nearest : the nearest training segment of each segment; None if the taste stores no examples
    parts : components of the scores by name, each float32, shape (n,), in standard deviations above the
        mean of the training data
    limit : the score from which cuts are proposed by default, see `engine.features.taste.anomaly.threshold`
    part_limits : float32, shape (parts,), the highest value of each part in the training data; empty if not
        known
    false_starts : broken-off passages whose scores are raised
    faults : other passages whose scores are raised
    unfamiliar : playing that the training data lacks; its scores are as they are
    cuts : how the user cuts; None if not known
    knows_music : whether the taste knows the notes of its training data
    """

    times_s: NDArray[np.float64]
    scores: NDArray[np.float32]
    hop_s: float
    nearest: Nearest | None = None
    parts: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    limit: float = 0.85
    part_limits: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    false_starts: tuple[FalseStart, ...] = ()
    faults: tuple[FoundFault, ...] = ()
    unfamiliar: tuple[UnfamiliarMusic, ...] = ()
    cuts: CutHabits | None = None
    knows_music: bool = False

    @property
    def false_starts_s(self) -> NDArray[np.float64]:
        """Where false starts begin, stop and begin again, shape (k, 3)."""
        places_s = [(one.start_s, one.stop_s, one.begins_again_s) for one in self.false_starts]
        return np.array(places_s, np.float64).reshape(-1, 3)

    @property
    def faults_s(self) -> NDArray[np.float64]:
        """Where the other faults begin and stop, shape (k, 2)."""
        return np.array([(one.start_s, one.stop_s) for one in self.faults], np.float64).reshape(-1, 2)

    @property
    def unfamiliar_s(self) -> NDArray[np.float64]:
        """Where unfamiliar playing begins and stops, shape (k, 2)."""
        return np.array([(one.start_s, one.stop_s) for one in self.unfamiliar], np.float64).reshape(-1, 2)

    def curve(self, rate_hz: int, maker: str) -> ScoreCurve:
        """Return the scores as a document of `rate_hz` stores them."""
        no_parts = np.zeros((0, 0), np.float32)
        return ScoreCurve(
            s_to_samples_array(self.times_s, rate_hz),
            self.scores,
            maker,
            part_names=tuple(self.parts),
            parts=np.stack([*self.parts.values()], axis=1) if self.parts else no_parts,
            limit=self.limit,
            part_limits=self.part_limits,
            false_starts_samples=s_to_samples_array(self.false_starts_s, rate_hz),
            faults_samples=s_to_samples_array(self.faults_s, rate_hz),
            fault_kinds=tuple(one.kind for one in self.faults),
            unfamiliar_samples=s_to_samples_array(self.unfamiliar_s, rate_hz),
            unfamiliar_songs=np.array([one.song for one in self.unfamiliar], np.int64),
            keeps_songs=self.cuts is not None and self.cuts.keeps_songs,
            shortest_cut_s=0.0 if self.cuts is None else self.cuts.shortest_s,
            knows_music=self.knows_music,
        )


def score_file(taste: Taste, path: Path, progress: Progress) -> Scores:
    """Score an audio file; see `score_blocks`.

    Raises
    ------
    SourceError : the file cannot be read
    TasteError : see `score_blocks`
    """
    rate_hz = taste.config.mel.rate_hz
    with SourceReader(path) as reader:
        level_db = measured_level_db(
            mono_of(reader, reader.rate_hz), reader.frames, progress.part(0.0, _LEVEL_SHARE)
        )
        total_samples = convert_samples(reader.frames, reader.rate_hz, rate_hz)
        blocks, rest = mono_of(reader, rate_hz), progress.part(_LEVEL_SHARE, 1.0)
        return score_blocks(taste, blocks, rate_hz, total_samples, rest, level_db=level_db)


def measured_level_db(blocks: Iterable[NDArray[np.float32]], total_samples: int, progress: Progress) -> float:
    """Measure the level that `score_blocks` wants, while the same stream passes a first time."""
    counted = _CountedBlocks(blocks, total_samples, progress, "Measuring the level")
    with read_ahead(counted.blocks(), _BLOCKS_AHEAD) as ready:
        return level_of(ready)


def score_blocks(
    taste: Taste,
    blocks: Iterable[NDArray[np.float32]],
    rate_hz: int,
    total_samples: int,
    progress: Progress,
    *,
    level_db: float,
) -> Scores:
    """Score a mono stream, independent of its block size.

    Parameters
    ----------
    blocks : float32, each of shape (n,), at `rate_hz`; read on a thread of their own, a few ahead of those
        needed, and never held whole
    total_samples : how many samples will come, for the progress only
    level_db : the level the stream is played at, `engine.analysis.signal.loudness.playing_level_db`; a taste
        that knows no levels (`Taste.is_levelled`) does not ask

    Returns
    -------
    Scores : one for each segment, the last filled up; a stream shorter than one segment is repeated to fill
        it, and an empty stream has none

    Raises
    ------
    TasteError : the taste's weights give scores that are not finite
    """
    mel = taste.config.mel
    scoring = progress.part(0.0, _SCORED_SHARE)
    expected = total_samples * mel.rate_hz / rate_hz
    counted = _CountedBlocks(resampled(blocks, rate_hz, mel.rate_hz), expected, scoring)
    search = None if taste.kept is None else NearestSearch(taste.kept, mel)
    passing = iter if search is None else search.passing
    detector, frames = DeadAirDetector(mel.rate_hz), FramesInPassing(mel.rate_hz)
    attacks = AttackStrength(mel.rate_hz)
    stream = _pushed(frames.passing(counted.blocks()), detector, attacks)
    # The result of a damaged taste is reported below, in one sentence.
    quietly = np.errstate(over="ignore", invalid="ignore", divide="ignore")
    with few_threads(), quietly, read_ahead(stream, _BLOCKS_AHEAD) as ready:
        found = list(taste.model.judge(ready, level_db if taste.is_levelled else 0.0, passing, scoring))
    found = found if counted.samples else []
    own = np.concatenate([np.zeros(0), *(judged.own for judged in found)])
    first_s, hop_s = taste.model.first_s(counted.samples / mel.rate_hz), taste.model.hop_s
    times_s = first_s + hop_s * np.arange(own.size, dtype=np.float64)
    nearest = None if search is None else search.finish()
    with np.errstate(over="ignore", invalid="ignore"):
        scores, parts = normalised(own, taste.kept_scores), _parts(found, taste)
        limit = score_of(taste.kept_scores.limit)
    if not all(np.isfinite(one).all() for one in (own, scores, *parts.values())):
        raise TasteError(f"The taste {taste.name} gives invalid scores: learn it again.")
    dead = longer_than(detector.finish(), taste.habits.longest_pause_s, mel.rate_hz)
    scores = raised_in(scores, times_s * mel.rate_hz, dead)
    plain = Scores(times_s, scores, hop_s, nearest, parts, limit, taste.part_limits)
    rest = progress.part(_SCORED_SHARE, 1.0)
    phrases = phrases_in(detector.bands_db, detector.frame_s)
    return _with_found(plain, frames.frames(), attacks.finish(), phrases, taste, rest)


def _with_found(
    plain: Scores, frames: Frames, strength: Numbers, phrases: Phrases, taste: Taste, progress: Progress
) -> Scores:
    """Return scores that are raised over the faults that rules find, with these and unfamiliar music."""
    times_s, limit = plain.times_s, plain.limit
    smoothed = as_cuts_see(plain.scores[:, None].astype(np.float64), plain.hop_s)[:, 0]
    high = HighMoments(times_s[smoothed >= limit], plain.hop_s)
    half = progress.part(0.0, 0.5)
    faults, starts = found_faults(frames, strength, taste.habits, high, half, phrases=phrases)
    music = taste.music
    unfamiliar = () if music is None else unfamiliar_music(frames, music, progress.part(0.5, 1.0))
    scores = raised_in_faults(raised_over(plain.scores, times_s, starts, limit), times_s, faults, limit)
    progress.report(1.0, "Scoring")
    return replace(
        plain,
        scores=scores,
        false_starts=starts,
        faults=faults,
        unfamiliar=unfamiliar,
        cuts=taste.habits.cuts,
        knows_music=music is not None,
    )


def _pushed(
    blocks: Iterable[NDArray[np.float32]], *others: DeadAirDetector | AttackStrength
) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        for one in others:
            one.push(block)
        yield block


def _parts(found: Iterable[Judged], taste: Taste) -> dict[str, NDArray[np.float32]]:
    names, kept = taste.model.part_names, taste.kept_scores
    parts = np.concatenate([np.zeros((0, len(names))), *(judged.parts for judged in found)])
    z = ((parts - np.array(kept.part_means)) / np.array(kept.part_stds)).astype(np.float32)
    return {name: z[:, k] for k, name in enumerate(names)}


def normalised(own: NDArray[np.float64], kept: ReferenceScores) -> NDArray[np.float32]:
    """Standardise a model's own scores, shape (n,), by those of training material: 0.5 is its mean."""
    return to_scores((own - kept.mean) / kept.std).astype(np.float32)


@dataclass(slots=True)
class _CountedBlocks:
    """Blocks passed on, counted and reported."""

    source: Iterable[NDArray[np.float32]]
    expected_samples: float
    progress: Progress
    text: str = "Scoring"
    samples: int = 0

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        for block in self.source:
            self.progress.check_cancelled()
            self.samples += block.size
            self.progress.report(self.samples / max(self.expected_samples, 1.0), self.text)
            yield block
