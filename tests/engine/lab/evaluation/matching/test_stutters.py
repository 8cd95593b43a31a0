"""The evaluation of stutters: one line a version, and a song with clear slices is found."""

from __future__ import annotations

from engine.lab.evaluation.matching.stutters import SLICES_S, evaluate_stutters
from tests.engine.features.match.test_match import RATE_HZ, music


def test_each_version_has_a_mean_a_worst_and_a_count() -> None:
    lines = {str(line["metric"]): line for line in evaluate_stutters([(music(93, 20.0), RATE_HZ)])}
    assert len(lines) == 4
    assert {line["n"] for line in lines.values()} == {len(SLICES_S)}
    clean = lines["stutters, clean: put to the right place"]
    assert clean["worst"] == clean["value"] == 1.0
