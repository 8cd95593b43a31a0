"""Two autoencoders with a shared encoder: one reconstructs edited audio, the other raw audio.

Made for swapping faces: the encoder learns the common features of both kinds, the decoders their differences.
As Audio Slicer published it (github.com/Dextrome/editorbot, audio_slicer/models), over its present network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.analysis.learning.loop import Batch
from engine.lab.recipes.segments.autoencoder import SegmentAutoencoder, rebuild_errors
from engine.lab.recipes.segments.settings import BothKindsConfig


class DualAutoencoder(nn.Module):
    """Rebuilds standardised log-mel segments, shape (batch, 1, n_mels, segment_frames), twice."""

    def __init__(self, config: BothKindsConfig) -> None:
        super().__init__()
        self.edited = SegmentAutoencoder(config)
        self.raw = SegmentAutoencoder(config)
        del self.raw.down, self.raw.squeeze  # only its decoder: the encoder is shared

    def forward(self, segments: Tensor) -> tuple[Tensor, Tensor]:
        """Return segments as the decoder of edited and as the decoder of raw audio rebuild them."""
        latent = self.edited.encode(segments)
        return self.edited.decode(latent), self.raw.decode(latent)


def dual_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Return the error of each decoder on its own kind, a scalar: the sum of two means.

    Parameters
    ----------
    batch : edited and raw segments, as many of each
    """
    assert isinstance(model, DualAutoencoder)
    edited, raw = batch
    latent = model.edited.encode(torch.cat([edited, raw]))
    of_edited, of_raw = latent[: len(edited)], latent[len(edited) :]
    edited_errors = rebuild_errors(model.edited.decode(of_edited), edited)
    return edited_errors.mean() + rebuild_errors(model.raw.decode(of_raw), raw).mean()
