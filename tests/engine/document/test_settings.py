"""The settings of the cuts: defaults, limits, and one sentence for what is outside them."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from engine.core.errors import UsageError
from engine.document.settings import CutSettings, cut_settings


def test_a_document_gives_back_what_it_was_given() -> None:
    wanted = CutSettings(threshold_mode="keep", keep=0.25, minimum_kept_s=3, snap=False)
    assert cut_settings({**asdict(wanted), "threshold": 0.7, "taste": "/a.taste"}) == wanted
    assert cut_settings({}) == CutSettings()
    assert isinstance(wanted.minimum_kept_s, float)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("percentile", 140, "percentile cannot be 140: give a number from 0 to 100."),
        ("score", float("nan"), "score cannot be nan: give a number from 0 to 1."),
        ("keep", 0, "keep cannot be 0: give a number from 0.001 to 1."),
        ("minimum_cut_s", -1.5, "minimum_cut_s cannot be -1.5: give a number of 0 or more."),
        ("crossfade_ms", True, "crossfade_ms cannot be True: give a number from 0 to 1000."),
        ("snap", 1, "snap cannot be 1: give true or false."),
        (
            "threshold_mode",
            "loud",
            "threshold_mode cannot be 'loud': give one of automatic, percentile, score, keep.",
        ),
    ],
)
def test_what_is_outside_its_limits_is_named(name: str, value: object, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        cut_settings({name: value})
    assert str(refused.value) == sentence
