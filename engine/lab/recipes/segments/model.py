"""Shared by models that score a stream by segments: network, input and storage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.analysis.signal.stft import log_mel_blocks
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.material import Split
from engine.features.taste.anomaly.recipes.recipe import (
    Judged,
    Network,
    Passing,
    ReferenceScores,
    restored,
    weights_of,
)
from engine.lab.recipes.segments.settings import SegmentConfig
from engine.lab.recipes.standardisation import Frames, Standardisation, stored_standardisation

SEGMENTS_AT_ONCE = 32
"""Some 30 ms on one thread, so that cancelling responds."""

_NETWORK = "model."
_LEAST_STATISTICS_SEGMENTS = 32


@dataclass(frozen=True, slots=True, eq=False)
class SegmentModel(ABC):
    """A network over segments and its standardisation."""

    config: SegmentConfig
    network: nn.Module
    standardisation: Standardisation

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        return self.config.score_hop_frames * self.config.mel.hop_samples / self.config.mel.rate_hz

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts of a score: none."""
        return ()

    @abstractmethod
    def judge_segments(self, segments: Tensor) -> Judged:
        """Return anomaly scores of standardised segments, shape (batch, 1, n_mels, segment_frames)."""

    def first_s(self, length_s: float) -> float:
        """Return the middle of the first segment, or of a stream that is shorter."""
        segment_s = (self.config.segment_frames - 1) * self.config.mel.hop_samples / self.config.mel.rate_hz
        return min(segment_s, length_s) / 2

    def judge(
        self, blocks: Iterable[Frames], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the network's scores of overlapping segments."""
        frames = (block - np.float32(level_db) for block in log_mel_blocks(blocks, self.config.mel))
        return self.judge_frames(passing(frames), progress)

    def judge_piece(self, piece: Frames, progress: Progress) -> Iterator[Judged]:
        """Yield the network's scores of a piece of training material, as the recipe read it."""
        return self.judge_frames([piece], progress)

    @torch.no_grad()
    def judge_frames(self, frame_blocks: Iterable[Frames], progress: Progress) -> Iterator[Judged]:
        """Yield the network's scores of overlapping segments of frames in dB, each of shape (n, n_mels)."""
        for segments in _overlapping(frame_blocks, self.config):
            for start in range(0, len(segments), SEGMENTS_AT_ONCE):
                progress.check_cancelled()
                batch = torch.tensor(self.standardisation.apply(segments[start : start + SEGMENTS_AT_ONCE]))
                yield self.judge_segments(batch.transpose(1, 2).unsqueeze(1))

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""
        return {**weights_of(self.network, _NETWORK), **self.standardisation.tensors()}

    def facts(self) -> Mapping[str, object]:
        """Return the JSON values to store."""
        return self.standardisation.facts()


def stored_parts(
    build: Callable[[], Network],
    config: SegmentConfig,
    tensors: Mapping[str, Tensor],
    facts: Mapping[str, object],
) -> tuple[Network, Standardisation]:
    """Return a network with stored weights, ready to score, and its standardisation.

    Raises
    ------
    ValueError, KeyError : they do not fit
    """
    scaling = stored_standardisation(config.mel.n_mels, tensors, facts)
    return restored(build, tensors, _NETWORK), scaling


def kept_scores(
    model: SegmentModel, parts: Split, progress: Progress, *, least_std: float
) -> ReferenceScores:
    """Measure a model's scores on training material: on held-out material if it suffices.

    Parameters
    ----------
    least_std : minimum deviation, since uniform material gives no estimate for other material
    """
    kept = _judged(model, parts.validation, progress)
    if len(kept.own) < _LEAST_STATISTICS_SEGMENTS:
        kept = _joined(model, [kept, _judged(model, parts.training, progress)])
    return ReferenceScores(
        float(kept.own.mean()),
        max(float(kept.own.std()), least_std),
        tuple(kept.parts.mean(axis=0).tolist()),
        tuple(np.maximum(kept.parts.std(axis=0), least_std).tolist()),
    )


def _judged(model: SegmentModel, pieces: Sequence[Frames], progress: Progress) -> Judged:
    long_enough = [piece for piece in pieces if len(piece) >= model.config.segment_frames]
    return _joined(model, [one for piece in long_enough for one in model.judge_piece(piece, progress)])


def _joined(model: SegmentModel, judged: Sequence[Judged]) -> Judged:
    return Judged(
        np.concatenate([np.zeros(0), *(one.own for one in judged)]),
        np.concatenate([np.zeros((0, len(model.part_names))), *(one.parts for one in judged)]),
    )


def _overlapping(frame_blocks: Iterable[Frames], config: SegmentConfig) -> Iterator[Frames]:
    """Yield overlapping segments as they become complete, in blocks of shape (n, segment_frames, n_mels).

    A remainder shorter than a hop is padded with its mirror image, so that it is scored too.
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
