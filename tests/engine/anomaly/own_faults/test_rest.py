"""How unlike the rest of its recording a moment is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.anomaly.own_faults.rest import (
    APART_STEPS,
    EVERY_STEPS,
    NEIGHBOURS,
    log_unlike_rest,
    thinned,
)
from engine.progress import SILENT


def slow(few: np.ndarray, steps: int) -> np.ndarray:
    """The definition, a step at a time."""
    apart = APART_STEPS // EVERY_STEPS
    logs = []
    for here in range(len(few)):
        found = sorted(
            float(np.linalg.norm(few[here].astype(np.float64) - few[there].astype(np.float64)))
            for there in range(len(few))
            if abs(here - there) >= apart
        )
        logs.append(np.log(np.mean(found[:NEIGHBOURS]) + 1e-3) if found else np.nan)
    logs = np.where(np.isnan(logs), np.nanmedian(logs), logs)
    return np.interp(np.arange(steps), EVERY_STEPS * np.arange(len(few)), logs - np.median(logs))


@pytest.mark.parametrize("steps", [61, 90, 200, 601])
def test_it_is_what_the_definition_says(steps: int) -> None:
    textures = np.random.default_rng(steps).standard_normal((steps, 12)).astype(np.float32)
    few = thinned(textures, 0)
    np.testing.assert_allclose(log_unlike_rest(few, steps, SILENT), slow(few, steps), atol=1e-3)


@pytest.mark.parametrize("cuts", [(100,), (1, 2, 50, 299), (151, 152)])
def test_it_does_not_matter_how_a_recording_is_cut(cuts: tuple[int, ...]) -> None:
    textures = np.random.default_rng(0).standard_normal((300, 5)).astype(np.float32)
    edges = (0, *cuts, 300)
    pieces = [thinned(textures[a:b], a) for a, b in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(pieces), thinned(textures, 0))


def test_what_comes_back_is_usual_and_what_comes_once_is_not() -> None:
    rng = np.random.default_rng(0)
    refrain = np.tile(np.repeat(rng.standard_normal((10, 8)), 15, axis=0), (4, 1)).astype(np.float32)
    refrain += 0.01 * rng.standard_normal(refrain.shape).astype(np.float32)
    refrain[300:330] = rng.standard_normal((30, 8)) + 3.0
    logs = log_unlike_rest(thinned(refrain, 0), len(refrain), SILENT)
    assert logs[303:327].min() > logs[:290].max() + 1.0


def test_a_recording_without_a_rest_is_unlike_nothing() -> None:
    textures = np.random.default_rng(0).standard_normal((50, 5)).astype(np.float32)
    np.testing.assert_array_equal(log_unlike_rest(thinned(textures, 0), 50, SILENT), np.zeros(50))
