"""Where the autoencoder's segments come from: begun on any frame, or as long as some beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.lab.recipes.segments.frame_segments import Segments, frame_segments, long_enough, shifted
from engine.lab.recipes.slicer.clocked import Beats, ClockedFrames, clocked
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.standardisation import Frames, Standardisation

_UNALIGNED_STEP_BEATS = 0.25


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
    """Segments with a length in beats; an index counts through all of `groups`.

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
        return shifted(places, reach, self.first[numbers], self.last[numbers], generator)

    def _group_of(self, places: Tensor) -> Tensor:
        return torch.searchsorted(self.first, places, right=True) - 1

    def _pooled(self, group: SegmentsOfPiece, at: int) -> Frames:
        return group.frames.pooled(group.starts_beats[at : at + 1], group.length_beats, self.cells)


def segments_of(
    pieces: Sequence[Frames], scaling: Standardisation, config: SlicerConfig, *, evenly: bool
) -> Segments:
    """Return the segments of pieces as the recipe uses them; see `frame_segments`.

    Parameters
    ----------
    pieces : frames in dB, shape (n, n_mels), with the time in beats as one more column where it counts

    Raises
    ------
    TasteError : no piece holds a segment
    """
    if config.lengths_beats:
        return _clocked_segments(long_enough(pieces, config), scaling, config, evenly=evenly)
    return frame_segments(pieces, scaling, config, evenly=evenly)


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
