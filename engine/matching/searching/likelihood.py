"""How much likelier an edited file is, moment by moment, as a copy of a raw recording than as something else.

In each band of a moment the edited spectrum is thought to be the raw one times any complex number, plus
noise: what equalisers, gains and limiters do, and what adds noise, leaves that true. The logarithm of the
ratio of both likelihoods is ``-n log(1 - c)``, n the number of independent coefficients and c the
magnitude-squared
coherence over them (G. C. Carter, "Coherence and time delay estimation", Proceedings of the IEEE 75, 1987).
An exact copy has c = 1, a repeat that is played again, or coded, less; all are held against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from engine.matching.searching.diagonals import Diagonal
from engine.matching.searching.heard import Floats

WINDOW_SAMPLES = 512
STEP_SAMPLES = 256
_WINDOW = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
_EDGES = np.array([3, 11, 19, 27, 39, 51, 67, 87, 111, 139, 171, 203, 235])
_COMPRESSED = 0.5  # of the magnitudes: else one partial of a tone would be all of a band
_POOLED = np.array([0.5, 1.0, 0.5])
_LEAST_LEFT = 1e-7
_SILENT = 1e-10  # -100 dB
_MARGIN = len(_POOLED) // 2


def log_likelihoods(
    raws: Sequence[Floats], edited: Floats, lines: Sequence[Diagonal], first: int, count: int, silent: float
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio of each line at some steps, shape (count, lines).

    Parameters
    ----------
    raws, edited : mono, as the search hears them
    first : step whose middle is sample ``first * STEP_SAMPLES`` of the edited file
    silent : the value where both are silent, which tells nothing; it is 0 where only one of them is
    """
    steps = count + 2 * _MARGIN
    begin = (first - _MARGIN) * STEP_SAMPLES - WINDOW_SAMPLES // 2
    length = (steps - 1) * STEP_SAMPLES + WINDOW_SAMPLES
    mine, my_energy, my_power = _spectra(cut(edited, begin, length)[None])
    pieces = np.stack([cut(raws[line.raw], begin + round(line.offset), length) for line in lines])
    theirs, their_energy, their_power = _spectra(pieces)
    fractions = np.array([line.offset - round(line.offset) for line in lines])
    bins = np.arange(theirs.shape[2])
    # In place: most of the time would go into new memory.
    theirs *= np.exp(2j * np.pi * fractions[:, None] * bins / WINDOW_SAMPLES).astype(np.complex64)[:, None]
    np.conj(theirs, out=theirs)
    theirs *= mine
    cross = _pooled(_banded(theirs))
    energy = _pooled(_banded(their_energy)) * _pooled(_banded(my_energy))
    coherence = np.abs(cross) ** 2 / np.maximum(energy, 1e-30)
    numbers = np.diff(_EDGES) * (STEP_SAMPLES / WINDOW_SAMPLES)
    ratio: NDArray[np.float64] = -np.log(np.maximum(1.0 - coherence, _LEAST_LEFT)) @ numbers
    quiet_mine, quiet_theirs = (
        _pooled(power[..., None])[..., 0] < _SILENT for power in (my_power, their_power)
    )
    ratio[quiet_mine[0][None] | quiet_theirs] = 0.0
    ratio[quiet_mine[0][None] & quiet_theirs] = silent
    return ratio.T


def cut(samples: Floats, begin: int, length: int) -> Floats:
    """Return so many samples from one on, zeros outside of the recording."""
    out = np.zeros(length, np.float32)
    piece = samples[max(0, begin) : max(0, begin + length)]
    lead = max(0, -begin)
    out[lead : lead + len(piece)] = piece[: length - lead] if lead < length else 0.0
    return out


def _spectra(pieces: Floats) -> tuple[NDArray[np.complex64], Floats, Floats]:
    """Return spectra of compressed magnitudes, and the power of the steps.

    Returns
    -------
    spectra, energies : shape (pieces, steps, bins); the energies are the squares of the magnitudes
    powers : shape (pieces, steps)
    """
    frames = np.lib.stride_tricks.sliding_window_view(pieces, WINDOW_SAMPLES, axis=1)[:, ::STEP_SAMPLES]
    power = np.einsum("pst,pst->ps", frames, frames) / np.float32(WINDOW_SAMPLES)
    spectra = rfft(frames * _WINDOW, axis=2)
    magnitudes = np.abs(spectra)
    gains = np.float32(1.0) / (magnitudes**_COMPRESSED + np.float32(1e-9))
    spectra *= gains
    return spectra, np.square(magnitudes * gains), power


def _banded(
    values: NDArray[np.complexfloating] | Floats,
) -> NDArray[np.complexfloating] | NDArray[np.float64]:
    wide = np.complex128 if np.iscomplexobj(values) else np.float64
    return np.add.reduceat(values[..., : _EDGES[-1]], _EDGES[:-1], axis=2, dtype=wide)


def _pooled(values: NDArray[Any]) -> NDArray[Any]:
    """Add up neighbouring steps, shape (pieces, steps, bands) to (pieces, steps - 2 * _MARGIN, bands)."""
    count = values.shape[1] - 2 * _MARGIN
    pooled: NDArray[Any] = np.zeros((len(values), count, values.shape[2]), values.dtype)
    for step, weight in enumerate(_POOLED):
        pooled += weight * values[:, step : step + count]
    return pooled
