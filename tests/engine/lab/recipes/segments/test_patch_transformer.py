"""The transformer encoder: it fits where the convolutions were, and hears across the whole segment."""

from __future__ import annotations

import pytest
import torch

from engine.analysis.learning.loop import seeded
from engine.lab.recipes.segments.autoencoder import build
from engine.lab.recipes.segments.patch_transformer import PatchTransformer
from engine.lab.recipes.slicer.settings import SlicerConfig


@pytest.mark.parametrize("dims", [(8,), (4, 8), (32, 64, 128), (6, 10)])
def test_it_takes_the_place_of_the_convolutions(dims: tuple[int, ...]) -> None:
    shapes = []
    for encoder in ("convolutional", "transformer"):
        config = SlicerConfig.model_validate(
            {"hidden_dims": dims, "encoder": encoder, "segment_frames": 32, "mel": {"n_mels": 16}}
        )
        network = build(config)
        segments = torch.zeros(2, 1, 16, 32)
        assert network(segments).shape == segments.shape
        shapes.append(network.down(segments).shape)
    assert shapes[0] == shapes[1]


def test_every_patch_hears_every_other_and_knows_its_place() -> None:
    with seeded(0):
        encoder = PatchTransformer(n_mels=16, frames=32, patch=8, width=16).eval()
        segments = torch.randn(1, 1, 16, 32)
    segments.requires_grad_()
    encoder(segments)[0, :, 0, 0].square().sum().backward()
    assert segments.grad is not None
    assert (segments.grad[0, 0].abs().reshape(2, 8, 4, 8).amax(dim=(1, 3)) > 0).all()
    same = encoder(torch.ones(1, 1, 16, 32))
    assert not torch.allclose(same[..., 0, 0], same[..., 1, 3])
