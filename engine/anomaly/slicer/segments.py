"""Where segments to learn from come from: any span of the material, drawn at random or spread evenly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.anomaly.slicer.clocked import Beats, ClockedFrames, clocked
from engine.anomaly.slicer.settings import SegmentConfig, SlicerConfig
from engine.anomaly.slicer.standardisation import Standardisation
from engine.errors import TasteError

_LEAST_BATCHES = 4
_UNALIGNED_STEP_BEATS = 0.25

Frames = NDArray[np.float32]


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
class ClockedSegments:
    """Segments whose length is told in beats; a place is a row of `starts_beats`.

    Attributes
    ----------
    pieces : what they are cut from
    starts_beats : where each begins, shape (m,)
    piece, length_beats : which piece it is cut from and how long it is, each shape (m,); rows of one piece
        and length follow each other
    first, last, reach : of each row, the first and last row of its piece and length, and how many rows lie
        within a segment, each shape (m,)
    """

    pieces: tuple[ClockedFrames, ...]
    starts_beats: Beats
    piece: NDArray[np.int64]
    length_beats: NDArray[np.int64]
    first: Tensor
    last: Tensor
    reach: Tensor
    cells: int

    @property
    def places(self) -> Tensor:
        """Every row."""
        return torch.arange(len(self.starts_beats))

    def cut(self, places: Tensor) -> Tensor:
        """Return the segments of some rows."""
        rows = [
            self.pieces[self.piece[row]].pooled(
                self.starts_beats[row : row + 1], int(self.length_beats[row]), self.cells
            )
            for row in places.tolist()
        ]
        return torch.tensor(np.concatenate(rows)).transpose(1, 2).unsqueeze(1)

    def near(self, places: Tensor, generator: torch.Generator) -> Tensor:
        """Return rows of the same piece and length within a segment."""
        return _shifted(places, self.reach[places], self.first[places], self.last[places], generator)


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
    aligned = config.alignment == "beats"
    lengths = config.lengths_beats
    ready = [
        clocked(scaling.apply(piece[:, :-1]), piece[:, -1].astype(np.float64), max(lengths))
        for piece in pieces
    ]
    starts, rows = [], []
    at = 0
    for number, frames in enumerate(ready):
        for length in lengths:
            step = max(length / 2, 1.0) if evenly else (1.0 if aligned else _UNALIGNED_STEP_BEATS)
            here = frames.starts(length, step, aligned=aligned)
            last = at + len(here) - 1
            starts.append(here)
            rows.append(np.tile([number, length, at, last, max(1, round(length / step))], (len(here), 1)))
            at = last + 1
    piece, length_beats, *bounds = np.concatenate(rows).T
    first, last_row, reach = (torch.tensor(column.copy()) for column in bounds)
    return ClockedSegments(
        tuple(ready),
        np.concatenate(starts),
        piece,
        length_beats,
        first,
        last_row,
        reach,
        config.segment_frames,
    )
