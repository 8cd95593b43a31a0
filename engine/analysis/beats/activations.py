"""How likely each fiftieth of a second is a beat or a downbeat: the learned tracker as plain functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.features import FRAMES_PER_S, Levels, band_levels, heard, reference_db
from engine.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from engine.analysis.beats.network import BeatNetwork

_SPEEDS = (1.0, 0.93, 1.08)
"""Speeds of analysis: a pulse that is faint at one is often clear at another."""
_FAVOURS_CLEAR = 2.0
_LEAST = 1e-5
WEIGHTS = Path(__file__).resolve().parents[3] / "resources" / "models" / "beats.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """Network output of each frame; the middle of frame i is at i / frames_per_s seconds.

    Attributes
    ----------
    beat, downbeat : float32, shape (n,), 0 to 1; a downbeat is a beat too
    """

    frames_per_s: float
    beat: NDArray[np.float32]
    downbeat: NDArray[np.float32]


def activations(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, total_samples: int = 0, progress: Progress = SILENT
) -> Activations:
    """Return the probabilities of beats and downbeats of a mono stream, in one pass.

    Parameters
    ----------
    blocks : mono float32 at `rate_hz`, each of shape (n,), of any lengths
    total_samples : how many are expected, for the progress

    Raises
    ------
    OffcutError : the weights are missing or damaged
    Cancelled : the user asked for it
    """
    levels = band_levels(blocks, rate_hz, total_samples, progress.part(0.0, 0.6))
    return activations_of(levels, progress.part(0.6, 1.0))


def activations_of(levels: Levels, progress: Progress = SILENT) -> Activations:
    """Return the activations for levels from `engine.analysis.beats.features.band_levels`, shape (frames,
    BANDS).

    The network analyses the recording as it is, slower and faster. Its odds are averaged as a root mean
    square, because it misses a beat more often than it adds one.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    Cancelled : the user asked for it
    """
    from engine.analysis.learning.torch_threads import few_threads

    network = trained_network(WEIGHTS)
    scaled = heard(levels, reference_db(levels))
    summed = np.zeros((len(levels), 2))
    with few_threads():
        for done, speed in enumerate(_SPEEDS):
            progress.check_cancelled()
            summed += _odds_at_speed(network, scaled, speed) ** _FAVOURS_CLEAR
            progress.report((done + 1) / len(_SPEEDS), "Detecting the beats")
    odds = (summed / len(_SPEEDS)) ** (1.0 / _FAVOURS_CLEAR)
    both = (odds / (1.0 + odds)).astype(np.float32)
    return Activations(FRAMES_PER_S, both[:, 0].copy(), both[:, 1].copy())


def _odds_at_speed(network: BeatNetwork, scaled: NDArray[np.float32], speed: float) -> NDArray[np.float64]:
    """Return the odds of beat and downbeat in each frame, found at another speed, shape (frames, 2)."""
    import torch

    from engine.analysis.beats.network import chunked_probabilities

    played = _resampled(scaled, round(len(scaled) / speed))
    found = chunked_probabilities(network, torch.from_numpy(played)).numpy()
    likely = np.clip(_resampled(found, len(scaled)).astype(np.float64), _LEAST, 1.0 - _LEAST)
    odds: NDArray[np.float64] = likely / (1.0 - likely)
    return odds


def _resampled(frames: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return frames, shape (n, columns), interpolated to `count` frames over the same time."""
    if count == len(frames):
        return frames
    at = np.linspace(0.0, len(frames) - 1.0, count)
    before = np.clip(at.astype(np.int64), 0, max(0, len(frames) - 2))
    share = (at - before)[:, None].astype(np.float32)
    after = np.minimum(before + 1, len(frames) - 1)
    found: NDArray[np.float32] = frames[before] * (1.0 - share) + frames[after] * share
    return found


@cache
def trained_network(path: Path) -> BeatNetwork:
    """Load a network of beats.

    Raises
    ------
    OffcutError : the file is missing or damaged
    """
    from engine.analysis.beats.network import BeatNetwork
    from engine.analysis.learning.shipped import with_weights

    return with_weights(BeatNetwork(), path, "beats")
