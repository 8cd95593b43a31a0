"""How loud sound is from moment to moment, octave by octave, without the ripple of its own oscillation."""

from __future__ import annotations

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
    heard = samples[: count * hop]
    for _ in range(octaves.skipped):
        heard, hop = _halved(heard), hop // 2
    for octave in range(octaves.count):
        is_lowest = octave == octaves.count - 1
        if len(heard) > 2:
            tone = heard if is_lowest else np.diff(heard, prepend=heard[:1])
            energy = np.zeros_like(tone)
            np.multiply(tone[1:-1], tone[1:-1], out=energy[1:-1])
            energy[1:-1] -= tone[:-2] * tone[2:]
            np.maximum(energy.reshape(count, hop).mean(axis=1), 0.0, out=energies[octave])
        if not is_lowest:
            heard, hop = _halved(heard), hop // 2
    return energies


def _halved(samples: Floats) -> Floats:
    halved: Floats = samples[0::2] + samples[1::2]
    halved *= np.float32(0.5)
    return halved
