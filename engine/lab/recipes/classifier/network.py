"""A classifier of segments: edited or raw, as Audio Slicer tried it (github.com/Dextrome/editorbot)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from engine.analysis.learning.loop import Batch
from engine.lab.recipes.segments.autoencoder import coarsening
from engine.lab.recipes.segments.settings import BothKindsConfig

_DROPOUT = 0.3


class Classifier(nn.Module):
    """Takes standardised log-mel segments, shape (batch, 1, n_mels, segment_frames).

    Returns logits of the class "raw", shape (batch,): the encoder of the autoencoder, its means over time and
    bands, and two layers.
    """

    def __init__(self, config: BothKindsConfig) -> None:
        super().__init__()
        self.down = coarsening(config)
        self.verdict = nn.Sequential(
            nn.Linear(config.hidden_dims[-1], config.latent_dim),
            nn.ReLU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(config.latent_dim, 1),
        )

    def forward(self, segments: Tensor) -> Tensor:
        """Return logits of being raw, shape (batch,)."""
        logits: Tensor = self.verdict(self.down(segments).mean(dim=(2, 3)))
        return logits[:, 0]


def classifier_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Return the binary cross-entropy of edited (0) against raw (1), a scalar.

    Parameters
    ----------
    batch : edited and raw segments, as many of each
    """
    edited, raw = batch
    logits = model(torch.cat([edited, raw]))
    is_raw = torch.cat([torch.zeros(len(edited)), torch.ones(len(raw))])
    return binary_cross_entropy_with_logits(logits, is_raw)
