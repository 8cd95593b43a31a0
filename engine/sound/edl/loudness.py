"""Programme loudness and true peak after ITU-R BS.1770-4, and the peaks of each track in rendered audio.

K-weighting is two second-order filters. Here they are one finite impulse response of 0.2 s, after which it
is below 1e-18, applied with FFTs. Their coefficients follow from the analogue prototype behind the
recommendation's values at 48 kHz (Brecht De Man, "Evaluation of implementations of the EBU R128 loudness
measurement", AES 145, 2018), so any rate will do. Offcut knows no loudspeaker layout: every channel counts
with weight 1, as the recommendation has it for left, right and centre. The true peak is that of four times
oversampled audio (annex 2). Peaks of tracks are those of the cells of a grid fixed to the result, so that a
cell has the same value however it was rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import log10, pi, tan
from typing import Any

import numpy as np
from numpy.typing import NDArray

SILENCE_LUFS = -70.0
"""The absolute gate: below it nothing counts."""

_OFFSET_DB = -0.691
_RELATIVE_GATE_LU = -10.0
_HOPS_PER_BLOCK = 4  # blocks of 400 ms, a new one every 100 ms
_RESPONSE_S = 0.2
_STEP_FRAMES = 65_536
_FFT_MULTIPLE = 16_384
# The four phases of the interpolator; the last two are the first two reversed.
_PHASES = np.array(
    [
        [
            *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000),
            *(-0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750),
            *(0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
        ],
        [
            *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250),
            *(-0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125),
            *(0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
        ],
    ]
)
_INTERPOLATOR = np.concatenate([_PHASES, _PHASES[:, ::-1]]).T
TAPS = len(_INTERPOLATOR)
MOST_OVER_SAMPLES = float(np.abs(_INTERPOLATOR).sum(axis=0).max())
"""How many times higher than every sample around it the sound between them can be."""
_PEAK_STEP_FRAMES = 4_096
"""So that the windows, twelve times as large, stay in the cache, and BLAS on one thread."""
CELLS_PER_S = 50


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
    """Filter sample by sample: once a rate, for the impulse response."""
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


class BetweenSamples:
    """Finds the highest values between the samples of a programme that comes in blocks."""

    def __init__(self) -> None:
        self._past: NDArray[Any] | None = None

    def highest(self, block: NDArray[Any], least: float = 0.0) -> float:
        """Return the highest absolute value at and between the samples of the next block.

        Parameters
        ----------
        block : floats, shape (n, channels)
        least : peaks up to this level may be skipped for speed
        """
        joined = self._joined(block)
        peak = float(np.abs(joined).max(initial=0.0))
        if peak * MOST_OVER_SAMPLES > least:
            for channel in joined.T:
                for between in _steps(channel):
                    peak = max(peak, float(between.max()), -float(between.min()))
        return peak

    def in_cells(self, block: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[Any]:
        """Return the same of each cell of the next block, shape (len(starts),).

        Parameters
        ----------
        starts : the first frame of each cell, ascending from 0
        """
        joined = self._joined(block)
        samples = np.abs(joined[TAPS - 1 :]).max(axis=1)
        for channel in joined.T:
            for number, between in enumerate(_steps(channel)):
                part = samples[number * _PEAK_STEP_FRAMES : number * _PEAK_STEP_FRAMES + len(between)]
                np.maximum(part, np.abs(between).max(axis=1), out=part)
        highest: NDArray[Any] = np.maximum.reduceat(samples, starts)
        return highest

    def _joined(self, block: NDArray[Any]) -> NDArray[Any]:
        past = np.zeros((TAPS - 1, block.shape[1]), block.dtype) if self._past is None else self._past
        joined = np.concatenate([past, block])
        self._past = joined[-(TAPS - 1) :]
        return joined


def decibels(value: float) -> float:
    """Return an amplitude in dB full scale; -inf for silence."""
    return 20.0 * log10(value) if value > 0.0 else -np.inf


def _steps(channel: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield the values between samples of a channel that continues from the last block, shape (n, 4) each."""
    windows = np.lib.stride_tricks.sliding_window_view(np.ascontiguousarray(channel), TAPS)
    interpolator = _INTERPOLATOR.astype(channel.dtype, copy=False)
    # One matrix product does all four phases, many times quicker than four convolutions.
    for at in range(0, len(windows), _PEAK_STEP_FRAMES):
        yield windows[at : at + _PEAK_STEP_FRAMES] @ interpolator


def cell_samples(rate_hz: int) -> int:
    """Return the length of a cell."""
    return max(1, rate_hz // CELLS_PER_S)


def cell_starts(start_samples: int, stop_samples: int, cell: int) -> NDArray[np.int64]:
    """Return where the cells of a span begin in it, the first at 0, shape (cells,)."""
    borders = np.arange(start_samples // cell, -(-stop_samples // cell), dtype=np.int64) * cell
    borders -= start_samples
    borders[:1] = 0
    return borders


class TrackPeaks:
    """Gathers the peaks of a span [start, stop) of the result while it is rendered.

    Attributes
    ----------
    cell : length of a cell in samples
    values : the highest absolute sample of each track in each cell, float32, shape (tracks, cells); after
        gain and pan, all channels of a track together
    """

    def __init__(self, tracks: int, start_samples: int, stop_samples: int, cell: int) -> None:
        self.cell = cell
        self._first = start_samples // cell
        self.values = np.zeros((tracks, max(0, -(-stop_samples // cell) - self._first)), np.float32)

    def note(self, track: int, start_samples: int, samples: NDArray[Any]) -> None:
        """Add samples of a track, shape (n, channels), n > 0, that begin at a position."""
        starts = cell_starts(start_samples, start_samples + len(samples), self.cell) * samples.shape[1]
        flat = np.ascontiguousarray(samples).reshape(-1)
        high = np.maximum.reduceat(flat, starts)
        np.maximum(high, -np.minimum.reduceat(flat, starts), out=high)
        into = self._of(track, start_samples, start_samples + len(samples))
        np.maximum(into, high, out=into)

    def take(self, other: TrackPeaks, start_samples: int, stop_samples: int) -> None:
        """Copy a span [start, stop) from the peaks of a larger one."""
        into = self._of(slice(None), start_samples, stop_samples)
        np.maximum(into, other._of(slice(None), start_samples, stop_samples), out=into)

    def _of(self, tracks: int | slice, start_samples: int, stop_samples: int) -> NDArray[np.float32]:
        first = start_samples // self.cell - self._first
        found: NDArray[np.float32] = self.values[tracks, first : -(-stop_samples // self.cell) - self._first]
        return found
