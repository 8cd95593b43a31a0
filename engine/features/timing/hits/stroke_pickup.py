"""Compare tracks: which of them pick up the same strokes at constant delays.

Microphones in one room pick up every stroke at delays that stay constant to a fraction of a millisecond. The
phase of their cross-spectrum is therefore the same for all strokes of a drum (C. Knapp and G. Carter, "The
generalized correlation method for estimation of time delay", IEEE Transactions on Acoustics, Speech and
Signal Processing 24, 1976). An instrument that is played along without picking up the drums has jitter of
milliseconds, and its phases are random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import maximum_filter1d
from scipy.signal import resample_poly

from engine.analysis.signal.loudness import Floats, Octaves, finite
from engine.analysis.signal.second_recorder import rises_of
from engine.core.progress import SILENT, Progress
from engine.document.analysis import PICKUP_MAKER, StrokePickup
from engine.features.timing.hits.find import Microphones

MOST_TRACKS = 48
"""Maximum number of tracks to compare: a kit has fewer microphones."""
_RATE_HZ = 16_000
_EXCERPTS, _EXCERPT_S = 10, 6.0
_MOST_STROKES, _LEAST_STROKES = 64, 8
_STRONG_QUANTILE, _LEAST_OF_STRONG = 0.75, 0.4
_APART_S, _SMOOTH_HOPS = 0.05, 9
_WINDOW_S, _BEFORE_S, _MARGIN_S = 0.128, 0.010, 0.012
_FADE_IN_S, _FADE_OUT_S = 0.004, 0.032
_REACH_S = 0.025
"""A room microphone at 8 m is that late."""
_BAND_HZ = (200.0, 7_000.0)
_AUDIBLE_DB = -45.0
_LEAD_S, _DIGITAL_SILENCE = 0.005, 1e-6
_LEAST_PICKED_UP, _LEAST_WITNESSES = 0.3, 3
_LOUD_QUANTILE = 0.95
_SIGMAS = 3.0
_INDEPENDENT = 0.85
"""Share of the lags that are independent, as the band is narrower than half the rate."""

_Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class _Excerpts:
    """Excerpts of all tracks, each float32, shape (tracks, n), at one rate."""

    sounds: Sequence[Floats]
    rate_hz: int

    def samples(self, seconds: float) -> int:
        return round(seconds * self.rate_hz)


def measure_pickup(microphones: Microphones, progress: Progress = SILENT) -> StrokePickup:
    """Measure how many of the strongest onsets of each track the other tracks pick up.

    Excerpts of a minute in all are compared, for any length of the recordings.

    Parameters
    ----------
    microphones : tracks on one timeline; of more than `MOST_TRACKS` none are compared

    Returns
    -------
    pickup : all zeros in silence

    Raises
    ------
    Cancelled : the user asked for it
    """
    ids = tuple(microphones.track_ids)
    shares = np.zeros((len(ids), len(ids)), np.float32)
    if 2 <= len(ids) <= MOST_TRACKS:
        excerpts = _read_excerpts(microphones, progress.part(0.0, 0.5))
        floors, is_stem = _audible_levels(excerpts), np.zeros(len(ids), bool)
        for track in range(len(ids)):
            progress.report(0.5 + 0.5 * track / len(ids), "Comparing the tracks")
            progress.check_cancelled()
            windows = _windows(excerpts, track)
            audible = np.sqrt(np.square(windows).mean(axis=-1)) >= floors[:, None]
            windows, audible = windows[:, audible[track]], audible[:, audible[track]]
            is_stem[track] = _begins_in_digital_silence(windows[track], excerpts.samples(_LEAD_S))
            if windows.shape[1] >= _LEAST_STROKES:
                shares[:, track] = _shares_picked_up(windows, audible, track, excerpts.rate_hz)
        # Sampled drums repeat at constant delays, as bleed does: a programmed track picks up nothing. Its
        # own strokes count where several microphones pick them up, as those of a gated microphone.
        shares[is_stem] = 0.0
        by = (shares >= _LEAST_PICKED_UP).sum(axis=0)
        shares[:, is_stem & (by < _LEAST_WITNESSES)] = 0.0
    return StrokePickup(ids, shares, PICKUP_MAKER)


def _begins_in_digital_silence(own: Floats, lead: int) -> bool:
    """Return whether most onsets of a track follow digital silence: a microphone always has noise."""
    if not len(own):
        return False
    before = np.sqrt(np.square(own[:, :lead]).mean(axis=1))
    return float(np.median(before)) < _DIGITAL_SILENCE


def _read_excerpts(microphones: Microphones, progress: Progress) -> _Excerpts:
    rate_hz, length = microphones.rate_hz, microphones.length_samples
    size = round(_EXCERPT_S * rate_hz)
    starts = [0]
    if length > _EXCERPTS * size:
        starts = np.linspace(0, length - size, _EXCERPTS).astype(np.int64).tolist()
    else:
        size = length
    lower_hz = min(rate_hz, _RATE_HZ)
    common = gcd(rate_hz, lower_hz)
    sounds = []
    for number, start in enumerate(starts):
        progress.report(number / len(starts), "Comparing the tracks")
        progress.check_cancelled()
        sound = finite(microphones.read(start, start + size))
        if lower_hz < rate_hz:
            sound = resample_poly(sound, lower_hz // common, rate_hz // common, axis=1)
        sounds.append(np.asarray(sound, np.float32))
    return _Excerpts(sounds, lower_hz)


def _audible_levels(excerpts: _Excerpts) -> NDArray[np.float64]:
    """Return the RMS level below which a track is inaudible next to its loud moments, (tracks,)."""
    size = excerpts.samples(0.064)
    levels = [
        np.sqrt(np.square(sound[:, : sound.shape[1] // size * size]).reshape(len(sound), -1, size).mean(-1))
        for sound in excerpts.sounds
        if sound.shape[1] >= size
    ]
    if not levels:
        return np.full(len(excerpts.sounds[0]), np.inf)
    loud: NDArray[np.float64] = np.quantile(np.concatenate(levels, axis=1), _LOUD_QUANTILE, axis=1)
    return np.maximum(loud * 10 ** (_AUDIBLE_DB / 20), 1e-7)


def _windows(excerpts: _Excerpts, track: int) -> Floats:
    """Return the audio of all tracks at the strongest onsets of one, shape (tracks, onsets, samples)."""
    size = excerpts.samples(_WINDOW_S)
    first = _strongest_onsets(excerpts, track) - excerpts.samples(_BEFORE_S)
    edges = np.cumsum([0, *(sound.shape[1] for sound in excerpts.sounds)])
    number = np.clip(np.searchsorted(edges, first, "right") - 1, 0, len(excerpts.sounds) - 1)
    # The first moments of an excerpt are not an onset.
    is_inside = (first - edges[number] >= excerpts.samples(_MARGIN_S)) & (first + size <= edges[number + 1])
    chosen = np.flatnonzero(is_inside)[:_MOST_STROKES]
    found = np.zeros((len(excerpts.sounds[0]), len(chosen), size), np.float32)
    for row, onset in enumerate(chosen.tolist()):
        start = int(first[onset] - edges[number[onset]])
        found[:, row] = excerpts.sounds[int(number[onset])][:, start : start + size]
    return found


def _strongest_onsets(excerpts: _Excerpts, track: int) -> NDArray[np.int64]:
    """Return where a track rises in all excerpts laid end to end, shape (n,), the furthest rise first."""
    rises = rises_of((sound[track] for sound in excerpts.sounds), excerpts.rate_hz)
    if not len(rises):
        return np.zeros(0, np.int64)
    hop = Octaves(excerpts.rate_hz).hop_samples
    smooth = np.convolve(rises, np.hanning(_SMOOTH_HOPS), mode="same")
    around = maximum_filter1d(smooth, 2 * round(_APART_S * excerpts.rate_hz / hop) + 1)
    hops = np.flatnonzero((smooth == around) & (smooth > 0.0))
    hops = hops[np.argsort(-smooth[hops], kind="stable")]
    strong = np.quantile(smooth[hops[:_MOST_STROKES]], _STRONG_QUANTILE) if len(hops) else 0.0
    # In a short recording the rest of the furthest rises are noise.
    return hops[smooth[hops] >= _LEAST_OF_STRONG * strong] * hop


def _shares_picked_up(
    windows: Floats, audible: NDArray[np.bool_], track: int, rate_hz: int
) -> NDArray[np.float64]:
    """Return the share of the onsets of a track that each track picks up, shape (tracks,).

    An onset is picked up where its correlation over the lags is like the mean of those of the others.

    Parameters
    ----------
    audible : shape (tracks, onsets), where a track is silent it picks up nothing
    """
    lags = _correlations(windows, track, rate_hz) * audible[..., None]
    others = lags.sum(axis=1, keepdims=True) - lags
    norms = np.sqrt(np.square(lags).sum(axis=-1) * np.square(others).sum(axis=-1))
    alike = (lags * others).sum(axis=-1) / np.maximum(norms, 1e-12)
    by_chance = _SIGMAS / sqrt(_INDEPENDENT * lags.shape[-1])
    shares: NDArray[np.float64] = (alike > by_chance).mean(axis=1)
    return shares


def _correlations(windows: Floats, track: int, rate_hz: int) -> Floats:
    """Return the correlation by phase of all tracks with one, shape (tracks, onsets, lags)."""
    size = windows.shape[-1]
    rise, fall = round(_FADE_IN_S * rate_hz), round(_FADE_OUT_S * rate_hz)
    fades = np.ones(size, np.float32)
    fades[:rise], fades[size - fall :] = np.linspace(0, 1, rise), np.linspace(1, 0, fall)
    hz = np.fft.rfftfreq(size, 1.0 / rate_hz)
    band = (hz >= _BAND_HZ[0]) & (hz <= min(_BAND_HZ[1], 0.45 * rate_hz))
    spectra: _Complex = rfft(windows * fades, axis=-1)
    spectra *= band / np.maximum(np.abs(spectra), 1e-12)
    correlated = irfft(spectra * np.conj(spectra[track]), size, axis=-1)
    reach = round(_REACH_S * rate_hz)
    return np.concatenate([correlated[..., -reach:], correlated[..., : reach + 1]], axis=-1)
