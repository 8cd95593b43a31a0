"""Where segments to learn from come from: any span of the material, drawn at random or spread evenly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from engine.anomaly.recipes.slicer.clocked import Beats, ClockedFrames, clocked
from engine.anomaly.recipes.slicer.settings import SegmentConfig, SlicerConfig
from engine.anomaly.recipes.standardisation import Frames, Standardisation
from engine.errors import TasteError

_LEAST_BATCHES = 4
_UNALIGNED_STEP_BEATS = 0.25


class Segments(Protocol):
    """Segments that lie in the pieces of some material, none across the edge of a piece.

    Attributes
    ----------
    places : what stands for each, int64, shape (m,)
    """

    @property
    def places(self) -> Tensor:
        """What stands for each segment, int64, shape (m,)."""

    def cut(self, places: Tensor) -> Tensor:
        """Return the segments at some places, shape (k, 1, n_mels, segment_frames)."""

    def near(self, places: Tensor, generator: torch.Generator) -> Tensor:
        """Return other places of the same pieces, within a segment of those given."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameSegments:
    """Segments as they are; a place is the first frame.

    Attributes
    ----------
    frames : standardised, shape (n, n_mels), pieces end to end
    places : where segments may start
    first, last : where the first and the last segment of each piece starts, each shape (pieces,)
    """

    frames: Tensor
    places: Tensor
    first: Tensor
    last: Tensor
    length: int

    def cut(self, places: Tensor) -> Tensor:
        """Return the segments that start at some frames."""
        cut = self.frames[places[:, None] + torch.arange(self.length)]
        return cut.transpose(1, 2).unsqueeze(1)

    def near(self, places: Tensor, generator: torch.Generator) -> Tensor:
        """Return starts up to a segment earlier or later."""
        group = torch.searchsorted(self.first, places, right=True) - 1
        reach = torch.full_like(places, self.length)
        return _shifted(places, reach, self.first[group], self.last[group], generator)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentsOfPiece:
    """Segments of one length in one piece.

    Attributes
    ----------
    starts_beats : where each begins, shape (m,), ascending
    reach : how many of them begin within one of them
    """

    frames: ClockedFrames
    length_beats: int
    starts_beats: Beats
    reach: int


@dataclass(frozen=True, slots=True, eq=False)
class ClockedSegments:
    """Segments whose length is told in beats; a place is a number through all of `groups`.

    Attributes
    ----------
    groups : those of each piece and length
    first, last : the first and the last place of each group, each shape (groups,)
    cells : frames that each is pooled to
    """

    groups: tuple[SegmentsOfPiece, ...]
    first: Tensor
    last: Tensor
    cells: int

    @property
    def places(self) -> Tensor:
        """Every place."""
        return torch.arange(int(self.last[-1]) + 1)

    def cut(self, places: Tensor) -> Tensor:
        """Return the segments at some places."""
        numbers = self._group_of(places)
        within = (places - self.first[numbers]).tolist()
        rows = [self._pooled(self.groups[k], at) for k, at in zip(numbers.tolist(), within, strict=True)]
        return torch.tensor(np.concatenate(rows)).transpose(1, 2).unsqueeze(1)

    def near(self, places: Tensor, generator: torch.Generator) -> Tensor:
        """Return places of the same piece and length within a segment."""
        numbers = self._group_of(places)
        reach = torch.tensor([group.reach for group in self.groups])[numbers]
        return _shifted(places, reach, self.first[numbers], self.last[numbers], generator)

    def _group_of(self, places: Tensor) -> Tensor:
        return torch.searchsorted(self.first, places, right=True) - 1

    def _pooled(self, group: SegmentsOfPiece, at: int) -> Frames:
        return group.frames.pooled(group.starts_beats[at : at + 1], group.length_beats, self.cells)


def _shifted(
    places: Tensor, reach: Tensor, first: Tensor, last: Tensor, generator: torch.Generator
) -> Tensor:
    """Move places by 1 to `reach` either way, but not out of [first, last]."""
    share = 2.0 * torch.rand(len(places), generator=generator) - 1.0
    steps = torch.where(share < 0, torch.floor(share * reach), torch.ceil(share * reach)).long()
    return torch.minimum(torch.maximum(places + steps, first), last)


def segments_of(
    pieces: Sequence[Frames], scaling: Standardisation, config: SegmentConfig, *, evenly: bool
) -> Segments:
    """Return the segments of pieces as a recipe hears them.

    Parameters
    ----------
    pieces : frames in dB, shape (n, n_mels), with the time in beats as one more column where it counts
    evenly : half a segment apart, to measure by, in place of as many as there are, to learn from

    Raises
    ------
    TasteError : no piece holds a segment
    """
    long_enough = [piece for piece in pieces if len(piece) >= config.segment_frames]
    if not long_enough:
        raise TasteError(
            f"What is to be learned from is shorter than one segment of {config.segment_frames} frames; "
            "add longer recordings."
        )
    if isinstance(config, SlicerConfig) and config.lengths_beats:
        return _clocked_segments(long_enough, scaling, config, evenly=evenly)
    return _frame_segments(long_enough, scaling, config, evenly=evenly)


def epoch_size(pieces: Sequence[Frames], config: SegmentConfig) -> int:
    """Return how many segments an epoch hears: about the material once, so that patience means the same.

    But at least four batches, and at most `segments_per_epoch`, so that hours do not make an epoch endless.
    """
    once = sum(map(len, pieces)) // config.segment_frames
    count = min(max(once, _LEAST_BATCHES * config.batch_size), config.segments_per_epoch)
    # A last batch of one segment cannot be normalised.
    return count - count % config.batch_size if count > config.batch_size else count


def _frame_segments(
    pieces: Sequence[Frames], scaling: Standardisation, config: SegmentConfig, *, evenly: bool
) -> FrameSegments:
    ends = np.cumsum([len(piece) for piece in pieces])
    first = np.append(0, ends[:-1])
    last = ends - config.segment_frames
    hop = config.segment_frames // 2 if evenly else 1
    places = np.concatenate([np.arange(a, b + 1, hop) for a, b in zip(first, last, strict=True)])
    frames = torch.tensor(scaling.apply(np.concatenate(pieces)))
    return FrameSegments(
        frames, torch.tensor(places), torch.tensor(first), torch.tensor(last), config.segment_frames
    )


def _clocked_segments(
    pieces: Sequence[Frames], scaling: Standardisation, config: SlicerConfig, *, evenly: bool
) -> ClockedSegments:
    aligned, lengths = config.alignment == "beats", config.lengths_beats
    groups = []
    for piece in pieces:
        clock_beats = piece[:, -1].astype(np.float64)
        frames = clocked(scaling.apply(piece[:, :-1]), clock_beats, max(lengths))
        for length in lengths:
            step = max(length / 2, 1.0) if evenly else (1.0 if aligned else _UNALIGNED_STEP_BEATS)
            starts = frames.starts(length, step, aligned=aligned)
            groups.append(SegmentsOfPiece(frames, length, starts, max(1, round(length / step))))
    ends = torch.tensor([len(group.starts_beats) for group in groups]).cumsum(0)
    first = torch.cat([torch.zeros(1, dtype=torch.int64), ends[:-1]])
    return ClockedSegments(tuple(groups), first, ends - 1, config.segment_frames)
