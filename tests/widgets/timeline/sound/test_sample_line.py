"""Lines through single samples cover what a dense sampling of them covers."""

from __future__ import annotations

import numpy as np
import pytest

from widgets.timeline.sound.waves import fill_dots, fill_line, mixed

GROUND, INK = 0xFF000000, 0xFFFFFFFF
HEIGHT, WIDTH = 60, 200


def blank() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row = np.full(WIDTH, GROUND, np.uint32)
    return np.full((HEIGHT, WIDTH), GROUND, np.uint32), row, np.full(WIDTH, INK, np.uint32)


@pytest.mark.parametrize("apart", [0.7, 3.0, 16.0])
@pytest.mark.parametrize("thickness", [1.0, 1.2, 2.4])
def test_a_line_covers_what_a_dense_sampling_covers(
    rng: np.random.Generator, apart: float, thickness: float
) -> None:
    pixels, ground, ink = blank()
    xs = np.arange(-3 * apart, WIDTH + 3 * apart, apart)
    rows = rng.uniform(-10, HEIGHT + 10, len(xs))
    fill_line(pixels, xs, rows, thickness, ground, ink)
    cover = (pixels & 0xFF) / 255
    for column in range(WIDTH):
        inside = xs[(xs >= column) & (xs <= column + 1)]
        at = np.interp(np.concatenate([[column, column + 1], inside]), xs, rows)
        top, bottom = at.min() - thickness / 2, at.max() + thickness / 2
        expected = [max(min(row + 1, bottom) - max(row, top), 0) for row in range(HEIGHT)]
        np.testing.assert_allclose(cover[:, column], expected, atol=0.01)


def test_a_line_begins_and_ends_with_its_points() -> None:
    pixels, ground, ink = blank()
    fill_line(pixels, np.array([50.0, 120.0]), np.array([30.0, 30.0]), 1.0, ground, ink)
    assert np.flatnonzero((pixels != GROUND).any(axis=0)).tolist() == list(range(50, 121))
    untouched, ground, ink = blank()
    fill_line(untouched, np.zeros(0), np.zeros(0), 1.0, ground, ink)
    fill_line(untouched, np.array([-20.0, -5.0]), np.array([30.0, 30.0]), 1.0, ground, ink)
    fill_line(untouched, np.array([10.0, 50.0]), np.array([-30.0, -9.0]), 1.0, ground, ink)
    assert np.all(untouched == GROUND)


def test_dots_are_round_and_cut_off_at_the_border() -> None:
    pixels, _, ink = blank()
    fill_dots(pixels, np.array([0.0, 100.0]), np.array([0.0, 30.0]), 5.0, ink)
    assert np.count_nonzero(pixels == INK) == 21 + 8
    assert np.count_nonzero(pixels[30] == INK) == np.count_nonzero(pixels[:, 100] == INK) == 5


@pytest.mark.parametrize(("share", "colour"), [(0.0, 0xFF102030), (1.0, 0xFF304050), (0.5, 0xFF203040)])
def test_colours_are_mixed_by_their_share(share: float, colour: int) -> None:
    under, over = np.array([0xFF102030], np.uint32), np.array([0xFF304050], np.uint32)
    assert mixed(under, over, np.array([share])).tolist() == [colour]
