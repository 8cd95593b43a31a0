"""The contrast of edited and raw against its definition, by hand and by a plain loop."""

from __future__ import annotations

import math

import pytest
import torch

from engine.lab.recipes.slicer.contrast import edited_contrast


def test_edited_segments_in_one_place_away_from_raw_ones() -> None:
    edited = torch.tensor([[1.0, 0.0], [5.0, 0.0]])
    raw = torch.tensor([[0.0, 1.0]])
    assert float(edited_contrast(edited, raw, 1.0)) == pytest.approx(math.log(1.0 + math.exp(-1.0)))


def test_the_contrast_of_edited_equals_a_plain_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    edited, raw = (torch.randn(n, 7, generator=generator) for n in (5, 3))
    every = torch.cat([edited, raw])
    temperature, losses = 0.3, []
    for i in range(5):
        others = [j for j in range(8) if j != i]
        alike = [float(torch.cosine_similarity(edited[i], every[j], dim=0)) / temperature for j in range(8)]
        total = math.log(sum(math.exp(alike[j]) for j in others))
        losses += [total - alike[j] for j in range(5) if j != i]
    expected = sum(losses) / len(losses)
    assert float(edited_contrast(edited, raw, temperature)) == pytest.approx(expected, rel=1e-5)


def test_raw_is_pushed_away_and_never_drawn_near() -> None:
    edited = torch.tensor([[1.0, 0.0], [1.0, 0.1]])
    raw = torch.tensor([[0.8, 0.6], [0.0, 1.0]], requires_grad=True)
    edited_contrast(edited, raw, 0.5).backward()
    assert raw.grad is not None
    towards_edited = (raw.grad * edited.mean(dim=0)).sum(dim=1)
    assert (towards_edited > 0).all()  # a step against the gradient goes away from the edited
