"""A learned pair of decoders: scores by how much better the raw one rebuilds a segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from engine.features.taste.anomaly.recipes.recipe import Judged
from engine.lab.recipes.dual.network import DualAutoencoder
from engine.lab.recipes.segments.autoencoder import rebuild_errors
from engine.lab.recipes.segments.model import SegmentModel


@dataclass(frozen=True, slots=True, eq=False)
class DualModel(SegmentModel):
    """Two decoders and their standardisation."""

    network: DualAutoencoder

    @property
    def part_names(self) -> tuple[str, ...]:
        """The error of the decoder of edited audio, and how well that of raw audio does."""
        return ("rebuilt-as-edited", "rebuilt-as-raw")

    def judge_segments(self, segments: Tensor) -> Judged:
        """Return the error of the edited decoder less that of the raw one."""
        as_edited, as_raw = (rebuild_errors(one, segments) for one in self.network(segments))
        edited, raw = as_edited.double().numpy(), as_raw.double().numpy()
        return Judged(edited - raw, np.stack([edited, -raw], axis=1))
