"""Means over spans equal a plain loop over frames and their shares."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.features.span_means import running_sums
from engine.lab.span_means import means_between


@pytest.mark.parametrize("count", [1, 2, 40])
def test_means_equal_a_plain_loop(count: int) -> None:
    rng = np.random.default_rng(count)
    frames = rng.standard_normal((count, 3)).astype(np.float32)
    edges = np.sort(rng.uniform(0.0, count, (5, 9)), axis=1)
    found = means_between(running_sums(frames), edges)
    for span, cells in zip(edges, found, strict=True):
        for (begin, end), cell in zip(pairwise(span), cells, strict=True):
            shares = [max(0.0, min(end, k + 1) - max(begin, k)) for k in range(count)]
            np.testing.assert_allclose(cell, shares @ frames / (end - begin), rtol=1e-4, atol=1e-4)


def test_whole_frames_are_their_own_means_and_nothing_lies_beyond() -> None:
    frames = np.arange(6, dtype=np.float32).reshape(3, 2)
    sums = running_sums(frames)
    np.testing.assert_allclose(means_between(sums, np.array([[0.0, 1.0, 2.0, 3.0]]))[0], frames)
    np.testing.assert_allclose(means_between(sums, np.array([[-5.0, 9.0]]))[0, 0], frames.mean(axis=0))
