"""Beat trackers with one interface: ours, ours without a model, librosa, and constant 120 BPM.

Known times of played beats are a row too: the upper bound, since the drummer's click is not in the
recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.analysis.beats.counted import empty_grid
from engine.analysis.beats.listen import find_beats, follow_taps
from engine.analysis.beats.traces import Traces, trace
from engine.document.analysis import BeatGrid
from engine.document.grid_edits import steady
from engine.document.pulse import TAPS_TO_FOLLOW, fit_taps
from engine.lab.evaluation.timing.classic.find import find_beats as find_classic
from engine.lab.evaluation.timing.classic.strengths import strengths_of
from engine.lab.evaluation.timing.recordings import Recording, Times


@dataclass(frozen=True, slots=True, eq=False)
class BeatEstimate:
    """Estimate of a tracker for one recording.

    Attributes
    ----------
    confidence : of the tracker; NaN if it has none
    """

    tempo_bpm: float
    beats_s: Times
    downbeats_s: Times
    onsets_s: Times
    confidence: float = float("nan")


def estimates(recording: Recording) -> dict[str, BeatEstimate]:
    """Return the result of each tracker, by name; the first is ours, and "as played" is the upper bound."""
    traces = trace([recording.samples], recording.rate_hz, len(recording.samples))
    onsets_s = traces.onsets.positions_samples / recording.rate_hz
    strengths = strengths_of([recording.samples], recording.rate_hz)
    readings = find_beats(traces)
    ours = readings[0].grid if readings else empty_grid("")
    return {
        "ours": _of_grid(ours, recording.rate_hz, onsets_s),
        "classic": _of_grid(find_classic(traces.onsets, strengths), recording.rate_hz, onsets_s),
        **{name: track(recording) for name, track in _OTHERS.items()},
        **({AS_PLAYED: as_played(recording)} if len(recording.played_s) else {}),
        **_of_taps(recording, traces, onsets_s),
    }


def _of_taps(recording: Recording, traces: Traces, onsets_s: Times) -> dict[str, BeatEstimate]:
    """Return the beats that follow eight taps from some downbeat on, and the even grid of these taps.

    Taps are 25 ms off, as a standard deviation; empty for recordings without bars.
    """
    beats_s, rate_hz = recording.beats_s, recording.rate_hz
    firsts = np.flatnonzero(np.isin(beats_s[: -TAPS_TO_FOLLOW + 1], recording.downbeats_s))
    if not len(firsts):
        return {}
    rng = np.random.default_rng(len(recording.samples))
    first = int(rng.choice(firsts))
    taps_s = np.sort(beats_s[first : first + TAPS_TO_FOLLOW] + rng.normal(0.0, _HAND_S, TAPS_TO_FOLLOW))
    tapped = fit_taps(taps_s)
    assert tapped is not None
    length = len(recording.samples)
    even = steady(tapped.tempo_bpm, tapped.first_s * rate_hz, rate_hz=rate_hz, length_samples=length, bar=4)
    followed = follow_taps(traces, taps_s * rate_hz) or empty_grid("")
    return {
        "eight_taps": _of_grid(followed, rate_hz, onsets_s),
        "eight_taps_even": _of_grid(even, rate_hz, onsets_s),
    }


def _of_grid(grid: BeatGrid, rate_hz: int, onsets_s: Times) -> BeatEstimate:
    beats_s, downbeats_s = grid.beats_samples / rate_hz, grid.downbeats_samples / rate_hz
    return BeatEstimate(grid.tempo_bpm, beats_s, downbeats_s, onsets_s, grid.confidence)


def track_librosa(recording: Recording) -> BeatEstimate:
    """Find beats and onsets as librosa does by default; every fourth beat counts as a downbeat."""
    import librosa

    tempo, beats_s = librosa.beat.beat_track(y=recording.samples, sr=recording.rate_hz, units="time")
    onsets_s = librosa.onset.onset_detect(y=recording.samples, sr=recording.rate_hz, units="time")
    return BeatEstimate(float(np.atleast_1d(tempo)[0]), beats_s, beats_s[::4], onsets_s)


def fixed_grid(recording: Recording) -> BeatEstimate:
    """Return 120 BPM from the first sample on, for any audio."""
    beats_s = np.arange(0.0, len(recording.samples) / recording.rate_hz, 0.5)
    return BeatEstimate(120.0, beats_s, beats_s[::4], beats_s)


def as_played(recording: Recording) -> BeatEstimate:
    """Answer when each beat was played; its downbeats are those of the click, moved as their beats are."""
    beats_s = recording.beats_as_played_s
    nearest = np.abs(beats_s[None, :] - recording.downbeats_s[:, None]).argmin(axis=1)
    return BeatEstimate(recording.tempo_bpm, beats_s, beats_s[nearest], beats_s)


AS_PLAYED = "as_played"
_HAND_S = 0.025
_OTHERS: dict[str, Callable[[Recording], BeatEstimate]] = {
    "librosa": track_librosa,
    "fixed_120_bpm": fixed_grid,
}
