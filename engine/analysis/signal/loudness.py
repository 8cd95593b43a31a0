"""The level of consecutive hops, measured while the recording streams past."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LOUDNESS_HOP_SAMPLES = 1024
FLOOR_DB = -120.0
_QUIETEST_PLAYING_DB = -70.0
_LOUDER_COUNTS = 0.75
_PLAYED_RANGE_DB = 25.0


class HopEnergy:
    """Mean square of consecutive hops, shape (n,), from blocks of any length.

    Parameters
    ----------
    hop_samples : length of one hop
    differenced : measure the first difference of the signal, which lifts attacks above a held bass note
    """

    def __init__(self, hop_samples: int, *, differenced: bool = False) -> None:
        self._hop_samples = hop_samples
        self._differenced = differenced
        self._last = np.zeros(1, np.float32)
        self._rest = np.zeros(0, np.float32)
        self._measured = array("f")  # grows in place: hours of it are never held twice

    def push(self, block: NDArray[np.float32]) -> None:
        """Take the next samples, shape (n,)."""
        if not len(block):
            return
        signal = block
        if self._differenced:
            signal = np.diff(block, prepend=self._last)
            self._last = block[-1:].copy()
        signal = np.concatenate([self._rest, signal])
        whole = len(signal) // self._hop_samples * self._hop_samples
        if whole:
            self._measured.frombytes(_mean_square(signal[:whole].reshape(-1, self._hop_samples)).tobytes())
        self._rest = signal[whole:].copy()

    def take(self) -> NDArray[np.float32]:
        """Return the mean squares measured since the last time, and forget them."""
        taken = np.array(self._measured, np.float32)
        self._measured = array("f")
        return taken

    def finish(self) -> NDArray[np.float32]:
        """Return the mean square of every hop not taken; the last, unfinished one over the samples it has."""
        if len(self._rest):
            self._measured.frombytes(_mean_square(self._rest.reshape(1, -1)).tobytes())
            self._rest = self._rest[:0]
        return np.frombuffer(self._measured, np.float32) if self._measured else np.zeros(0, np.float32)


def _mean_square(hops: NDArray[np.float32]) -> NDArray[np.float32]:
    energy: NDArray[np.float32] = np.einsum("ij,ij->i", hops, hops) / np.float32(hops.shape[1])
    return energy


def energy_to_db(energy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convert mean squares, shape (n,), to dB full scale, never below `FLOOR_DB`."""
    silence = np.float32(10.0 ** (FLOOR_DB / 10.0))
    level_db: NDArray[np.float32] = np.float32(10.0) * np.log10(np.maximum(energy, silence))
    return np.maximum(level_db, np.float32(FLOOR_DB))


class Loudness:
    """RMS level of consecutive hops of a stream, in dB full scale."""

    def __init__(self, hop_samples: int = LOUDNESS_HOP_SAMPLES) -> None:
        self._energy = HopEnergy(hop_samples)

    def push(self, block: NDArray[np.float32]) -> None:
        """Take the next samples, shape (n,)."""
        self._energy.push(block)

    def finish(self) -> NDArray[np.float32]:
        """Return the levels, float32, shape (ceil(samples / hop),)."""
        return energy_to_db(self._energy.finish())


def middle_of_playing_db(loudness_db: NDArray[np.float32]) -> float:
    """Return the median level of the playing, from the levels of one hop or more, shape (n,).

    It is the median of the levels, weighted by their power to three quarters: loud hops determine the
    level of
    the playing, even if they are a small part of a recording, and a single blow does not.
    """
    ordered = np.sort(loudness_db)
    weights = np.cumsum(10.0 ** (ordered.astype(np.float64) / 10.0 * _LOUDER_COUNTS))
    return float(ordered[int(np.searchsorted(weights, weights[-1] / 2))])


def playing_level_db(loudness_db: NDArray[np.float32]) -> float:
    """Return the level of the playing in a recording: its 90th percentile.

    A mean would depend on the share of pauses, and a peak on one blow. Hops, shape (n,), without playing
    do not
    count, since they can be most of a day of recording.
    """
    if not len(loudness_db):
        return 0.0
    played = loudness_db[loudness_db >= middle_of_playing_db(loudness_db) - _PLAYED_RANGE_DB]
    return max(float(np.percentile(played, 90)), _QUIETEST_PLAYING_DB)


def finite(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return samples, shape (n,), with silence in place of non-finite ones; unchanged if all are finite."""
    # Looking is nine times as quick as replacing, and hardly ever finds something.
    return block if np.isfinite(block).all() else np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)


def level_of(blocks: Iterable[NDArray[np.float32]]) -> float:
    """Return the playing level of a mono stream, in blocks of shape (n,); non-finite samples are silence."""
    loudness = Loudness()
    for block in blocks:
        loudness.push(finite(block))
    return playing_level_db(loudness.finish())
