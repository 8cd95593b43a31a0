"""Programme loudness and true peak after ITU-R BS.1770-4.

K-weighting is two second-order filters. Here they are one finite impulse response of 0.2 s, after which it is
below 1e-18, applied with FFTs. Their coefficients follow from the analogue prototype behind the
recommendation's values at 48 kHz (Brecht De Man, "Evaluation of implementations of the EBU R128 loudness
measurement", AES 145, 2018), so any rate will do.

Offcut knows no loudspeaker layout: every channel counts with weight 1, as the recommendation has it for left,
right and centre.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import log10, pi, tan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sound.edl.levels.true_peak import BetweenSamples, decibels

SILENCE_LUFS = -70.0
"""The absolute gate: below it nothing counts."""

_OFFSET_DB = -0.691
_RELATIVE_GATE_LU = -10.0
_HOPS_PER_BLOCK = 4  # blocks of 400 ms, a new one every 100 ms
_RESPONSE_S = 0.2
_STEP_FRAMES = 65_536
_FFT_MULTIPLE = 16_384


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud a programme is.

    Attributes
    ----------
    integrated_lufs : gated loudness; -inf where nothing passes the gate
    true_peak_dbtp : the largest value between and at the samples, in dB full scale; -inf for silence
    """

    integrated_lufs: float
    true_peak_dbtp: float


def measure(blocks: Iterable[NDArray[Any]], *, rate_hz: int) -> Loudness:
    """Measure a programme that comes in blocks.

    Parameters
    ----------
    blocks : floats, shape (n, channels) each, full scale at 1.0
    """
    meter = LoudnessMeter(rate_hz)
    for block in blocks:
        meter.add(block)
    return meter.result()


class LoudnessMeter:
    """Adds up blocks; memory grows by one number for every 100 ms."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._hop_samples = (rate_hz + 5) // 10
        self._response = k_response(rate_hz)
        self._spectrum = np.fft.rfft(self._response, _fft_frames(rate_hz))[:, np.newaxis]
        self._past: NDArray[np.float64] | None = None
        self._between = BetweenSamples()
        self._open_hop = np.zeros(0)
        self._hop_energies: list[NDArray[np.float64]] = [np.zeros(0)]
        self._true_peak = 0.0

    def add(self, block: NDArray[Any]) -> None:
        """Take the next samples, shape (n, channels)."""
        for start in range(0, len(block), _STEP_FRAMES):
            piece = block[start : start + _STEP_FRAMES].astype(np.float64)
            self._add_energy(self._weighted(piece))
            self._true_peak = max(self._true_peak, self._between.highest(piece, self._true_peak))

    def result(self) -> Loudness:
        """Return the loudness of all that was added."""
        return Loudness(
            _gated(np.concatenate(self._hop_energies), self._hop_samples), decibels(self._true_peak)
        )

    def _weighted(self, piece: NDArray[np.float64]) -> NDArray[np.float64]:
        """Filter a piece, continuing from the previous one (overlap-save)."""
        memory = len(self._response) - 1
        past = np.zeros((memory, piece.shape[1])) if self._past is None else self._past
        joined = np.concatenate([past, piece])
        self._past = joined[-memory:]
        frames = _fft_frames(self._rate_hz)
        filtered = np.fft.irfft(np.fft.rfft(joined, frames, axis=0) * self._spectrum, frames, axis=0)
        weighted: NDArray[np.float64] = filtered[memory : len(joined)]
        return weighted

    def _add_energy(self, weighted: NDArray[np.float64]) -> None:
        energy = np.concatenate([self._open_hop, np.einsum("ij,ij->i", weighted, weighted)])
        whole = len(energy) // self._hop_samples * self._hop_samples
        self._hop_energies.append(energy[:whole].reshape(-1, self._hop_samples).sum(axis=1))
        self._open_hop = energy[whole:]


@lru_cache(maxsize=8)
def k_response(rate_hz: int) -> NDArray[np.float64]:
    """Return the impulse response of both K-weighting filters, shape (0.2 s,)."""
    impulse = np.zeros(round(_RESPONSE_S * rate_hz))
    impulse[0] = 1.0
    response: NDArray[np.float64] = _biquad(_biquad(impulse, *_shelf(rate_hz)), *_high_pass(rate_hz))
    response.setflags(write=False)
    return response


def _shelf(rate_hz: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the numerator and denominator of the shelf that stands for the head."""
    k = tan(pi * 1681.974450955533 / rate_hz)
    quality, gain = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    middle = gain**0.4996667741545416
    scale = 1.0 + k / quality + k * k
    numerator = (
        gain + middle * k / quality + k * k,
        2.0 * (k * k - gain),
        gain - middle * k / quality + k * k,
    )
    denominator = (2.0 * (k * k - 1.0), 1.0 - k / quality + k * k)
    return tuple(b / scale for b in numerator), tuple(a / scale for a in denominator)


def _high_pass(rate_hz: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the numerator and denominator of the revised low-frequency B-curve."""
    k = tan(pi * 38.13547087602444 / rate_hz)
    quality = 0.5003270373238773
    scale = 1.0 + k / quality + k * k
    return (1.0, -2.0, 1.0), (2.0 * (k * k - 1.0) / scale, (1.0 - k / quality + k * k) / scale)


def _biquad(
    samples: NDArray[np.float64], numerator: tuple[float, ...], denominator: tuple[float, ...]
) -> NDArray[np.float64]:
    """Filter sample by sample; used once a rate, for the impulse response."""
    b0, b1, b2 = numerator
    a1, a2 = denominator
    first = second = 0.0
    filtered = []
    for sample in samples.tolist():
        output = b0 * sample + first
        first = b1 * sample - a1 * output + second
        second = b2 * sample - a2 * output
        filtered.append(output)
    return np.array(filtered)


def _fft_frames(rate_hz: int) -> int:
    """Return a length that is quick to transform and holds one step with the response before it."""
    needed = _STEP_FRAMES + round(_RESPONSE_S * rate_hz)
    return -(-needed // _FFT_MULTIPLE) * _FFT_MULTIPLE


def _gated(hops: NDArray[np.float64], hop_samples: int) -> float:
    """Return the loudness of the 400 ms blocks that pass the absolute and the relative gate."""
    blocks = np.lib.stride_tricks.sliding_window_view(hops, _HOPS_PER_BLOCK) if len(hops) > 3 else hops[:0]
    power = blocks.reshape(-1, _HOPS_PER_BLOCK).sum(axis=1) / (_HOPS_PER_BLOCK * hop_samples)
    power = power[power > _power(SILENCE_LUFS)]
    if not len(power):
        return -np.inf
    gate = _power(_lufs(float(power.mean())) + _RELATIVE_GATE_LU)
    return _lufs(float(power[power > gate].mean()))


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET_DB) / 10.0))


def _lufs(power: float) -> float:
    return _OFFSET_DB + 10.0 * log10(power)
