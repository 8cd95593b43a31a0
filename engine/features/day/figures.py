"""Figures of the takes of a day from stored analyses: tempo, level, tuning, faults, scores, music in common.

Nothing is analysed here, so that the overview shows them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FoundTakes
from engine.core.timebase import s_to_samples
from engine.core.wording import counted
from engine.document.analysis import BeatGrid, Listening, ScoreCurve, StoredDay
from engine.document.kinds.sounding import REPAIR
from engine.document.state import DocumentState
from engine.recordings.channel_faults import CLIPPING, channel_faults

Values = NDArray[np.float64]

MOST_DB = 12.0
"""A take is turned down by this at most: one that is louder still is another kind of playing."""
A4_HZ = 440.0
_FEWEST_BEATS, _FEWEST_FOR_VARIATION = 8, 17
_CENTS = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class StoredResults:
    """A document and those of its analyses that figures come from; None for a missing one."""

    state: DocumentState
    grid: BeatGrid | None = None
    listening: Listening | None = None
    curve: ScoreCurve | None = None
    takes: FoundTakes | None = None


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults inside a take.

    Attributes
    ----------
    clips : how often channels clip
    dead : number of channels that are silent while others play
    repairs : number of sounds that are proposed to be removed
    """

    clips: int = 0
    dead: int = 0
    repairs: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """Return each kind of fault with its count."""
        clipped = (f"{self.clips} × clipped",) if self.clips else ()
        named = ((self.dead, "dead channel"), (self.repairs, "repair"))
        return *clipped, *(counted(count, name) for count, name in named if count)


def _beat_gaps(grid: BeatGrid | None, span_samples: Sequence[int], fewest_beats: int) -> Values | None:
    if grid is None:
        return None
    first, last = np.searchsorted(grid.beats_samples, span_samples).tolist()
    return (
        np.diff(grid.beats_samples[first:last]).astype(np.float64) if last - first >= fewest_beats else None
    )


def tempo_bpm(grid: BeatGrid | None, span_samples: Sequence[int], rate_hz: int) -> float | None:
    """Return the median tempo of a span [start, stop) of the recording; None if it has hardly any beats."""
    gaps = _beat_gaps(grid, span_samples, _FEWEST_BEATS)
    return None if gaps is None else 60.0 * rate_hz / float(np.median(gaps))


def tempi_bpm(day: StoredDay, grid: BeatGrid | None, rate_hz: int) -> Values:
    """Return the tempo of each take, shape (n,); NaN for those with hardly any beats.

    Beats of a short take may be counted twice as fast as those of the others, or half as fast. The longest
    take of a song that has a tempo decides, at the speed of each.
    """
    found = (tempo_bpm(grid, span, rate_hz) for span in day.spans_samples.tolist())
    tempi = np.array([np.nan if one is None else one for one in found], np.float64)
    for takes in filter(len, map(day.takes_of, range(len(day.names)))):
        lengths = np.where(np.isnan(tempi[takes]), -1, np.diff(day.spans_samples[takes]).ravel())
        longest = takes[lengths.argmax()]
        expected = tempi[longest] / day.speeds[longest] * day.speeds[takes]
        octaves = np.rint(np.log2(tempi[takes] / expected))
        tempi[takes] /= 2.0 ** np.clip(octaves, -1.0, 1.0)
    return tempi


def tempo_variation(grid: BeatGrid | None, span_samples: Sequence[int]) -> float | None:
    """Return the spread of the intervals of beats as a share of their median; None without a pulse."""
    gaps = _beat_gaps(grid, span_samples, _FEWEST_FOR_VARIATION)
    if gaps is None:
        return None
    gaps.sort()  # a tenth of the time of percentiles, of each take of a day
    count = len(gaps)
    return float((gaps[count - 1 - count // 10] - gaps[count // 10]) / gaps[count // 2])


def levels_db(day: StoredDay, listening: Listening | None) -> Values:
    """Return the RMS level of each take in dB full scale, shape (n,); NaN without stored loudness."""
    if listening is None or not len(listening.loudness_db):
        return np.full(len(day.songs), np.nan)
    powers = 10.0 ** (listening.loudness_db.astype(np.float64) / 10.0)
    sums = np.concatenate([[0.0], np.cumsum(powers)])
    edges = np.minimum(day.spans_samples // listening.hop_samples, len(powers) - 1)
    first, last = edges[:, 0], edges[:, 1] + 1
    levels: Values = 10.0 * np.log10((sums[last] - sums[first]) / (last - first))
    return levels


def matched_gains_db(day: StoredDay, listening: Listening | None) -> Values:
    """Return the gain of each take that matches it to the softest complete take of its song, shape (n,).

    Gains are 0 dB or less, so that nothing clips; NaN for takes without others, and without stored loudness.
    """
    levels = levels_db(day, listening)
    gains_db = np.full(len(levels), np.nan)
    for takes in map(day.takes_of, range(len(day.names))):
        whole = takes[day.are_complete[takes] == 1]
        if len(takes) > 1:
            softest_db = levels[whole if len(whole) else takes].min()
            gains_db[takes] = np.clip(softest_db - levels[takes], -MOST_DB, 0.0)
    return gains_db


def a4_hz(cents: float) -> float:
    """Return the frequency of A4 in a tuning that deviates from 440 Hz by some cents."""
    return float(A4_HZ * 2.0 ** (cents / (12.0 * _CENTS)))


def tuning_differences_cents(day: StoredDay) -> Values:
    """Return how much sharper each take is than the first one of its song, shape (n,).

    Whole semitones do not count, see `StoredDay.semitones`; NaN where a tuning is unknown.
    """
    differences = np.full(len(day.songs), np.nan)
    for takes in map(day.takes_of, range(len(day.names))):
        off = day.tunings_cents[takes] - day.tunings_cents[takes[0]]
        differences[takes] = (off + _CENTS / 2.0) % _CENTS - _CENTS / 2.0
    return differences


def faults_of_takes(day: StoredDay, results: StoredResults) -> tuple[Faults, ...]:
    """Return the known faults inside each take: of channels, and proposed repairs."""
    state = results.state
    channels = channel_faults(results.listening, state)
    repairs = [state.span(key) for key, one in state.proposals.items() if one.kind == REPAIR.name]
    found = []
    for start, stop in day.spans_samples.tolist():
        within = [one for one in channels if one.start_samples < stop and start < one.stop_samples]
        clips = sum(one.count for one in within if one.kind == CLIPPING)
        dead = len({(one.track, one.channel) for one in within if one.kind != CLIPPING})
        found.append(Faults(clips, dead, sum(start <= one[0] < stop for one in repairs)))
    return tuple(found)


def mean_scores(day: StoredDay, curve: ScoreCurve | None) -> Values:
    """Return the mean anomaly score of each take by the taste, shape (n,); NaN where nothing was scored."""
    if curve is None:
        return np.full(len(day.songs), np.nan)
    first, last = np.searchsorted(curve.times_samples, day.spans_samples).T
    return np.array(
        [curve.scores[a:b].mean() if b > a else np.nan for a, b in zip(first, last, strict=True)], np.float64
    )


def shares_in_common(day: StoredDay, takes: FoundTakes | None, rate_hz: int) -> Values:
    """Return the share of each take whose music other takes of its song play too, shape (n,), 0 to 1.

    NaN where no passage of the song was played more than once.
    """
    shares, spans = np.full(len(day.songs), np.nan), day.spans_samples
    for group in () if takes is None else takes.groups:
        edges = [
            (s_to_samples(one.start_s, rate_hz), s_to_samples(one.stop_s, rate_hz)) for one in group.takes
        ]
        played = np.array(edges, np.int64)
        stops = np.minimum(spans[:, 1:], played[:, 1])
        lengths = np.maximum(stops - np.maximum(spans[:, :1], played[:, 0]), 0).sum(axis=1)
        is_repeated = np.bincount(day.songs[lengths > 0], minlength=len(day.names))[day.songs] > 1
        added = np.nan_to_num(shares) + lengths / np.diff(spans).ravel()
        shares = np.where(is_repeated, np.minimum(added, 1.0), shares)
    return shares
