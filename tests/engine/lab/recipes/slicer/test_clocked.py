"""Segments told in beats: pooled as by a plain loop, blind to tempo, and none beyond the end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from engine.lab.recipes.slicer.clocked import clocked, hop_beats
from engine.lab.recipes.slicer.segments import segments_of
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.standardisation import Standardisation

PLAIN = Standardisation(np.zeros(8, np.float32), np.ones(8, np.float32), -200.0)


def frames(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)


def test_pooling_equals_a_plain_loop() -> None:
    given = frames(300)
    clock = np.cumsum(np.random.default_rng(1).uniform(0.02, 0.06, 300))
    starts = np.array([0.1, 1.37, 3.0])
    found = clocked(given, clock, 4).pooled(starts, 4, 16)
    for start, segment in zip(starts, found, strict=True):
        edges = np.interp(start + np.arange(17) / 4, clock, np.arange(300)) + 0.5
        for cell, (begin, end) in enumerate(pairwise(edges)):
            share = [max(0.0, min(end, k + 1) - max(begin, k)) for k in range(300)]
            np.testing.assert_allclose(segment[cell], share @ given / (end - begin), rtol=1e-4, atol=1e-4)


def test_the_same_music_at_another_tempo_looks_the_same() -> None:
    pattern = frames(16)
    slow, fast = np.repeat(pattern, 20, axis=0), np.repeat(pattern, 15, axis=0)
    pooled = [
        clocked(one, (np.arange(len(one)) + 0.5) / of_a_beat, 4).pooled(np.array([1.0]), 2, 8)
        for one, of_a_beat in ((slow, 80), (fast, 60))
    ]
    np.testing.assert_allclose(pooled[0], pooled[1], atol=0.1)


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize(("count", "length"), [(400, 4), (1, 4), (30, 16), (41, 1)])
def test_segments_lie_within_and_reach_the_end(count: int, length: int, aligned: bool) -> None:
    ready = clocked(frames(count), 0.3 + np.arange(count) / 40.0, length)
    starts = ready.starts(length, 1.0, aligned=aligned)
    assert len(starts) >= 1
    assert starts.min() >= ready.clock_beats[0]
    assert starts.max() + length <= ready.clock_beats[-1]
    assert ready.clock_beats[-1] - starts.max() - length < 1.0 or len(starts) == 1
    assert not aligned or np.array_equal(starts, np.rint(starts))
    assert np.isfinite(ready.pooled(starts, length, 64)).all()


def test_hops_are_whole_beats_only_where_segments_are_aligned() -> None:
    scales = SlicerConfig(scales_beats=(1, 4, 16))
    assert [hop_beats(scales, length) for length in (1, 4, 16)] == [0.25, 1.0, 4.0]
    aligned = SlicerConfig(alignment="beats", scales_beats=(1, 4, 16))
    assert [hop_beats(aligned, length) for length in (1, 4, 16)] == [1.0, 1.0, 4.0]


SMALL = {"hidden_dims": [2], "segment_frames": 8, "mel": {"n_mels": 8}}


@pytest.mark.parametrize("choice", [{}, {"scales_beats": [1, 4]}, {"alignment": "beats"}])
@pytest.mark.parametrize("evenly", [True, False])
def test_segments_to_learn_from_and_their_neighbours_stay_in_their_piece(choice: dict, evenly: bool) -> None:
    config = SlicerConfig.model_validate({**SMALL, **choice})
    pieces = [np.full((count, 8), value, np.float32) for count, value in ((100, 1.0), (7, 2.0), (180, 3.0))]
    if config.lengths_beats:
        pieces = [np.column_stack([one, np.arange(len(one)) / 10.0]).astype(np.float32) for one in pieces]
    segments = segments_of(pieces, PLAIN, config, evenly=evenly)
    places = segments.places
    cut = segments.cut(places)
    assert cut.shape == (len(places), 1, 8, 8)
    of_piece = cut.mean(dim=(1, 2, 3))
    assert set(of_piece.round(decimals=4).tolist()) == {1.0, 3.0}  # 7 frames are shorter than a segment
    torch.testing.assert_close(cut, of_piece[:, None, None, None].expand_as(cut))
    near = segments.near(places, torch.Generator().manual_seed(0))
    torch.testing.assert_close(segments.cut(near).mean(dim=(1, 2, 3)), of_piece)
    assert (near != places).float().mean() > 0.8
