"""How well beats were found.

Beats are scored as mir_eval does, without leaving out the first seconds: F-measure within 70 and 25 ms, and
continuity (M. E. P. Davies, N. Degara, M. D. Plumbley, "Evaluation methods for musical audio beat tracking
algorithms", 2009) at the annotated level (CMLt) and at any (AMLt). Tempi are right within four per cent, as
MIREX has it; "octave" also allows half, double, a third and three times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engine.lab.evaluation.timing.baselines.trackers import BeatEstimate
from engine.lab.evaluation.timing.recordings import Recording, Times

Scored = Sequence[tuple[Recording, BeatEstimate]]
Measures = dict[str, Callable[[Scored], float]]

WINDOW_S = 0.07
NARROW_S = 0.025
_SURE_FROM = (0.0, 0.3, 0.5, 0.7, 0.9)


def f_measure(truth_s: Times, found_s: Times, window_s: float = WINDOW_S) -> float:
    """Return mir_eval's F-measure of beats; 0 where nothing was found."""
    from mir_eval.beat import f_measure as measured

    return float(measured(truth_s, found_s, window_s)) if len(truth_s) and len(found_s) else 0.0


def errors_ms(truth_s: Times, found_s: Times) -> Times:
    """Return how late the found time nearest to each true one is, shape (n,), of those within 70 ms."""
    if not len(found_s) or not len(truth_s):
        return np.zeros(0)
    distances = found_s[None, :] - truth_s[:, None]
    nearest = distances[np.arange(len(truth_s)), np.abs(distances).argmin(axis=1)]
    late_ms: Times = 1000.0 * nearest[np.abs(nearest) <= WINDOW_S]
    return late_ms


def _continuity(recording: Recording, answer: BeatEstimate) -> tuple[float, float]:
    from mir_eval.beat import continuity

    if len(answer.beats_s) < 2 or len(recording.beats_s) < 2:
        return 0.0, 0.0
    _, right_level, _, any_level = continuity(recording.beats_s, answer.beats_s)
    return float(right_level), float(any_level)


def has_right_tempo(recording: Recording, answer: BeatEstimate, factors: Sequence[float] = (1.0,)) -> bool:
    """Return whether a tempo is within four per cent of the annotation, times one of these factors."""
    wanted = recording.tempo_bpm * np.asarray(factors)
    return bool((np.abs(answer.tempo_bpm - wanted) <= 0.04 * wanted).any())


def _mean(measure: Callable[[Recording, BeatEstimate], float]) -> Callable[[Scored], float]:
    return lambda scored: float(np.mean([measure(recording, answer) for recording, answer in scored]))


def _of_errors(
    truth: Callable[[Recording], Times],
    found: Callable[[BeatEstimate], Times],
    figure: Callable[[Times], float],
) -> Callable[[Scored], float]:
    def measured(scored: Scored) -> float:
        errors = [errors_ms(truth(recording), found(answer)) for recording, answer in scored]
        together = np.concatenate(errors)
        return figure(together) if len(together) else float("nan")

    return measured


def _median(values: Times) -> float:
    return float(np.median(values))


def _median_size(values: Times) -> float:
    return float(np.median(np.abs(values)))


def _largest(values: Times) -> float:
    return float(np.abs(values).max(initial=0.0))


_OCTAVES = (1.0, 0.5, 2.0, 1 / 3, 3.0)
_TEMPO: Measures = {
    "tempo_accuracy": _mean(has_right_tempo),
    "tempo_accuracy_octave": _mean(lambda one, answer: has_right_tempo(one, answer, _OCTAVES)),
}
_BEATS: Measures = {
    "beat_f_measure": _mean(lambda one, answer: f_measure(one.beats_s, answer.beats_s)),
    "beat_f_measure_25_ms": _mean(lambda one, answer: f_measure(one.beats_s, answer.beats_s, NARROW_S)),
    "beat_cmlt": _mean(lambda one, answer: _continuity(one, answer)[0]),
    "beat_amlt": _mean(lambda one, answer: _continuity(one, answer)[1]),
    "beat_bias_ms": _of_errors(lambda one: one.beats_s, lambda answer: answer.beats_s, _median),
    "beat_error_ms": _of_errors(lambda one: one.beats_s, lambda answer: answer.beats_s, _median_size),
    "beat_error_max_ms": _of_errors(lambda one: one.beats_s, lambda answer: answer.beats_s, _largest),
}
_PLAYED: Measures = {
    "played_f_measure_25_ms": _mean(lambda one, answer: _f_of_played(one, answer)),
    "played_bias_ms": _of_errors(lambda one: one.played_s, lambda answer: answer.beats_s, _median),
    "played_error_ms": _of_errors(lambda one: one.played_s, lambda answer: answer.beats_s, _median_size),
}
_DOWNBEATS: Measures = {
    "downbeat_f_measure": lambda scored: float(
        np.mean(
            [f_measure(one.downbeats_s, answer.downbeats_s) for one, answer in scored if len(one.downbeats_s)]
        )
    ),
}
_ONSETS: Measures = {
    "onset_bias_ms": _of_errors(lambda one: one.onsets_s, lambda answer: answer.onsets_s, _median),
    "onset_error_ms": _of_errors(lambda one: one.onsets_s, lambda answer: answer.onsets_s, _median_size),
}


def _downbeat_f(scored: Scored) -> float:
    return float(np.mean([f_measure(one.downbeats_s, answer.downbeats_s) for one, answer in scored]))


def _f_of_played(recording: Recording, answer: BeatEstimate) -> float:
    """Return the F-measure within 25 ms of played beats, or of the click for beats that were not played."""
    return f_measure(recording.beats_as_played_s, answer.beats_s, NARROW_S)


def measures_of(recordings: Sequence[Recording]) -> Measures:
    """Return the figures of recordings of one kind."""
    measures = dict(_TEMPO)
    if any(len(recording.beats_s) for recording in recordings):
        measures |= _BEATS
    if any(len(recording.played_s) for recording in recordings):
        measures |= _PLAYED
    if any(len(recording.downbeats_s) for recording in recordings):
        measures |= _DOWNBEATS
    if any(len(recording.onsets_s) for recording in recordings):
        measures |= _ONSETS
    return measures


def calibration(scored: Scored) -> Iterator[tuple[str, float, float, int]]:
    """Yield how often the tempo is right at each confidence: its name, the share, the mean, how many."""
    sure = np.array([answer.confidence for _, answer in scored])
    right = np.array([has_right_tempo(recording, answer) for recording, answer in scored], float)
    for low, high in zip(_SURE_FROM, (*_SURE_FROM[1:], np.inf), strict=True):
        inside = (sure >= low) & (sure < high)
        if inside.any():
            name = f"right_level_at_confidence_from_{low:g}"
            yield name, float(right[inside].mean()), float(sure[inside].mean()), int(inside.sum())
