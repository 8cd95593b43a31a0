"""How likely each fiftieth of a second is a beat or a downbeat: the learned tracker as plain functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.beats.features import FRAMES_PER_S, Levels, band_levels, heard, reference_db
from engine.progress import SILENT, Progress

if TYPE_CHECKING:
    from engine.beats.network import BeatNetwork

WEIGHTS = Path(__file__).resolve().parents[2] / "resources" / "models" / "beats.safetensors"


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
    """Return the activations for levels from `engine.beats.features.band_levels`, shape (frames, BANDS).

    Raises
    ------
    OffcutError : the weights are missing or damaged
    Cancelled : the user asked for it
    """
    import torch

    from engine.beats.network import chunked_probabilities
    from engine.learning.torch_threads import few_threads

    network = trained_network(WEIGHTS)
    progress.check_cancelled()
    with few_threads():
        both = chunked_probabilities(network, torch.tensor(heard(levels, reference_db(levels)))).numpy()
    progress.report(1.0, "Detected the beats")
    return Activations(FRAMES_PER_S, both[:, 0].copy(), both[:, 1].copy())


@cache
def trained_network(path: Path) -> BeatNetwork:
    """Load a network of beats.

    Raises
    ------
    OffcutError : the file is missing or damaged
    """
    from engine.beats.network import BeatNetwork
    from engine.learning.shipped import with_weights

    return with_weights(BeatNetwork(), path, "beats")
