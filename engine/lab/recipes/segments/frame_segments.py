"""Where segments to learn from come from: any span of the material, drawn at random or spread evenly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from engine.core.errors import TasteError
from engine.lab.recipes.segments.settings import SegmentConfig
from engine.lab.recipes.standardisation import Frames, Standardisation


class Segments(Protocol):
    """Segments inside the pieces of some material, none across the edge of a piece.

    Attributes
    ----------
    places : index of each, int64, shape (m,)
    """

    @property
    def places(self) -> Tensor:
        """Index of each segment, int64, shape (m,)."""

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
        return shifted(places, reach, self.first[group], self.last[group], generator)


def shifted(places: Tensor, reach: Tensor, first: Tensor, last: Tensor, generator: torch.Generator) -> Tensor:
    """Move places by 1 to `reach` either way, but not out of [first, last]."""
    share = 2.0 * torch.rand(len(places), generator=generator) - 1.0
    steps = torch.where(share < 0, torch.floor(share * reach), torch.ceil(share * reach)).long()
    return torch.minimum(torch.maximum(places + steps, first), last)


def long_enough(pieces: Sequence[Frames], config: SegmentConfig) -> list[Frames]:
    """Return the pieces that hold a segment.

    Raises
    ------
    TasteError : none does
    """
    found = [piece for piece in pieces if len(piece) >= config.segment_frames]
    if not found:
        raise TasteError(
            f"The training data is shorter than one segment of {config.segment_frames} frames; "
            "add longer recordings."
        )
    return found


def frame_segments(
    pieces: Sequence[Frames], scaling: Standardisation, config: SegmentConfig, *, evenly: bool
) -> FrameSegments:
    """Return the segments of pieces that begin on any frame.

    Parameters
    ----------
    pieces : frames in dB, shape (n, n_mels)
    evenly : half a segment apart, to measure by, in place of as many as there are, to learn from

    Raises
    ------
    TasteError : no piece holds a segment
    """
    pieces = long_enough(pieces, config)
    ends = np.cumsum([len(piece) for piece in pieces])
    first = np.append(0, ends[:-1])
    last = ends - config.segment_frames
    hop = config.segment_frames // 2 if evenly else 1
    places = np.concatenate([np.arange(a, b + 1, hop) for a, b in zip(first, last, strict=True)])
    frames = torch.tensor(scaling.apply(np.concatenate(pieces)))
    return FrameSegments(
        frames, torch.tensor(places), torch.tensor(first), torch.tensor(last), config.segment_frames
    )
