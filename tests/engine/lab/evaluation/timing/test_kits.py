"""Attacks that sound twice after hits were moved are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.features.timing.alignment.moves import whole_performance
from engine.lab.evaluation.timing.kits import doubled_attacks
from engine.lab.simulated.performances.symbolic import FinderErrors, told
from tests.engine.lab.evaluation.timing.toms import RATE_HZ, toms


def _doubled(late_s: float) -> int:
    """Return how many toms sound twice where each was detected so late."""
    take = toms()
    symbolic = told(take, FinderErrors(), np.random.default_rng(0))
    hits = replace(symbolic.hits, onsets_samples=symbolic.hits.onsets_samples + late_s * RATE_HZ)
    placement = whole_performance()(hits, symbolic.lines)
    return doubled_attacks(take.rendered(), hits, placement, symbolic.lines)


def test_no_attack_that_was_found_sounds_twice() -> None:
    assert _doubled(0.0) == 0


def test_an_attack_at_the_border_of_its_slice_sounds_twice() -> None:
    assert _doubled(0.006) > 0
