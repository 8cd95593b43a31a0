"""How loud sound is from moment to moment, while it streams past: levels of hops, and energies of octaves."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_HOP_S = 0.0005
_LOWEST_RATE_HZ = 2_000
_MOST_OCTAVES = 5


@dataclass(frozen=True, slots=True)
class Octaves:
    """How sound is cut into hops and octaves: hops of a third to half a millisecond, up to five octaves.

    At 48 kHz there are five, about 12, 6, 3 and 1.5 kHz, and all below 0.75 kHz.
    """

    rate_hz: int

    @property
    def hop_samples(self) -> int:
        """Distance between two values: a power of two, so that every octave has whole samples in it."""
        return int(2 ** np.floor(np.log2(max(1.0, self.rate_hz * _HOP_S))))

    @property
    def skipped(self) -> int:
        """Number of unused octaves at the top: at 96 and 192 kHz, those above 24 kHz."""
        return int(max(0, np.ceil(np.log2(self.rate_hz / 50_000))))

    @property
    def count(self) -> int:
        """How many octaves there are."""
        rate_hz, hop = self.rate_hz / 2**self.skipped, self.hop_samples / 2**self.skipped
        room = min(np.log2(max(rate_hz / _LOWEST_RATE_HZ, 1.0)), np.log2(max(hop, 1.0)))
        return int(min(_MOST_OCTAVES, 1 + np.floor(room)))

    def hops(self, seconds: float) -> int:
        """Return how many hops a time is, at least one."""
        return max(1, round(seconds * self.rate_hz / self.hop_samples))


def octave_energies(samples: Floats, octaves: Octaves) -> Floats:
    """Return the Teager-Kaiser energy of each octave in each hop, never negative.

    Unlike a square it does not swing with the phase of a tone, so that a drum of 60 Hz that rings on has no
    rises: Kaiser, "On a simple algorithm to calculate the 'energy' of a signal", ICASSP 1990.

    Parameters
    ----------
    samples : float32, shape (n,)

    Returns
    -------
    energies : float32, shape (octaves.count, n // octaves.hop_samples), the highest octave first
    """
    hop = octaves.hop_samples
    count = len(samples) // hop
    energies = np.zeros((octaves.count, count), np.float32)
    sound = samples[: count * hop]
    for _ in range(octaves.skipped):
        sound, hop = _halved(sound), hop // 2
    for octave in range(octaves.count):
        is_lowest = octave == octaves.count - 1
        if len(sound) > 2:
            tone = sound if is_lowest else np.diff(sound, prepend=sound[:1])
            energy = np.zeros_like(tone)
            np.multiply(tone[1:-1], tone[1:-1], out=energy[1:-1])
            energy[1:-1] -= tone[:-2] * tone[2:]
            np.maximum(energy.reshape(count, hop).mean(axis=1), 0.0, out=energies[octave])
        if not is_lowest:
            sound, hop = _halved(sound), hop // 2
    return energies


def _halved(samples: Floats) -> Floats:
    halved: Floats = samples[0::2] + samples[1::2]
    halved *= np.float32(0.5)
    return halved


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
    """Convert mean squares of any shape to dB full scale, never below `FLOOR_DB`."""
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

    Levels are weighted by their power to three quarters: loud hops determine the level of the playing, even
    if they are a small part of a recording, and a single blow does not.
    """
    ordered = np.sort(loudness_db)
    weights = np.cumsum(10.0 ** (ordered.astype(np.float64) / 10.0 * _LOUDER_COUNTS))
    return float(ordered[int(np.searchsorted(weights, weights[-1] / 2))])


def playing_level_db(loudness_db: NDArray[np.float32]) -> float:
    """Return the level of the playing in a recording: its 90th percentile.

    A mean would depend on the share of pauses, and a peak on one blow. Hops, shape (n,), without playing do
    not count, since they can be most of a day of recording.
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
