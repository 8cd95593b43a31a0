"""Which of the ways to count the same music a person would: half, double, three for two, ... weighed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from engine.beats.decode import FASTEST_BPM, SLOWEST_BPM
from engine.beats.metre import best_bars, downbeat_odds
from engine.document.analysis import BeatGrid
from engine.document.grid_readings import LEVELS
from engine.progress import SILENT, Progress

Floats = NDArray[np.float64]

HEARD = "heard"
"""The name of the reading that the beats were first found at."""
_BEAT_WEIGHT = 6.0
_BAR_WEIGHT = 6.0
_PRIOR_WEIGHT = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One way to count a recording.

    Attributes
    ----------
    confidence : 0 to 1, how likely a person would count so; all readings together are 1 at most
    name : `HEARD`, or a name of `engine.document.grid_readings.LEVELS`: how it counts beside the first
    """

    grid: BeatGrid
    confidence: float
    name: str


@dataclass(frozen=True, slots=True)
class TempoPrior:
    """Which tempi are expected: a bell over the logarithm of the tempo.

    Attributes
    ----------
    tempo_bpm : its middle
    octaves : its standard deviation; 0.1 says that the tempo is all but known
    """

    tempo_bpm: float
    octaves: float

    def log_density(self, tempo_bpm: float) -> float:
        """Return how expected a tempo is beside the middle: 0 there, below 0 elsewhere."""
        away = np.log2(tempo_bpm / self.tempo_bpm) / self.octaves
        return float(-0.5 * away**2)


USUAL_TEMPI = TempoPrior(115.0, 0.8)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What speaks for each frame.

    Attributes
    ----------
    odds : float64, shape (frames,), log-odds of a beat, the best of neighbouring frames
    downbeat : float32, shape (frames,), probability of a downbeat, the best of neighbouring frames
    """

    frames_per_s: float
    odds: Floats
    downbeat: NDArray[np.floating]

    def at(self, frames: Floats) -> NDArray[np.int64]:
        """Return the whole frames, shape (n,), at places between frames."""
        return np.clip(np.rint(frames).astype(np.int64), 0, max(0, len(self.odds) - 1))


def evidence(odds: Floats, downbeat: NDArray[np.floating], frames_per_s: float) -> Evidence:
    """Gather what speaks for beats at places that are known to about a frame."""
    return Evidence(frames_per_s, maximum_filter1d(odds, 3), maximum_filter1d(downbeat, 3))


@dataclass(frozen=True, slots=True)
class Weighed:
    """What speaks for one reading, a second of music: for its beats, its bars and its tempo."""

    beats: float
    bars: float
    tempo: float

    @property
    def score(self) -> float:
        """What all of it says together, as log-odds up to a constant."""
        return _BEAT_WEIGHT * self.beats + _BAR_WEIGHT * self.bars + _PRIOR_WEIGHT * self.tempo


def weigh(
    frames: Floats, heard: Evidence, prior: TempoPrior, progress: Progress = SILENT
) -> dict[str, Weighed]:
    """Weigh the readings of a pulse that are within the range of tempi.

    Parameters
    ----------
    frames : float64, shape (n,), its beats, ascending, two at least

    Raises
    ------
    Cancelled : the user asked for it
    """
    tempo_bpm = 60.0 * heard.frames_per_s / float(np.median(np.diff(frames)))
    ratios = {HEARD: Fraction(1)} | {name: level.ratio for name, level in LEVELS.items()}
    found = {}
    for name, ratio in ratios.items():
        counted_bpm = tempo_bpm * float(ratio)
        if name == HEARD or SLOWEST_BPM <= counted_bpm <= FASTEST_BPM:
            phases = [_spaced(frames, ratio, phase) for phase in range(ratio.denominator)]
            both = max((_weigh_beats(phase, heard, progress) for phase in phases), key=sum)
            seconds = float(frames[-1] - frames[0]) / heard.frames_per_s
            found[name] = Weighed(both[0] / seconds, both[1] / seconds, prior.log_density(counted_bpm))
    return found


def _spaced(frames: Floats, ratio: Fraction, phase: int) -> Floats:
    """Return so many beats for each, the first so many of the shortest steps after the first."""
    parts = np.arange(phase, (len(frames) - 1) * ratio.numerator + 1, ratio.denominator)
    spaced: Floats = np.interp(parts / ratio.numerator, np.arange(len(frames)), frames)
    return spaced


def _weigh_beats(frames: Floats, heard: Evidence, progress: Progress) -> tuple[float, float]:
    at = heard.at(frames)
    bars = best_bars(downbeat_odds(heard.downbeat[at]), progress)
    return float(heard.odds[at].sum()), bars.score


def probabilities(weighed: Mapping[str, Weighed]) -> dict[str, float]:
    """Return how likely each reading is, the most likely first; together 1."""
    scores = np.array([one.score for one in weighed.values()])
    shares = np.exp(scores - scores.max())
    likely = zip(weighed, (shares / shares.sum()).tolist(), strict=True)
    return dict(sorted(likely, key=lambda one: -one[1]))
