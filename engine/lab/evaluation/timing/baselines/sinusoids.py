"""Let a sound go on fading away as sinusoids and noise: compared with the fills that edits have.

The deterministic and the stochastic part of X. Serra and J. O. Smith, "Spectral modeling synthesis: a sound
analysis/synthesis system based on a deterministic plus stochastic decomposition", Computer Music Journal 14
(4), 1990: peaks of a spectrum, each a partial with its own decay, and noise in bands for the residual. Peaks
are interpolated between bins by a parabola in decibels; amplitudes and phases are a least-squares fit of all
damped sinusoids at once, so that they continue without a step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

LONGEST_FIT_SAMPLES = 2_048
MOST_PARTIALS = 30
_LEAST_SAMPLES = 64
_PADDED = 4
_LEAST_PEAK = 10.0 ** (-50.0 / 20.0)
"""Relative to the highest peak: lower peaks are part of the noise."""
_FASTEST = 0.1
"""From one half of the sound to the next, in amplitude: limit of a decay."""
_NOISE_BANDS = 16
_FRAME = 256


def continued(tail: Samples, length: int) -> Samples:
    """Return how a sound, shape (n,), goes on for `length` samples; silence goes on as silence."""
    heard = tail[-LONGEST_FIT_SAMPLES:]
    if len(heard) < _LEAST_SAMPLES or not np.any(heard):
        return np.zeros(length)
    frequencies, decays = _partials(heard)
    before = _damped(frequencies, decays, np.arange(-len(heard), 0))
    weights, *_ = np.linalg.lstsq(before, heard, rcond=1e-6)
    residual = heard - before @ weights
    tones = _damped(frequencies, decays, np.arange(length)) @ weights
    goes_on: Samples = tones + _noise(residual, length)
    loudest = np.abs(heard).max()
    return np.clip(goes_on, -loudest, loudest)


def _partials(heard: Samples) -> tuple[Samples, Samples]:
    """Return the frequencies of the highest peaks, in radians a sample, and their decay a sample, below 0."""
    half = len(heard) // 2
    window = np.hanning(half)
    halves = np.stack([heard[:half], heard[-half:]])
    early, late = np.abs(np.fft.rfft(halves * window, _PADDED * half, axis=1))
    inner = late[1:-1]
    peaks = np.flatnonzero((inner > late[:-2]) & (inner >= late[2:]) & (inner > _LEAST_PEAK * late.max())) + 1
    peaks = np.sort(peaks[np.argsort(-late[peaks], kind="stable")[:MOST_PARTIALS]])
    below, here, above = (np.log(np.maximum(late[peaks + step], 1e-12)) for step in (-1, 0, 1))
    bend = np.minimum(below - 2.0 * here + above, -1e-9)
    frequencies = (peaks + np.clip(0.5 * (below - above) / bend, -0.5, 0.5)) * 2.0 * np.pi / (_PADDED * half)
    ratios = np.clip(late[peaks] / np.maximum(early[peaks], 1e-12), _FASTEST, 1.0)
    return frequencies, np.log(ratios) / (len(heard) - half)


def _damped(frequencies: Samples, decays: Samples, at: NDArray[np.int64]) -> Samples:
    """Return cosines and sines that decay, shape (n, 2 k)."""
    phases, fades = np.outer(at, frequencies), np.exp(np.outer(at, decays))
    return np.concatenate([np.cos(phases) * fades, np.sin(phases) * fades], axis=1)


def _noise(residual: Samples, length: int) -> Samples:
    """Return noise with the band levels of a residual, each fading as it does."""
    half = len(residual) // 2
    frame = min(_FRAME, 1 << (half.bit_length() - 1))
    early, late = (_band_levels(part, frame) for part in (residual[:half], residual[-half:]))
    fading = np.clip(late / np.maximum(early, 1e-12), _FASTEST, 1.0)
    hop, window = frame // 2, np.sin(np.pi * (np.arange(frame) + 0.5) / frame)
    rng = np.random.default_rng(0)
    edges = _edges(frame)
    out = np.zeros(length + 2 * frame)
    for start in range(0, length + frame, hop):
        since = (start - frame / 2 + half / 2) / half
        levels = np.repeat(late * fading**since, np.diff(edges))
        phases = rng.uniform(0.0, 2.0 * np.pi, len(levels))
        out[start : start + frame] += np.fft.irfft(levels * np.exp(1j * phases), frame) * window
    return out[frame // 2 : frame // 2 + length]


def _edges(frame: int) -> NDArray[np.int64]:
    """Return where bands of bins begin, narrow below and wide above, and the end of the last."""
    edges = np.rint(np.geomspace(1, frame // 2 + 1, _NOISE_BANDS)).astype(np.int64)
    return np.unique(np.append(0, edges[1:]))


def _band_levels(sound: Samples, frame: int) -> Samples:
    """Return the root mean square magnitude of each band, shape (bands,), as synthesis puts it back."""
    window = np.sin(np.pi * (np.arange(frame) + 0.5) / frame)
    frames = np.lib.stride_tricks.sliding_window_view(sound, frame)[:: frame // 2]
    power = np.mean(np.square(np.abs(np.fft.rfft(frames * window, axis=1))), axis=0)
    edges = _edges(frame)
    # Of two windowed frames that overlap by half, one after the other, the powers add up to 1.
    levels: Samples = np.sqrt(np.add.reduceat(power, edges[:-1]) / np.diff(edges)) * np.sqrt(2.0)
    return levels
