"""Fuse the network's logits with the distance of a moment from the training data.

The network detects damage to this music; about other music it can only guess. Textures of two seconds detect
that, and few slight faults: untrained kinds of fault, and music of another kind, often leave the range of the
training sound, its bands' levels, their variation, and its tuning. Each distance is standardised on held-out
training audio, and weighted by the configuration.

Nothing in the sound of an attempt, a short passage between two pauses, is wrong; it is only recognisable when
the playing stops, possibly beyond the network's receptive field. Speech consists of such passages, and music
of many short phrases as well: so their weight depends on how rare they are in the training data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.signal.loudness import middle_of_playing_db
from engine.analysis.signal.span_means import means_around
from engine.analysis.signal.stft import TUNING_BINS
from engine.core.progress import SILENT
from engine.core.timebase import runs
from engine.features.taste.anomaly.recipes.memory import Memory, Vectors, held_out, remember, stored_memory
from engine.features.taste.anomaly.recipes.own_faults.network import STEP_FRAMES, FrameFeatures
from engine.features.taste.anomaly.recipes.own_faults.rest import log_unlike_rest, thinned
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig

AROUND_STEPS = 6
"""A texture covers this many steps before its own and the same number from it on: 1.92 s."""

LEAST_APART = 2 * AROUND_STEPS
"""Textures of steps nearer than this overlap."""


def textures(features: FrameFeatures, floor_db: float) -> NDArray[np.float32]:
    """Return the texture around every step, shape (steps, 4 * n_mels + TUNING_BINS).

    It has each band's mean, standard deviation, mean change from frame to frame and highest level in dB, and
    the mean tuning; at the ends, of the steps available.

    Parameters
    ----------
    floor_db : lower limit of levels, so that silence is the same for every codec
    """
    frames = np.maximum(features.mel_db, np.float32(floor_db)).astype(np.float64)
    change = np.abs(np.diff(frames, axis=0, prepend=frames[:1]))
    steps = [one.reshape(len(features), STEP_FRAMES, -1) for one in (frames, np.square(frames), change)]
    mean, square, moved = (means_around(one.mean(axis=1), 2 * AROUND_STEPS) for one in steps)
    deviation = np.sqrt(np.maximum(square - np.square(mean), 0.0))
    tuning = means_around(features.tuning.astype(np.float64), 2 * AROUND_STEPS)
    padding = ((AROUND_STEPS, AROUND_STEPS - 1), (0, 0))
    padded = np.pad(steps[0].max(axis=1), padding, constant_values=-np.inf)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND_STEPS, axis=0).max(axis=-1)
    return np.concatenate([mean, deviation, moved, highest, tuning], axis=1).astype(np.float32)


MEMORY_PARTS = ("unlike-kept", "unusual-mix", "unlike-rest")
"""Distances to the nearest training texture, from the principal components, and to the recording's rest."""

_RANGE_DB = 80.0
_LEAST_STD = 0.02
_USUAL_REST_STD = 0.5
_FLOOR, _MEANS, _STDS = "memory_floor_db", "memory_means", "memory_stds"

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceTextures:
    """Textures of the training data.

    Attributes
    ----------
    floor_db : of the textures: 80 dB below the loudest band of the training data
    means, stds : float64, shape (len(MEMORY_PARTS),), of training textures against those of the other
        recordings, and of each recording against itself
    """

    memory: Memory
    floor_db: float
    means: Numbers
    stds: Numbers

    def measured(self, features: FrameFeatures) -> tuple[Numbers, Vectors]:
        """Return the log distance of each step from the training data, shape (steps, 2), and its texture.

        The textures, shape (steps, size), are standardised, as `log_unlike_rest` wants them.
        """
        vectors = textures(features, self.floor_db)
        return _logs(self.memory, vectors), self.memory.standardised(vectors)

    def odder(self, logs: Numbers, config: OwnFaultsConfig) -> Numbers:
        """Return the distances' term of the score, shape (n,), in standard deviations of training audio.

        Parameters
        ----------
        logs : the distances of the steps from `measured`, shape (n, 2)
        """
        weights = np.array([config.nearest_weight, config.residual_weight])
        added: Numbers = ((logs - self.means[:-1]) / self.stds[:-1]) @ weights
        return added

    def unlike(self, logs: Numbers) -> Numbers:
        """Return the distance of steps from the rest, shape (n,), in standard deviations of training data."""
        found: Numbers = (logs - self.means[-1]) / self.stds[-1]
        return found

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors to store; the textures in half precision."""
        spread = {_MEANS: torch.tensor(self.means), _STDS: torch.tensor(self.stds)}
        return {**self.memory.tensors(), **spread}

    def facts(self) -> dict[str, object]:
        """Return the JSON values to store."""
        return {_FLOOR: self.floor_db}


def reference_textures(recordings: Sequence[FrameFeatures]) -> ReferenceTextures:
    """Store the textures of training recordings, with statistics of each against all others."""
    floor_db = float(max(one.mel_db.max() for one in recordings)) - _RANGE_DB
    vectors = [textures(one, floor_db) for one in recordings]
    left_out = np.concatenate(held_out(vectors, LEAST_APART, _logs))
    memory = remember(vectors, LEAST_APART)
    # The spread of the recordings' distances to their own rest; a usual one if all are short.
    few = [thinned(memory.standardised(one), 0) for one in vectors]
    logs = [log_unlike_rest(some, len(one), SILENT) for some, one in zip(few, recordings, strict=True)]
    rest_std = float(np.concatenate(logs).std())
    return ReferenceTextures(
        memory,
        floor_db,
        np.append(left_out.mean(axis=0), 0.0),
        np.append(
            np.maximum(left_out.std(axis=0), _LEAST_STD),
            rest_std if rest_std > _LEAST_STD else _USUAL_REST_STD,
        ),
    )


def stored_textures(
    n_mels: int, tensors: Mapping[str, Tensor], facts: Mapping[str, object]
) -> ReferenceTextures | None:
    """Restore the textures; None from a taste without them.

    Raises
    ------
    ValueError, KeyError, TypeError : the stored values do not fit
    """
    if _FLOOR not in facts:
        return None
    memory = stored_memory(tensors, 4 * n_mels + TUNING_BINS)
    means, stds = tensors[_MEANS].numpy(), tensors[_STDS].numpy()
    if means.shape != (len(MEMORY_PARTS),) or stds.shape != means.shape or not (stds > 0).all():
        raise ValueError("kept textures without what is usual of them")
    return ReferenceTextures(memory, float(str(facts[_FLOOR])), means, stds)


def _logs(memory: Memory, vectors: NDArray[np.float32]) -> Numbers:
    return np.column_stack([memory.log_nearest(vectors), memory.log_residual(vectors)])


LEAST_PAUSE_STEPS = 4
LONGEST_STEPS = 62
"""At the default analysis, pauses of 0.64 s and attempts of 10 s."""

QUIETER_DB = 25.0
ODDER_STD = 1.0
"""Score added to an attempt, in standard deviations of the logits, if the training data have none."""

_MOST_ATTEMPTS = 0.15


def attempts(levels_db: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which steps of a whole recording belong to an attempt or to an adjacent pause, shape (n,).

    Parameters
    ----------
    levels_db : how loud each step is, shape (n,)
    """
    found = np.zeros(len(levels_db), bool)
    if not len(levels_db):
        return found
    quiet = levels_db < middle_of_playing_db(levels_db) - QUIETER_DB
    pauses = runs(quiet, LEAST_PAUSE_STEPS)
    for (_, begins), (ends, _) in zip(pauses[:-1].tolist(), pauses[1:].tolist(), strict=True):
        if ends - begins <= LONGEST_STEPS:
            found[begins - LEAST_PAUSE_STEPS : ends + LEAST_PAUSE_STEPS] = True
    return found


def attempts_trust(levels_db: Iterable[NDArray[np.float32]]) -> float:
    """Return the weight of attempts: 1 if the training data have none, 0 from a seventh of the data on.

    Parameters
    ----------
    levels_db : of each training recording, those of its steps, shape (steps,)
    """
    found = [attempts(of_one) for of_one in levels_db]
    share = float(np.concatenate([np.zeros(1, bool), *found]).mean())
    return max(0.0, 1.0 - share / _MOST_ATTEMPTS)
