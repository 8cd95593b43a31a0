"""The autoencoder over segments that follow the beat, of one length or several whose errors are fused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
import torch
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.recipe import Judged, Passing
from engine.lab.recipes.segments.model import SEGMENTS_AT_ONCE
from engine.lab.recipes.slicer.beat_clock import Clock, stretches
from engine.lab.recipes.slicer.clocked import ClockedFrames, clocked, hop_beats
from engine.lab.recipes.slicer.model import SlicerModel
from engine.lab.recipes.standardisation import Frames

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ClockedModel(SlicerModel):
    """An autoencoder that scores segments of each length separately.

    Attributes
    ----------
    length_means, length_stds : of the log errors of training material, one for each length of segment
    """

    length_means: tuple[float, ...]
    length_stds: tuple[float, ...]

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the log errors by segment length; a single length has no part."""
        lengths = self.config.lengths_beats
        return tuple(f"rebuilt-{beats}-beats" for beats in lengths) if len(lengths) > 1 else ()

    def first_s(self, length_s: float) -> float:  # noqa: ARG002 - moments are counted from the start
        """Return the time of the first score: 0."""
        return 0.0

    def judge(
        self, blocks: Iterable[Frames], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the scores of evenly spaced moments, one segment of the stream at a time."""
        config = self.config
        heard = stretches(blocks, config.mel, config.alignment, config.score_hop_frames, passing, progress)
        for stretch in heard:
            levelled = stretch.frames_db - np.float32(level_db)
            yield self._judge_stretch(levelled, stretch.clock_beats, progress)

    def judge_piece(self, piece: Frames, progress: Progress) -> Iterator[Judged]:
        """Yield the scores of a piece; its last column is the time in beats."""
        yield self._judge_stretch(piece[:, :-1], piece[:, -1].astype(np.float64), progress)

    def facts(self) -> Mapping[str, object]:
        """Return the JSON values to store."""
        lengths = {"length_means": list(self.length_means), "length_stds": list(self.length_stds)}
        return {**self.standardisation.facts(), **lengths}

    def _judge_stretch(self, frames_db: Frames, clock_beats: Clock, progress: Progress) -> Judged:
        """Return the fused errors every `score_hop_frames`, each interpolated between middles of segments."""
        lengths = self.config.lengths_beats
        frames = clocked(self.standardisation.apply(frames_db), clock_beats, max(lengths))
        moments = np.arange(0, len(frames_db), self.config.score_hop_frames)
        errors = np.stack([self._errors_at(moments, frames, length, progress) for length in lengths], axis=1)
        own = ((errors - np.array(self.length_means)) / np.array(self.length_stds)).mean(axis=1)
        return Judged(own, errors if len(lengths) > 1 else np.zeros((len(own), 0)))

    @torch.no_grad()
    def _errors_at(
        self, moments: NDArray[np.int64], frames: ClockedFrames, length: int, progress: Progress
    ) -> Numbers:
        hop, cells = hop_beats(self.config, length), self.config.segment_frames
        starts = frames.starts(length, hop, aligned=self.config.alignment == "beats")
        errors = []
        for at in range(0, len(starts), SEGMENTS_AT_ONCE):
            progress.check_cancelled()
            pooled = torch.tensor(frames.pooled(starts[at : at + SEGMENTS_AT_ONCE], length, cells))
            errors.append(self.judge_segments(pooled.transpose(1, 2).unsqueeze(1)).own)
        middles = np.interp(starts + length / 2, frames.clock_beats, np.arange(len(frames.clock_beats)))
        return np.interp(moments, middles, np.concatenate(errors))


def length_statistics(
    facts: Mapping[str, object], lengths: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Restore means and deviations.

    Raises
    ------
    ValueError, KeyError : the stored values do not fit
    """
    means, stds = (_numbers(facts[name]) for name in ("length_means", "length_stds"))
    fitting = len(means) == len(stds) == lengths and all(map(isfinite, means))
    if not fitting or not all(0.0 < std < inf for std in stds):
        raise ValueError("lengths of segments without their means and deviations")
    return means, stds


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list):
        raise ValueError("a list is missing")
    return tuple(float(value) for value in values)
