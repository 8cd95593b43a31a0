"""In which steps of a mixture each of its sounds is audible.

With such labels a network learns where a sound is, and not only that it is somewhere in the mixture
(S. Hershey et al., "The benefit of temporally-strong labels in audio event classification", ICASSP 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import FRAMES_EACH, STEP_SAMPLES

_SOUNDS_DB, _SILENT_DB = -25.0, -40.0
"""Level of a step relative to the loudest of the sound: audible above the first, silent below the second."""
_STANDS_OUT_DB, _MASKED_DB = -10.0, -25.0
"""Level relative to everything else in the step: audible above the first, masked below the second."""
_LEAST = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class StepLabels:
    """Labels of a mixture.

    Attributes
    ----------
    audible : 1 where a name is audible, 0 elsewhere, shape (steps, names)
    known : 1 where that is certain, 0 where the sound is about as loud as its masker, same shape
    """

    audible: NDArray[np.float32]
    known: NDArray[np.float32]


def step_labels(
    parts: Sequence[tuple[int | None, NDArray[np.float32]]],
    noise_rms: float,
    names: int,
    hidden: tuple[int, int] = (0, 0),
) -> StepLabels:
    """Return where each sound of a mixture is audible.

    Parameters
    ----------
    parts : number of the name, None for a background, and samples as they are in the mixture, shape (frames,)
    noise_rms : of noise that is added to them
    names : how many names there are
    hidden : frames [first, stop) of levels that the network does not get; labels of their steps are not known
    """
    powers = [_step_powers(samples) for _, samples in parts]
    whole = np.sum(powers, axis=0) + noise_rms**2
    audible = np.zeros((len(whole), names), np.float32)
    known = np.ones_like(audible)
    for (name, _), power in zip(parts, powers, strict=True):
        if name is None:
            continue
        own_db = _decibels(power / max(float(power.max()), _LEAST))
        beside_db = _decibels(power / np.maximum(whole - power, _LEAST))
        sounds = (own_db > _SOUNDS_DB) & (beside_db > _STANDS_OUT_DB)
        is_certain = sounds | (own_db < _SILENT_DB) | (beside_db < _MASKED_DB)
        known[:, name] = np.where(sounds, 1.0, np.minimum(known[:, name], is_certain))
        audible[:, name] = np.maximum(audible[:, name], sounds)
    first, stop = (frame / FRAMES_EACH for frame in hidden)
    known[int(np.floor(first)) : int(np.ceil(stop))] = 0.0
    return StepLabels(audible, known)


def _step_powers(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % STEP_SAMPLES))
    return np.asarray(np.mean(padded.reshape(-1, STEP_SAMPLES) ** 2, axis=1))


def _decibels(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10.0 * np.log10(np.maximum(ratio, _LEAST)))
