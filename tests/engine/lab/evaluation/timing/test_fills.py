"""Fills are compared over a drum that rings: the continued decay is near the truth, silence is not."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lab.evaluation.timing.baselines.sinusoids import continued
from engine.lab.evaluation.timing.fills import compare_fills
from tests.engine.lab.evaluation.timing.toms import toms


def test_every_fill_is_measured_and_no_attack_is_doubled() -> None:
    rows = {row.fill: row for row in compare_fills([toms()])}
    assert set(rows) == {"pre-roll", "decay", "stretch", "silence", "sinusoids"}
    assert {row.gaps for row in rows.values()} == {3}
    assert {row.doubled for row in rows.values()} == {0}
    assert max(rows[fill].attack_db for fill in ("pre-roll", "decay", "stretch", "sinusoids")) < 0.5
    assert rows["decay"].distance_db < rows["pre-roll"].distance_db < rows["silence"].distance_db


def test_sinusoids_go_on_as_they_fade_and_noise_as_loud_as_it_was():
    at = np.arange(4_096)
    rings = np.sin(at * 0.03) * np.exp(-at / 4_000) + 0.3 * np.sin(at * 0.17 + 1.0) * np.exp(-at / 2_000)
    error = continued(rings[:2_048], 1_024) - rings[2_048:3_072]
    assert np.std(error) < 0.03 * np.std(rings[2_048:3_072]), "-30 dB"
    hiss = np.random.default_rng(1).standard_normal(4_096) * np.exp(-at / 2_000)
    goes_on = continued(hiss[:2_048], 1_024)
    assert np.std(goes_on) == pytest.approx(np.std(hiss[2_048:3_072]), rel=0.3), "within 2.5 dB"
    assert not continued(np.zeros(500), 100).any()
    for short in (63, 64, 65, 300):
        assert np.isfinite(continued(rings[:short], 50)).all()
