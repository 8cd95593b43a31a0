"""Beats put on the onsets that were played."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.beats.decode import refine_beats


def test_beats_move_to_their_onsets_and_gaps_are_filled():
    truth = np.arange(40) * 22_050 + 5_000
    heard = np.delete(truth, [7, 20, 21])
    coarse = truth + 500 + 200 * (np.arange(40) % 3 - 1)
    moved = refine_beats(coarse, heard, np.ones(len(heard)), 44_100)
    np.testing.assert_allclose(moved, truth, atol=2)


def test_one_late_hit_does_not_bend_the_grid():
    truth = np.arange(40) * 22_050 + 5_000
    played = truth.copy()
    played[11] += 2_000
    moved = refine_beats(truth, played, np.ones(40), 44_100)
    assert abs(moved[11] - truth[11]) < 50


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_beats_and_no_onsets(count):
    beats = np.arange(count, dtype=np.int64) * 20_000
    nothing = np.zeros(0, np.int64)
    np.testing.assert_array_equal(refine_beats(beats, nothing, nothing.astype(float), 44_100), beats)
    one = np.array([10], np.int64)
    assert (np.diff(refine_beats(beats, one, np.ones(1), 44_100)) > 0).all()
