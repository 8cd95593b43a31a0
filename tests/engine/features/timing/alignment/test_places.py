"""Where an edited file plays the passages of a recording, by the patterns of their hits."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.timing.alignment.edited_moves import find_places
from engine.features.timing.alignment.strokes import Strokes, chosen, gather
from tests.engine.features.timing.hits.made import made_hits

RATE_HZ = 48_000
LINE = 6_000
LINES = 320


@pytest.fixture
def played() -> Strokes:
    """Play 40 s of three drums on half of the lines, without repetition."""
    rng = np.random.default_rng(4)
    lines = np.flatnonzero(rng.random(LINES) < 0.5)
    rows = [(int(line) * LINE, int(rng.integers(3)), number) for number, line in enumerate(lines)]
    return gather(made_hits(rows), RATE_HZ)


def _edited(played: Strokes, by_samples: np.ndarray) -> Strokes:
    rng = np.random.default_rng(5)
    moved = played.onsets_samples + by_samples + rng.uniform(-1_000.0, 1_000.0, len(by_samples))
    kept = chosen(played, ~np.isnan(moved))
    kept.onsets_samples[:] = moved[~np.isnan(moved)]
    return kept


def test_a_file_that_starts_later_is_one_piece(played: Strokes) -> None:
    places = find_places(played, _edited(played, np.full(len(played.onsets_samples), 90_000.0)))
    assert not places.pieces.any()
    assert places.offsets_samples == pytest.approx(90_000.0, abs=1_500.0)


def test_a_cut_begins_another_piece(played: Strokes) -> None:
    onsets = played.onsets_samples
    cut = (120 * LINE, 200 * LINE)
    by = np.where(onsets < cut[0], 0.0, np.where(onsets < cut[1], np.nan, float(cut[0] - cut[1])))
    places = find_places(played, _edited(played, by))
    before = places.stops_samples <= cut[0]
    after = places.starts_samples >= cut[1]
    assert places.offsets_samples[before] == pytest.approx(0.0, abs=1_500.0)
    assert places.offsets_samples[after] == pytest.approx(cut[0] - cut[1], abs=1_500.0)
    assert len(np.unique(places.pieces[before])) == len(np.unique(places.pieces[after])) == 1
    assert places.pieces[after][0] > places.pieces[before][-1]
