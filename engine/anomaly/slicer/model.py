"""A learned autoencoder: scores by its reconstruction error, and goes to disk and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.anomaly.recipe import Judged, Passing, without_parts
from engine.anomaly.recipe_config import RecipeConfig
from engine.anomaly.slicer.network import SlicerAutoencoder, build, segment_errors
from engine.anomaly.slicer.settings import SlicerConfig
from engine.features.mel import log_mel_blocks
from engine.learning.loop import seeded
from engine.progress import Progress

_BATCH = 32  # some 30 ms on one thread, so that a cancel is heard
_LEAST_ERROR = 1e-8
_NETWORK = "model."


@dataclass(frozen=True, slots=True, eq=False)
class Standardisation:
    """How log-mel frames are brought to the range the model learned.

    Attributes
    ----------
    mean_db, std_db : float32, shape (n_mels,), of the training material
    floor_db : quieter than this counts as this: 80 dB below the loudest band trained on
    """

    mean_db: NDArray[np.float32]
    std_db: NDArray[np.float32]
    floor_db: float

    def apply(self, frames_db: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standardise log-mel frames, shape (n, n_mels)."""
        scaled: NDArray[np.float32] = (
            np.maximum(frames_db, np.float32(self.floor_db)) - self.mean_db
        ) / self.std_db
        return scaled


@dataclass(frozen=True, slots=True, eq=False)
class SlicerModel:
    """An autoencoder and what it standardises with."""

    config: SlicerConfig
    network: SlicerAutoencoder
    standardisation: Standardisation

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        return self.config.score_hop_frames * self.config.mel.hop_samples / self.config.mel.rate_hz

    @property
    def part_names(self) -> tuple[str, ...]:
        """What the parts of a score are called: it has none."""
        return ()

    def first_s(self, heard_s: float) -> float:
        """Return the middle of the first segment, or of a stream that is shorter."""
        segment_s = (self.config.segment_frames - 1) * self.config.mel.hop_samples / self.config.mel.rate_hz
        return min(segment_s, heard_s) / 2

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the log errors of overlapping segments."""
        frames = (block - np.float32(level_db) for block in log_mel_blocks(blocks, self.config.mel))
        errors = log_errors(self.network, self.standardisation, passing(frames), self.config, progress)
        return map(without_parts, errors)

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""
        scaling = self.standardisation
        weights = {_NETWORK + name: value for name, value in self.network.state_dict().items()}
        return {**weights, "mean_db": torch.tensor(scaling.mean_db), "std_db": torch.tensor(scaling.std_db)}

    def facts(self) -> Mapping[str, object]:
        """Return what else to store."""
        return {"floor_db": self.standardisation.floor_db}


def load(config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> SlicerModel:
    """Bring a model back.

    Raises
    ------
    ValueError, KeyError, RuntimeError : what was stored does not fit
    """
    assert isinstance(config, SlicerConfig)
    mean_db, std_db = tensors["mean_db"], tensors["std_db"]
    if mean_db.shape != (config.mel.n_mels,) or std_db.shape != mean_db.shape or not bool((std_db > 0).all()):
        raise ValueError("statistics of another shape")
    with seeded(0):  # the weights drawn here are replaced at once, and nobody else's draws may move
        network = build(config)
    weights = {k.removeprefix(_NETWORK): value for k, value in tensors.items() if k.startswith(_NETWORK)}
    network.load_state_dict(weights)
    scaling = Standardisation(mean_db.numpy(), std_db.numpy(), float(str(facts["floor_db"])))
    return SlicerModel(config, network.eval(), scaling)


@torch.no_grad()
def log_errors(
    model: nn.Module,
    standardisation: Standardisation,
    frame_blocks: Iterable[NDArray[np.float32]],
    config: SlicerConfig,
    progress: Progress,
) -> Iterator[NDArray[np.float64]]:
    """Yield the log mean squared error of overlapping segments, in blocks of shape (n,).

    Parameters
    ----------
    frame_blocks : log-mel in dB, each of shape (frames, n_mels)
    """
    for segments in _segments(frame_blocks, config):
        for start in range(0, len(segments), _BATCH):
            progress.check_cancelled()
            batch = torch.tensor(standardisation.apply(segments[start : start + _BATCH]))
            errors = segment_errors(model, batch.transpose(1, 2).unsqueeze(1))
            yield np.log(np.maximum(errors.double().numpy(), _LEAST_ERROR))


def _segments(
    frame_blocks: Iterable[NDArray[np.float32]], config: SlicerConfig
) -> Iterator[NDArray[np.float32]]:
    """Yield overlapping segments as they become complete, in blocks of shape (n, segment_frames, n_mels).

    What remains at the end, less than a hop, is filled up with its mirror image, so that it is scored too.
    """
    length, hop = config.segment_frames, config.score_hop_frames
    waiting = np.zeros((0, config.mel.n_mels), np.float32)
    none_yet = True
    for block in frame_blocks:
        waiting = np.concatenate([waiting, block])
        count = (len(waiting) - length) // hop + 1
        if count > 0:
            starts = np.arange(count) * hop
            yield waiting[starts[:, None] + np.arange(length)]
            waiting = waiting[count * hop :]
            none_yet = False
    if none_yet and len(waiting):
        yield np.pad(waiting, ((0, length - len(waiting)), (0, 0)), mode="wrap")[None]
    elif len(waiting) > max(0, length - hop):
        yield np.pad(waiting, ((0, length - len(waiting)), (0, 0)), mode="symmetric")[None]
