"""What a taste makes of a recording, in a sentence or two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.wording import percent
from engine.features.taste.anomaly.threshold import held_out_curve
from engine.features.taste.diagnoses.findings import ODD
from engine.features.taste.overview.results import Origin, ScoredRecording, WouldCut, part_of, verdict

MINUTES_90_S = 5400.0


def scored(length_s: float, odd_share: float, origin: Origin = Origin.DOCUMENT) -> ScoredRecording:
    scores = np.full(1000, 0.4, np.float32)
    scores[: round(1000 * odd_share)] = 0.95
    path = None if origin is Origin.DOCUMENT else Path("/take.wav")
    return ScoredRecording("jam", origin, path, "", length_s, np.linspace(0, length_s, 1000), scores, -20.0)


@pytest.mark.parametrize(
    ("cut_s", "count", "expected"),
    [
        (720.0, 31, "12 of 90 minutes would be cut, in 31 cuts. 80 % of the recording sounds like your "
         "edits."),
        (40.0, 1, "40 seconds of 90 minutes would be cut, in one cut. 80 % of the recording sounds like your "
         "edits."),
        (0.0, 0, "Nothing of 90 minutes would be cut. 80 % of it sounds like your edits."),
    ],
)  # fmt: skip
def test_it_says_what_goes_first(cut_s: float, count: int, expected: str) -> None:
    assert verdict(scored(MINUTES_90_S, 0.2), ODD, 0.7, WouldCut(cut_s, count)) == expected


def test_open_questions_are_counted() -> None:
    said = verdict(scored(MINUTES_90_S, 0.2), ODD, 0.7, WouldCut(0.0, 0, 2))
    assert said.endswith("sounds like your edits. Unfamiliar sound: 2 questions.")


def test_without_cuts_of_its_own_the_threshold_tells() -> None:
    assert verdict(scored(MINUTES_90_S, 0.2), ODD, 0.7, None) == "18 of 90 minutes sound unlike your edits."
    assert verdict(scored(100.0, 0.2), ODD, 0.7, None) == "0:20 of 1:40 minutes sound unlike your edits."


def test_an_edit_it_learned_from_is_measured_against_itself() -> None:
    kept = verdict(scored(100.0, 0.03, Origin.KEPT), ODD, 0.7, WouldCut(50.0, 3))
    assert kept == "One of your edits: 97 % of it sounds as this taste expects."


@pytest.mark.parametrize("length_s", [0.0, 0.4, 59.0, 599.0, 600.0, 86_400.0])
def test_any_length_is_said(length_s: float) -> None:
    nothing = ScoredRecording(
        "jam", Origin.FILE, Path("/a"), "", length_s, np.zeros(0), np.zeros(0, np.float32), -20.0
    )
    assert verdict(nothing, ODD, 0.7, None).endswith("minutes sound unlike your edits.")
    assert "minutes" in part_of(length_s / 3, length_s)


def test_it_adds_the_expected_share_of_cuts_at_the_threshold() -> None:
    curve = held_out_curve([np.linspace(0.0, 1.0, 5_000)[:, None]], 0.16)
    for threshold in (0.7, 0.9):
        share = percent(curve.estimated_cut_share(threshold), 1)
        said = verdict(scored(MINUTES_90_S, 0.2), ODD, threshold, WouldCut(40.0, 1), curve)
        assert said.startswith("40 seconds of 90 minutes would be cut")
        assert said.endswith(f"Expected to cut {share} of the audio you would keep.")
