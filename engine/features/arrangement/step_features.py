"""Features of each step: loudness, novelty, colour, phase, repetitions, anomaly score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FoundTakes
from engine.analysis.signal.span_means import means_around, means_of, running_sums
from engine.core.progress import SILENT, Progress
from engine.core.timebase import s_to_samples
from engine.document.analysis import BeatGrid, ScoreCurve
from engine.features.arrangement.phrases import phrases_of
from engine.features.arrangement.steps import Section, Steps, steps_of, with_outer_beats
from engine.features.arrangement.take_features import LEAST_PAUSE_S, TAKE_COLUMNS, again_of, with_borders
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Frames, frames_of
from engine.features.takes.find import takes_in
from engine.features.takes.playing import are_tuning
from engine.features.takes.structure.find import structure_in

Floats = NDArray[np.float32]

_LEAST_TUNING_S = 3.0
_BANDS = 9
"""The highest band of takes is left out: not every recording has it."""
_LOUD_QUANTILE = 0.9
_QUIET_DB = 60.0
LAGS = (4, 8, 16, 32)
_NOVELTY = (4, 16)
_CYCLES = (4, 8, 16, 32)
_BEFORE_PLACES = 4 + _BANDS + 2 + len(_NOVELTY) + len(LAGS) + 4
SPECTRUM = slice(4, 4 + _BANDS)
"""The columns of the spectrum."""
ALIKE_LATER = slice(6 + _BANDS + len(_NOVELTY), 6 + _BANDS + len(_NOVELTY) + len(LAGS))
"""Columns of the similarity of each step to the step `LAGS` later."""
PLACES = slice(_BEFORE_PLACES, _BEFORE_PLACES + 3)
"""Columns of the position of a step in the recording."""
IS_PLAYED, HAS_BEAT = _BEFORE_PLACES - 4, _BEFORE_PLACES - 2
"""Columns of whether anything is played, and of whether a step is a beat."""
_PLAIN = 13 + _BANDS + len(LAGS) + 4 * len(_CYCLES) + 8
TAKES = slice(_PLAIN, _PLAIN + TAKE_COLUMNS)
"""Columns of takes."""
COLUMNS = _PLAIN + TAKE_COLUMNS + 2


@dataclass(frozen=True, slots=True, eq=False)
class StepFeatures:
    """A recording as input of the network.

    Attributes
    ----------
    features : shape (n, COLUMNS), all of them near -1 to 1
    earlier, later : shape (n,), the step of the take before, and after, in which the same is played; -1: none
    takes : repeated passages, for the reasons
    tuning_s : runs of playing, apart by `LEAST_PAUSE_S`, in which players tune
    talk_s : detected talk outside of songs, ascending and apart
    sections : of the form, ascending and apart
    labels : their labels, by number
    powers_db : shape (n,), the mean power of each step, below full scale; empty in an older editor
    phrases : passages that are played again, with the number of each; in order and apart
    """

    steps: Steps
    features: Floats
    earlier: NDArray[np.int64]
    later: NDArray[np.int64]
    takes: FoundTakes
    tuning_s: tuple[tuple[float, float], ...] = ()
    talk_s: tuple[tuple[float, float], ...] = ()
    sections: tuple[Section, ...] = ()
    labels: tuple[str, ...] = ()
    powers_db: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    phrases: tuple[Section, ...] = ()

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def levels_db(self) -> Floats:
        """Return the level of each step in dB relative to the loud steps, shape (n,)."""
        return 20.0 * (self.features[:, 0] - 0.5)

    def level_db(self, first: int, last: int) -> float:
        """Return the level of steps [first, last): that of their mean power, weighted by their lengths.

        It can be compared within the recording. In an older editor, it is that of their `levels_db`.
        """
        levels_db = self.powers_db if len(self.powers_db) else self.levels_db
        power = np.power(10.0, levels_db[first:last].astype(np.float64) / 10.0)
        return float(10.0 * np.log10(np.average(power, weights=self.steps.lengths_s[first:last]) + 1e-9))


def hear(
    blocks: Iterable[Floats],
    rate_hz: int,
    length_samples: int,
    grid: BeatGrid,
    curve: ScoreCurve | None = None,
    progress: Progress = SILENT,
    sections_s: Iterable[tuple[float, float, str]] | None = None,
    talk_s: Sequence[tuple[float, float]] = (),
) -> StepFeatures:
    """Analyse a mono stream with known beats.

    Parameters
    ----------
    blocks : float32 at `rate_hz`, each of shape (n,)
    curve : the anomaly scores, if a taste was used
    sections_s : the start and stop of known sections in seconds, and their labels; None to find them
    talk_s : detected talk, ascending and apart

    Raises
    ------
    Cancelled : the user asked for it
    """
    frames = frames_of(blocks, rate_hz, length_samples, progress.part(0.0, 0.18))
    found = takes_in(frames, progress.part(0.18, 1.0))
    found = replace(found, played_s=with_borders(frames.levels_db, found.played_s))
    played_s = np.array(found.played_s, np.float64).reshape(-1, 2)
    steps = steps_of(with_outer_beats(grid, played_s, rate_hz), played_s, length_samples, rate_hz)
    made = replace(features_of_steps(frames, found, steps, curve), talk_s=tuple(talk_s))
    is_talk = talk_of(made.steps, made.talk_s)
    is_music = (made.features[:, IS_PLAYED] > 0.5) & ~is_talk
    made = replace(made, phrases=tuple(phrases_of(frames, made.steps, is_music, is_talk)))
    if sections_s is None:
        sections = structure_in(frames, grid, rate_hz).sections
        sections_s = ((one.start_s, one.stop_s, one.label) for one in sections)
    return with_sections(made, sections_s)


def talk_of(steps: Steps, talk_s: Iterable[tuple[float, float]]) -> NDArray[np.bool_]:
    """Return the steps with their middle in talk, shape (n,)."""
    flags = np.zeros(len(steps), bool)
    for span_s in talk_s:
        start, stop = (s_to_samples(place_s, steps.rate_hz) for place_s in span_s)
        flags[slice(*steps.within(start, stop))] = True
    return flags


def with_sections(heard: StepFeatures, sections_s: Iterable[tuple[float, float, str]]) -> StepFeatures:
    """Return a recording with sections, labels numbered as they appear.

    Parameters
    ----------
    sections_s : the start and stop of each in seconds, and its label
    """
    numbers: dict[str, int] = {}
    found = []
    for start_s, stop_s, label in sections_s:
        first, last = heard.steps.nearest_edge(start_s), heard.steps.nearest_edge(stop_s)
        if last > first:
            found.append(Section(first, last, numbers.setdefault(label, len(numbers))))
    return replace(heard, sections=tuple(found), labels=tuple(numbers))


def features_of_steps(
    frames: Frames, found: FoundTakes, steps: Steps, curve: ScoreCurve | None = None
) -> StepFeatures:
    """Return the features of given steps."""
    levels, shapes, lively, tonal = _of_steps(frames, steps)
    again = again_of(found, steps, levels)
    played = _played(found, steps)
    columns = [
        _loudness(levels),
        shapes / np.float32(20.0),
        lively[:, None] / np.float32(6.0),
        tonal[:, None],
        _novelty(np.concatenate([shapes / np.float32(20.0), tonal[:, None], levels[:, None] / 20.0], axis=1)),
        _repeating(frames, steps),
        _phases(steps, played),
        _phases_in_playing(played, steps),
        again.features,
        _odd(steps, curve),
    ]
    features = np.concatenate(columns, axis=1).astype(np.float32)
    features = np.clip(np.nan_to_num(features), -3.0, 3.0)
    return StepFeatures(
        steps,
        features,
        again.earlier,
        again.later,
        found,
        _tuning_s(frames, found),
        powers_db=powers_of(frames, steps),
    )


def powers_of(frames: Frames, steps: Steps) -> Floats:
    """Return the mean power of each step in dB below full scale, shape (n,).

    Frames that an edge divides count in part on both sides, so that a loud neighbour does not leak in.
    """
    power = np.power(10.0, frames.levels_db.astype(np.float64) / 10.0)
    sums = running_sums(power)
    until = np.interp(steps.edges_s * STEPS_PER_S, np.arange(len(sums)), sums)
    means = np.diff(until) / (steps.lengths_s * STEPS_PER_S)
    return (10.0 * np.log10(np.maximum(means, 1e-12))).astype(np.float32)


def _tuning_s(frames: Frames, found: FoundTakes) -> tuple[tuple[float, float], ...]:
    return tuple(
        (start_s, stop_s)
        for start_s, stop_s in found.runs_of_playing(LEAST_PAUSE_S)
        if stop_s - start_s >= _LEAST_TUNING_S
        and are_tuning(frames, [(FRAMES_PER_S * start_s, FRAMES_PER_S * stop_s)])
    )


def _of_steps(frames: Frames, steps: Steps) -> tuple[Floats, Floats, Floats, Floats]:
    """Return for each step its level in dB below loud parts, its spectrum, its movement, its pitch.

    Shapes are (n,), (n, bands), (n,), (n,).
    """
    n = len(steps)
    bands = frames.bands_db[:, :_BANDS]
    if not n or not len(bands):
        return (
            np.zeros(n, np.float32),
            np.zeros((n, _BANDS), np.float32),
            np.zeros(n, np.float32),
            np.zeros(n, np.float32),
        )
    power = np.maximum(np.power(10.0, bands / 10.0).sum(axis=1), 1e-12)
    level = 10.0 * np.log10(power)
    loud = float(np.quantile(level, _LOUD_QUANTILE))
    level = np.maximum(level, loud - _QUIET_DB) - loud
    floored = np.maximum(bands, loud - _QUIET_DB)
    shape = floored - floored.mean(axis=1, keepdims=True)
    moving = np.abs(np.diff(level, prepend=level[:1]))
    edges = steps.edges_s * STEPS_PER_S
    tonal = np.linalg.norm(frames.chroma, axis=1)
    return (
        _means(level, edges),
        _means(shape, edges),
        _means(moving, edges),
        _means(tonal, steps.edges_s * FRAMES_PER_S),
    )


def _means(rows: NDArray[np.floating], edges: NDArray[np.float64]) -> Floats:
    """Return the mean of rows between edges, given in rows; at least of the row that contains an edge."""
    first = np.clip(np.floor(edges[:-1]).astype(np.int64), 0, len(rows) - 1)
    last = np.clip(np.ceil(edges[1:]).astype(np.int64), first + 1, len(rows))
    return means_of(rows, first, last).astype(np.float32)


def _loudness(levels: Floats) -> Floats:
    change = np.diff(levels, prepend=levels[:1])
    after = np.diff(levels, append=levels[-1:])
    around = means_around(levels, 33).astype(np.float32)
    return np.stack([levels / 20.0 + 0.5, change / 15.0, after / 15.0, (levels - around) / 15.0], axis=1)


def _novelty(rows: Floats) -> Floats:
    """Return the difference between the audio after and before each step."""
    at = np.arange(len(rows))
    columns = []
    for width in _NOVELTY:
        before = means_of(rows, np.maximum(at - width, 0), at)
        after = means_of(rows, at, np.minimum(at + width, len(rows)))
        columns.append(np.linalg.norm(after - before, axis=1) * (at > 0))
    return np.stack(columns, axis=1).astype(np.float32)


def _repeating(frames: Frames, steps: Steps) -> Floats:
    """Return the similarity of each step to the steps some beats later: loops."""
    n = len(steps)
    out = np.zeros((n, len(LAGS)), np.float32)
    if not n or not len(frames):
        return out
    rows = _means(np.concatenate([frames.chroma, frames.broad], axis=1), steps.edges_s * FRAMES_PER_S)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 0.3)
    for number, lag in enumerate(LAGS):
        if n > lag:
            out[: n - lag, number] = means_around((rows[:-lag] * rows[lag:]).sum(axis=1), 5)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Played:
    """Of each step whether music is played, and how many steps since that began and until it ends."""

    is_played: NDArray[np.bool_]
    since: NDArray[np.int64]
    until: NDArray[np.int64]


def _played(found: FoundTakes, steps: Steps) -> _Played:
    n = len(steps)
    is_played, since, until = np.zeros(n, bool), np.zeros(n, np.int64), np.zeros(n, np.int64)
    edges = {0, n}
    for start_s, stop_s in found.played_s:
        first, last = steps.nearest_edge(start_s), steps.nearest_edge(stop_s)
        is_played[first:last] = True
        edges |= {first, last}
    ordered = sorted(edges)
    for first, last in pairwise(ordered):
        since[first:last] = np.arange(last - first)
        until[first:last] = np.arange(last - first)[::-1]
    return _Played(is_played, since, until)


def places_of(n: int) -> tuple[NDArray[np.float64], ...]:
    """Return the position of each of n steps in a recording, the columns `PLACES`, each of shape (n,)."""
    at = np.arange(n)
    return at / max(n, 1), np.log1p(at) / 6.0, np.log1p(at[::-1]) / 6.0


def _phases(steps: Steps, played: _Played) -> Floats:
    n = len(steps)
    return np.stack(
        [
            played.is_played,
            steps.bar_positions == 1,
            steps.bar_positions > 0,
            steps.lengths_s - 0.5,
            *places_of(n),
            np.concatenate([[0.0], np.diff(played.is_played.astype(float))])[:n],
        ],
        axis=1,
    ).astype(np.float32)


def _phases_in_playing(played: _Played, steps: Steps) -> Floats:
    """Return where each step is between where playing begins and ends, in beats and seconds."""
    columns: list[NDArray[np.float64]] = []
    ends = np.cumsum(steps.lengths_s)
    for counted, is_since in ((played.since, True), (played.until, False)):
        for cycle in _CYCLES:
            columns.append(np.sin(2 * np.pi * counted / cycle))
            columns.append(np.cos(2 * np.pi * counted / cycle))
        at = np.arange(len(steps))
        other = np.clip(at - counted if is_since else at + counted, 0, max(len(steps) - 1, 0))
        seconds = np.abs(ends - ends[other]) if len(steps) else np.zeros(0)
        columns += [np.minimum(counted / 16.0, 2.0), np.log1p(seconds) / 3.0]
    total = played.since + played.until + 1
    return np.stack([*columns, np.log(total) / 5.0], axis=1).astype(np.float32)


def _odd(steps: Steps, curve: ScoreCurve | None) -> Floats:
    """Return the score of each step, less the typical one, and whether it has one."""
    out = np.zeros((len(steps), 2), np.float32)
    if curve is not None and len(curve.scores) and len(steps):
        middles = (steps.edges_samples[1:] + steps.edges_samples[:-1]) / 2.0
        out[:, 0] = 2.0 * (np.interp(middles, curve.times_samples, curve.scores) - 0.5)
        out[:, 1] = 1.0
    return out
