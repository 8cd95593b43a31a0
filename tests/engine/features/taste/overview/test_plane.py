"""The plane of the map: the two directions in which stretches differ most, the same each time."""

from __future__ import annotations

import numpy as np

from engine.features.taste.overview.results import principal_plane


def test_the_plane_is_that_of_a_singular_value_decomposition(rng: np.random.Generator) -> None:
    embeddings = (rng.standard_normal((300, 12)) * np.geomspace(3.0, 0.1, 12)).astype(np.float32)
    centred = embeddings.astype(np.float64) - embeddings.mean(axis=0, dtype=np.float64)
    _, values, directions = np.linalg.svd(centred, full_matrices=False)
    slow = centred @ directions[:2].T

    plane = principal_plane(embeddings)

    for axis in range(2):  # up to sign, place and the one scale of both axes
        correlation = np.corrcoef(plane.points[:, axis], slow[:, axis])[0, 1]
        assert abs(correlation) > 0.999  # outliers past the edge are moved onto it
    assert np.isclose(plane.explained, (values[:2] ** 2).sum() / (values**2).sum(), rtol=1e-4)
    assert plane.points.min() >= 0.0
    assert plane.points.max() <= 1.0


def test_groups_stay_apart_and_the_picture_does_not_flip(rng: np.random.Generator) -> None:
    groups = np.repeat(np.array([[0.0], [5.0]], np.float32), 40, axis=0) * np.ones(8, np.float32)
    embeddings = groups + 0.1 * rng.standard_normal(groups.shape).astype(np.float32)

    here, again = principal_plane(embeddings).points, principal_plane(embeddings.copy()).points

    np.testing.assert_array_equal(here, again)
    assert here[:40, 0].max() < here[40:, 0].min()


def test_few_and_equal_stretches_have_a_place_too() -> None:
    assert principal_plane(np.zeros((0, 4), np.float32)).points.shape == (0, 2)
    assert principal_plane(np.ones((1, 4), np.float32)).points.tolist() == [[0.5, 0.5]]
    same = principal_plane(np.ones((5, 4), np.float32))
    np.testing.assert_allclose(same.points, 0.5)
