"""Bars and metrical interpretations of beats: which of half, double, three for two, ... a person would count.

A small network analyses the audio between beats in parts of a beat, at any tempo: S. Durand and others,
"Robust downbeat tracking using an ensemble of convolutional networks" (IEEE/ACM TASLP 2017), and F. Krebs and
others, "Downbeat tracking using beat-synchronous features and recurrent neural networks" (ISMIR 2016). The
accents of a metronome need no model: two sounds are fitted by least squares for each metre and first beat.
Bars are the best path through places in bars of each length, with beats as steps: S. Böck, F. Krebs and G.
Widmer, "Joint beat and downbeat tracking with recurrent neural networks" (ISMIR 2016).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.beats.activations import BANDS, FRAMES_PER_S, Activations
from engine.analysis.beats.counted import beat_runs
from engine.analysis.beats.decode import FASTEST_BPM, SLOWEST_BPM
from engine.analysis.learning.loop import with_weights
from engine.analysis.signal.span_means import sums_at
from engine.analysis.signal.viterbi import traced
from engine.core.build import RESOURCES
from engine.core.progress import SILENT, Progress
from engine.document.analysis import BeatGrid
from engine.document.grid_readings import LEVELS
from engine.document.kinds.timing import HEARD, OFF_BEAT

BAR_WEIGHTS = RESOURCES / "models" / "bars.safetensors"
_FRAMES_AT_ONCE = 1 << 14
PARTS = 12
"""Of a beat: it can be halved, quartered and divided by three."""
_POOLED = 16
FEATURES = PARTS * 2 * _POOLED + 2
_DILATIONS = (1, 2, 4, 8)
_USUAL_PERIOD_S = 0.5

Pictures = NDArray[np.float32]


def running_sums(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sums, up to each frame, of levels and of their rises in 16 bands, shape (frames + 1, 32).

    Parameters
    ----------
    levels : shape (frames, BANDS), of `engine.analysis.beats.activations.network_input`
    """
    sums = np.zeros((len(levels) + 1, 2 * _POOLED))
    for start in range(0, len(levels), _FRAMES_AT_ONCE):  # hours of it take hundreds of megabytes at once
        part = levels[max(0, start - 1) : start + _FRAMES_AT_ONCE]
        part = part if start else np.concatenate([part[:1], part])
        rises = np.maximum(np.diff(part, axis=0), 0.0)
        both = np.concatenate([part[1:], 2.0 * rises], axis=1)
        pooled = both.reshape(len(both), 2 * _POOLED, BANDS // _POOLED).mean(axis=2).astype(np.float64)
        pooled[0] += sums[start]
        np.cumsum(pooled, axis=0, out=sums[start + 1 : start + 1 + len(pooled)])
    return sums


def pictures(sums: NDArray[np.floating], frames: NDArray[np.float64]) -> Pictures:
    """Return the features in each part of each beat, float32, shape (n, FEATURES).

    Parameters
    ----------
    sums : of `running_sums`
    frames : float64, shape (n,), places of the beats in frames, strictly ascending, two at least
    """
    periods = np.diff(frames, append=2.0 * frames[-1] - frames[-2])
    edges = frames[:, None] + periods[:, None] * (np.arange(PARTS + 1) - 0.5) / PARTS
    # The middle of frame i is at i: it lasts from half a frame before to half a frame after.
    means = np.diff(sums_at(sums, edges + 0.5), axis=1) / (periods / PARTS)[:, None, None]
    slow = np.log2(periods / FRAMES_PER_S / _USUAL_PERIOD_S)[:, None]
    drawn = [means.reshape(len(frames), -1), slow, slow**2]
    pictured: Pictures = np.concatenate(drawn, axis=1).astype(np.float32)
    return pictured


class BarNetwork(nn.Module):
    """Pictures of beats, shape (batch, beats, FEATURES), to logits, shape (batch, beats, 2).

    The first is that a beat is a downbeat, the second that this is the level a person would count at.
    """

    def __init__(self, channels: int = 64, dropout: float = 0.25) -> None:
        super().__init__()
        self.first = nn.Linear(FEATURES, channels)
        self.norm = nn.LayerNorm(channels)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation) for dilation in _DILATIONS
        )
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(channels, 2)

    def forward(self, drawn: Tensor) -> Tensor:
        """Return logits, shape (batch, beats, 2)."""
        stream = functional.elu(self.norm(self.first(self.drop(drawn)))).transpose(1, 2)
        for dilated in self.dilated:
            stream = stream + self.drop(functional.elu(dilated(stream)))
        logits: Tensor = self.out(functional.elu(stream).transpose(1, 2))
        return logits


@torch.no_grad()
def logits_of(network: BarNetwork, drawn: Pictures) -> NDArray[np.float32]:
    """Return the logits of one reading, float32, shape (beats, 2)."""
    logits: NDArray[np.float32] = network(torch.tensor(drawn)[None])[0].numpy()
    return logits


@cache
def trained_bars(path: Path) -> BarNetwork:
    """Load a network of bars.

    Raises
    ------
    OffcutError : the file is missing or damaged
    """
    return with_weights(BarNetwork(), path, "bars")


Floats = NDArray[np.float64]

METRES = (2, 3, 4, 5, 6, 7)
_UNUSUAL = {2: 0.10, 3: 0.04, 4: 0.0, 5: 0.10, 6: 0.08, 7: 0.12}
"""Cost of a beat in a bar of each length: bars have four by default."""
_CHANGE_COST = 8.0
_FIRST_BONUS = 0.5
_MOST_ODDS = 5.0
_BEATS_A_CHECK = 1024

_LENGTHS = np.repeat(METRES, METRES)
_COUNTS = np.concatenate([np.arange(1, metre + 1) for metre in METRES])
_FIRSTS = np.flatnonzero(_COUNTS == 1)
_LASTS = np.flatnonzero(_COUNTS == _LENGTHS)
_COSTS = np.array([_UNUSUAL[metre] for metre in _LENGTHS.tolist()])


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """The count of beats.

    Attributes
    ----------
    positions : int64, shape (n,), 1 for a downbeat, then 2, 3, ...
    score : how much better the downbeats speak for it than for no bars at all, summed over all beats
    """

    positions: NDArray[np.int64]
    score: float


def downbeat_odds(downbeat: NDArray[np.floating]) -> Floats:
    """Return the log-odds of a downbeat at each beat, shape (n,), relative to the average beat.

    Where all beats are as likely downbeats, nothing speaks for any bar, long or short.

    Parameters
    ----------
    downbeat : shape (n,), the probability of a downbeat at each beat
    """
    known = np.clip(downbeat.astype(np.float64), 1e-3, 1.0 - 1e-3)
    if not len(known):
        return known
    average = float(np.clip(known.mean(), 0.02, 0.6))
    odds: Floats = np.log(known / (1.0 - known)) - np.log(average / (1.0 - average))
    return np.clip(odds, -_MOST_ODDS, _MOST_ODDS)


def _begun(odds: float) -> Floats:
    """Return the score of each place for a first beat with these odds."""
    total = -_COSTS.copy()
    total[_FIRSTS] += odds + _FIRST_BONUS
    return total


def best_bars(odds: Floats, progress: Progress = SILENT, after_gaps: Collection[int] = ()) -> Bars:
    """Count the beats so that downbeats fall where they are likely.

    Parameters
    ----------
    odds : shape (n,), as of `downbeat_odds`
    after_gaps : beats after a gap: any bar may have begun in it

    Raises
    ------
    Cancelled : the user asked for it
    """
    if not len(odds):
        return Bars(np.zeros(0, np.int64), 0.0)
    total = _begun(odds[0])
    before = np.arange(len(_COUNTS)) - 1
    came_from = np.zeros((len(odds), len(_COUNTS)), np.uint8)
    for beat in range(1, len(odds)):
        if beat % _BEATS_A_CHECK == 0:
            progress.check_cancelled()
        if beat in after_gaps:
            came_from[beat] = total.argmax()
            total = float(total.max()) + _begun(odds[beat])
            continue
        ended = total[_LASTS]
        best = int(ended.argmax())
        arriving = total[before]
        stays = ended >= ended[best] - _CHANGE_COST
        arriving[_FIRSTS] = np.where(stays, ended, ended[best] - _CHANGE_COST) + odds[beat]
        came_from[beat] = before
        came_from[beat, _FIRSTS] = np.where(stays, _LASTS, _LASTS[best])
        total = arriving - _COSTS
    places = traced(came_from[1:], int(total.argmax()))
    return Bars(_COUNTS[places].astype(np.int64), float(total.max()))


_AROUND_FRAMES = (-2.5, 5.5)
"""Wide enough that it is no matter where in a frame a click begins."""
_BETWEEN_FRAMES = (-1.0, 1.0)
_FEWEST_ACCENTS = 3
_LEAST_EXPLAINED = 0.8
_LEAST_LEVEL, _MOST_BETWEEN = 0.1, 0.1
_LEAST_SOUNDING = 0.8
_SURE = 5.0


def accent_odds(sums: NDArray[np.floating], frames: Floats) -> Floats:
    """Return the log-odds of a downbeat at each beat from metronome accents; 0 in music.

    Parameters
    ----------
    sums : of `running_sums`
    frames : float64, shape (n,), where the beats are, strictly ascending, two at least

    Returns
    -------
    odds : float64, shape (n,)
    """
    nothing = np.zeros(len(frames))
    sounds = _means(sums, frames, _AROUND_FRAMES)
    bands = slice(0, sounds.shape[1] // 2)
    levels = sounds[:, bands].mean(axis=1)
    between = _means(sums, (frames[:-1] + frames[1:]) / 2.0, _BETWEEN_FRAMES)[:, bands].mean(axis=1)
    audible = levels >= _LEAST_LEVEL  # one may be counted before the first click, or after the last
    is_alone = np.median(between) <= _MOST_BETWEEN * np.median(levels)
    if np.mean(audible) < _LEAST_SOUNDING or not is_alone:
        return nothing
    rule = _rule(sounds[audible], levels[audible], np.flatnonzero(audible))
    if rule is None:
        return nothing
    metre, first = rule
    return np.where(np.arange(len(frames)) % metre == first, _SURE, -_SURE)


def _means(sums: NDArray[np.floating], frames: Floats, around: tuple[float, float]) -> Floats:
    """Return the mean features around places, shape (n, 32)."""
    edges = sums_at(sums, frames[:, None] + np.array(around))
    means: Floats = np.diff(edges, axis=1)[:, 0] / (around[1] - around[0])
    return means


def _rule(sounds: Floats, levels: Floats, numbers: NDArray[np.int64]) -> tuple[int, int] | None:
    """Return the beats in a bar and the index of the accented one; None without a good fit."""
    spread = float(np.square(sounds - sounds.mean(axis=0)).sum())
    best, found = _LEAST_EXPLAINED, None
    for metre in METRES:
        for first in range(metre):
            here = numbers % metre == first
            if not _FEWEST_ACCENTS <= here.sum() < len(here) or spread <= 0.0:
                continue
            parts = sounds[here], sounds[~here]
            left = sum(float(np.square(part - part.mean(axis=0)).sum()) for part in parts)
            is_louder = metre > 2 or levels[here].mean() > levels[~here].mean()
            if 1.0 - left / spread >= best and is_louder:
                best, found = 1.0 - left / spread, (metre, first)
    return found


_BEAT_WEIGHT = 0.25
_BAR_WEIGHT = 0.5
_BAR_PLACE_WEIGHT = 1.0
_LEVEL_WEIGHT = 0.4
_PRIOR_WEIGHT = 0.3
_BETWEEN_SHARE, _FRAME_SHARE = 0.5, 1.25
"""How much the downbeats of the network over beats and of that over frames count."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A metrical interpretation of a recording.

    Attributes
    ----------
    confidence : 0 to 1, how likely a person would count so; all readings together are 1 at most
    name : its relation to the first: `HEARD`, or a name of `engine.document.grid_readings`
    """

    grid: BeatGrid
    confidence: float
    name: str


@dataclass(frozen=True, slots=True)
class TempoPrior:
    """Expected tempi: a normal distribution of the log tempo.

    Attributes
    ----------
    tempo_bpm : its middle
    octaves : its standard deviation; 0.1 if the tempo is all but known
    """

    tempo_bpm: float
    octaves: float

    def log_density(self, tempo_bpm: float) -> float:
        """Return the log density of a tempo relative to the middle: 0 there, below 0 elsewhere."""
        away = np.log2(tempo_bpm / self.tempo_bpm) / self.octaves
        return float(-0.5 * away**2)


USUAL_TEMPI = TempoPrior(115.0, 1.6)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Evidence for beats and bars.

    Attributes
    ----------
    odds : float64, shape (frames,), log-odds of a beat, the best of neighbouring frames
    downbeat : float32, shape (frames,), probability of a downbeat, the best of neighbouring frames
    sums : of `running_sums`
    network : estimates bars and levels from the features of beats
    """

    frames_per_s: float
    odds: Floats
    downbeat: NDArray[np.floating]
    sums: NDArray[np.floating]
    network: BarNetwork

    def at(self, frames: Floats) -> NDArray[np.int64]:
        """Return the whole frames, shape (n,), at places between frames."""
        return np.clip(np.rint(frames).astype(np.int64), 0, max(0, len(self.odds) - 1))


def evidence(odds: Floats, told: Activations, levels: NDArray[np.float32], network: BarNetwork) -> Evidence:
    """Gather the evidence for beats with a tolerance of a frame.

    Parameters
    ----------
    odds : shape (frames,), as of `engine.analysis.beats.decode.beat_odds`
    levels : shape (frames, BANDS), of `engine.analysis.beats.activations.network_input`
    """
    near = maximum_filter1d(odds, 3), maximum_filter1d(told.downbeat, 3)
    return Evidence(told.frames_per_s, *near, running_sums(levels), network)


def bars_at(frames: Floats, found: Evidence, progress: Progress = SILENT) -> tuple[Bars, float]:
    """Count bars, and return the mean log-odds that these beats are at the level people choose.

    Parameters
    ----------
    frames : float64, shape (n,), strictly ascending, two at least
    """
    odds, level = bar_odds(frames, found)
    after_gaps = {first for first, _ in beat_runs(frames)[1:]}
    return best_bars(odds, progress, after_gaps), level


def bar_odds(frames: Floats, found: Evidence) -> tuple[Floats, float]:
    """Return the log-odds of a downbeat at each beat, shape (n,), and of the level of all of them."""
    logits = logits_of(found.network, pictures(found.sums, frames)).astype(np.float64)
    odds = _BETWEEN_SHARE * downbeat_odds(1.0 / (1.0 + np.exp(-logits[:, 0])))
    odds += _FRAME_SHARE * downbeat_odds(found.downbeat[found.at(frames)])
    odds += accent_odds(found.sums, frames)
    return odds, float(logits[:, 1].mean())


def bar_places(frames: Floats, positions: NDArray[np.int64], found: Evidence) -> Floats:
    """Return how likely bars begin 0, 1, 2, ... beats later than they are counted, together 1.

    Weighed as readings are, by a second of their downbeats; of bars that differ in length none begins later.

    Parameters
    ----------
    frames : float64, shape (n,), the beats, two at least
    positions : shape (n,), 1 for a downbeat, then 2, 3, ...
    """
    lengths = np.diff(np.flatnonzero(positions == 1))
    if not len(lengths) or np.any(lengths != lengths[0]):
        return np.ones(1)
    odds, _ = bar_odds(frames, found)
    seconds = float(frames[-1] - frames[0]) / found.frames_per_s
    begins = (np.arange(len(frames)) - int(np.argmax(positions == 1))) % int(lengths[0])
    return _shares(_BAR_PLACE_WEIGHT * np.bincount(begins, odds) / seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Evidence for one interpretation: of its beats and its bars per second, its level and its tempo.

    Attributes
    ----------
    frames : float64, shape (n,), where its beats would be
    """

    frames: Floats
    beats: float
    bars: float
    level: float
    tempo: float

    @property
    def score(self) -> float:
        """Total evidence, as log-odds up to a constant."""
        found = _BEAT_WEIGHT * self.beats + _BAR_WEIGHT * self.bars
        return found + _LEVEL_WEIGHT * self.level + _PRIOR_WEIGHT * self.tempo


def weigh(
    frames: Floats, given: Evidence, prior: TempoPrior, progress: Progress = SILENT
) -> dict[str, Weighed]:
    """Weigh the readings of a pulse that are within the range of tempi.

    Parameters
    ----------
    frames : float64, shape (n,), its beats, strictly ascending, four at least

    Raises
    ------
    Cancelled : the user asked for it
    """
    tempo_bpm = 60.0 * given.frames_per_s / float(np.median(np.diff(frames)))
    seconds = float(frames[-1] - frames[0]) / given.frames_per_s
    found: dict[str, Weighed] = {}
    for name, ratio, spaced in readings(frames):
        counted_bpm = tempo_bpm * float(ratio)
        if len(spaced) < 2 or (ratio != 1 and not SLOWEST_BPM <= counted_bpm <= FASTEST_BPM):
            continue
        progress.check_cancelled()
        bars, level = bars_at(spaced, given, progress)
        progress.check_cancelled()
        beats = float(given.odds[given.at(spaced)].sum())
        density = prior.log_density(counted_bpm)
        weighed = Weighed(spaced, beats / seconds, bars.score / seconds, level, density)
        if name not in found or weighed.score > found[name].score:
            found[name] = weighed
    return found


def readings(frames: Floats) -> Iterator[tuple[str, Fraction, Floats]]:
    """Yield each reading, how many beats it has for one, and its beats, from each place to begin at."""
    yield HEARD, Fraction(1), frames
    yield OFF_BEAT, Fraction(1), (frames[:-1] + frames[1:]) / 2.0
    for name, level in LEVELS.items():
        for begin in range(level.ratio.denominator):
            steps, each = level.ratio.numerator, level.ratio.denominator
            parts = np.arange(begin, (len(frames) - 1) * steps + 1, each)
            yield name, level.ratio, np.interp(parts / steps, np.arange(len(frames)), frames)


def probabilities(weighed: Mapping[str, Weighed]) -> dict[str, float]:
    """Return how likely each reading is, the most likely first; together 1."""
    likely = zip(weighed, _shares(np.array([one.score for one in weighed.values()])).tolist(), strict=True)
    return dict(sorted(likely, key=lambda one: -one[1]))


def _shares(scores: NDArray[np.floating]) -> Floats:
    weights = np.exp(scores - scores.max())
    shares: Floats = weights / weights.sum()
    return shares
