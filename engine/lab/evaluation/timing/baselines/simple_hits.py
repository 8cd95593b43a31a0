"""The simplest finder of hits: peaks of spectral flux above a threshold, at each close microphone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Hits
from engine.lab.evaluation.timing.matching import matched
from engine.lab.simulated.performances.performance import Performance

_HOP_SAMPLES = 128
_WINDOW_SAMPLES = 1_024
_NEAR_MS = 25.0


def simple_hits(performance: Performance) -> Hits:
    """Find hits with librosa's defaults, in steps of 3 ms, minus its bias relative to the ground truth."""
    from librosa.onset import onset_detect, onset_strength

    onsets: list[NDArray[np.float64]] = []
    tracks: list[NDArray[np.int16]] = []
    roles = list(performance.roles.values())
    for track, sound in enumerate(performance.microphones.values()):
        if not roles[track].is_close:
            continue
        rate_hz = performance.rate_hz
        strength = onset_strength(y=sound, sr=rate_hz, hop_length=_HOP_SAMPLES, n_fft=_WINDOW_SAMPLES)
        at = onset_detect(onset_envelope=strength, sr=rate_hz, hop_length=_HOP_SAMPLES, units="samples")
        onsets.append(_unbiased(np.asarray(at, np.float64), performance, track))
        tracks.append(np.full(len(at), track, np.int16))
    at, by = np.concatenate([np.zeros(0), *onsets]), np.concatenate([np.zeros(0, np.int16), *tracks])
    order = np.argsort(at, kind="stable")
    count = len(at)
    return Hits(
        onsets_samples=at[order],
        tracks=by[order],
        strengths_db=np.zeros(count, np.float32),
        strokes=np.arange(count, dtype=np.int32),
        ornaments=np.zeros(count, np.int8),
        confidences=np.ones(count, np.float32),
        track_ids=tuple(performance.microphones),
        roles=tuple(roles),
        delays_samples=np.zeros(len(roles)),
        maker="librosa",
    )


def _unbiased(found: NDArray[np.float64], performance: Performance, track: int) -> NDArray[np.float64]:
    true = performance.truth.onsets_samples[performance.truth.microphones == track]
    rows, others = matched(true, found, _NEAR_MS / 1000.0 * performance.rate_hz)
    late = float(np.median(found[others] - true[rows])) if len(rows) else 0.0
    return np.asarray(found - late, np.float64)
