"""Which of the ways to count the same music a person would: half, double, three for two, ... weighed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from engine.beats.accents import accent_odds
from engine.beats.activations import Activations
from engine.beats.beat_pictures import BarNetwork, pictures, running_sums, told_of
from engine.beats.counted import runs
from engine.beats.decode import FASTEST_BPM, SLOWEST_BPM
from engine.beats.metre import Bars, best_bars, downbeat_odds
from engine.document.analysis import BeatGrid
from engine.document.grid.readings import LEVELS
from engine.document.kinds.tempo import HEARD, OFF_BEAT
from engine.progress import SILENT, Progress

Floats = NDArray[np.float64]

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
    name : its relation to the first: `HEARD`, or a name of `engine.document.grid.readings`
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


def evidence(odds: Floats, told: Activations, heard: NDArray[np.float32], network: BarNetwork) -> Evidence:
    """Gather the evidence for beats with a tolerance of a frame.

    Parameters
    ----------
    odds : shape (frames,), as of `engine.beats.decode.beat_odds`
    heard : shape (frames, BANDS), from `engine.beats.features.heard`
    """
    near = maximum_filter1d(odds, 3), maximum_filter1d(told.downbeat, 3)
    return Evidence(told.frames_per_s, *near, running_sums(heard), network)


def bars_at(frames: Floats, heard: Evidence, progress: Progress = SILENT) -> tuple[Bars, float]:
    """Count bars, and return the mean log-odds that these beats are at the level people choose.

    Parameters
    ----------
    frames : float64, shape (n,), strictly ascending, two at least
    """
    odds, level = bar_odds(frames, heard)
    after_gaps = {first for first, _ in runs(frames)[1:]}
    return best_bars(odds, progress, after_gaps), level


def bar_odds(frames: Floats, heard: Evidence) -> tuple[Floats, float]:
    """Return the log-odds of a downbeat at each beat, shape (n,), and of the level of all of them."""
    told = told_of(heard.network, pictures(heard.sums, frames)).astype(np.float64)
    odds = _BETWEEN_SHARE * downbeat_odds(1.0 / (1.0 + np.exp(-told[:, 0])))
    odds += _FRAME_SHARE * downbeat_odds(heard.downbeat[heard.at(frames)])
    odds += accent_odds(heard.sums, frames)
    return odds, float(told[:, 1].mean())


def bar_places(frames: Floats, positions: NDArray[np.int64], heard: Evidence) -> Floats:
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
    odds, _ = bar_odds(frames, heard)
    seconds = float(frames[-1] - frames[0]) / heard.frames_per_s
    begins = (np.arange(len(frames)) - int(np.argmax(positions == 1))) % int(lengths[0])
    scores = _BAR_PLACE_WEIGHT * np.bincount(begins, odds) / seconds
    shares = np.exp(scores - scores.max())
    likely: Floats = shares / shares.sum()
    return likely


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
    frames: Floats, heard: Evidence, prior: TempoPrior, progress: Progress = SILENT
) -> dict[str, Weighed]:
    """Weigh the readings of a pulse that are within the range of tempi.

    Parameters
    ----------
    frames : float64, shape (n,), its beats, strictly ascending, four at least

    Raises
    ------
    Cancelled : the user asked for it
    """
    tempo_bpm = 60.0 * heard.frames_per_s / float(np.median(np.diff(frames)))
    seconds = float(frames[-1] - frames[0]) / heard.frames_per_s
    found: dict[str, Weighed] = {}
    for name, ratio, spaced in readings(frames):
        counted_bpm = tempo_bpm * float(ratio)
        if len(spaced) < 2 or (ratio != 1 and not SLOWEST_BPM <= counted_bpm <= FASTEST_BPM):
            continue
        bars, level = bars_at(spaced, heard, progress)
        beats = float(heard.odds[heard.at(spaced)].sum())
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
            yield name, level.ratio, _spaced(frames, level.ratio, begin)


def _spaced(frames: Floats, ratio: Fraction, begin: int) -> Floats:
    """Return `ratio` beats for each, from step `begin` of the shortest steps on."""
    parts = np.arange(begin, (len(frames) - 1) * ratio.numerator + 1, ratio.denominator)
    spaced: Floats = np.interp(parts / ratio.numerator, np.arange(len(frames)), frames)
    return spaced


def probabilities(weighed: Mapping[str, Weighed]) -> dict[str, float]:
    """Return how likely each reading is, the most likely first; together 1."""
    scores = np.array([one.score for one in weighed.values()])
    shares = np.exp(scores - scores.max())
    likely = zip(weighed, (shares / shares.sum()).tolist(), strict=True)
    return dict(sorted(likely, key=lambda one: -one[1]))
