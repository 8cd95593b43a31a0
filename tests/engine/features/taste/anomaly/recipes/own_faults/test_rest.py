"""How unlike the rest of its recording a moment is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.features.taste.anomaly.recipes.own_faults.rest import (
    APART_STEPS,
    EVERY_STEPS,
    NEIGHBOURS,
    log_unlike_rest,
    plausible,
    thinned,
    weight_by_pauses,
)


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


def test_a_majority_of_rubbish_does_not_make_the_music_odd() -> None:
    rng = np.random.default_rng(5)
    music = np.tile(rng.standard_normal((40, 6)), (10, 1)) + 0.1 * rng.standard_normal((400, 6))
    rubbish = np.full((1200, 6), 4.0)  # all of it alike, and most of what there is
    vectors = np.concatenate([music, rubbish]).astype(np.float16)
    odder = np.repeat(np.concatenate([np.zeros(400), np.full(1200, 3.0)]), 3)
    levels_db = np.repeat(np.concatenate([np.full(400, -20.0), np.full(1200, -22.0)]), 3).astype(np.float32)
    steps = len(odder)
    by_majority = log_unlike_rest(vectors, steps, SILENT)
    assert by_majority[:1200].mean() > by_majority[1200:].mean()
    by_likelihood = log_unlike_rest(vectors, steps, SILENT, plausible(odder, levels_db, 0.16))
    assert by_likelihood[:1200].mean() < by_likelihood[1200:].mean() - 1.0


def test_the_rest_is_what_is_played_and_plausible_and_never_nothing() -> None:
    odder = np.concatenate([np.zeros(300), np.full(300, 5.0)])
    levels_db = np.full(600, -20.0, np.float32)
    levels_db[:90] = -80.0
    found = plausible(odder, levels_db, 0.16)
    assert not found.belongs[:28].any()  # silence is no music to compare with
    assert found.belongs[32:98].all()
    assert not found.belongs[104:].any()
    assert found.trust == pytest.approx(1.0)
    everywhere_odd = plausible(np.full(600, 9.0) + np.linspace(0.0, 1.0, 600), levels_db, 0.16)
    assert everywhere_odd.belongs.sum() == pytest.approx(0.15 * 170, abs=3)
    assert everywhere_odd.trust < 0.5
    assert plausible(np.zeros(0), np.zeros(0, np.float32), 0.16).trust == 0.0


def test_comparisons_count_half_around_a_pause() -> None:
    levels_db = np.full(200, -20.0, np.float32)
    levels_db[100:102] = -80.0
    np.testing.assert_array_equal(weight_by_pauses(levels_db), np.ones(200))  # too short for a pause
    levels_db[100:104] = -80.0
    weights = weight_by_pauses(levels_db)
    assert set(weights[88:116]) == {0.5}
    assert set(weights[:88]) == set(weights[116:]) == {1.0}
