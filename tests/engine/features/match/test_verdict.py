"""The verdict counts what nulls and names the residual by which it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.wording import level_text
from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched
from engine.features.match.sound import Samples, sound_of
from tests.engine.features.match.test_match import RATE_HZ, music

RAW = music(91, 30.0)
CUT = RAW[5 * RATE_HZ : 13 * RATE_HZ]


def _found(edited: Samples) -> Matched:
    return match_sounds(
        (sound_of(Path("raw.wav"), RAW, RATE_HZ),),
        sound_of(Path("edited.wav"), edited.astype(np.float32), RATE_HZ),
    )


def _fade(samples: Samples) -> Samples:
    gain = np.clip(2.0 - 2.0 * np.arange(len(samples)) / len(samples), 0.0, 1.0)
    return samples * gain[:, None]


EDITS = {
    "foreign": (np.concatenate([CUT, music(92, 4.0)[: 2 * RATE_HZ], CUT]), 16 / 18),
    "stutter": (np.concatenate([CUT, *[RAW[13 * RATE_HZ :][: RATE_HZ // 10]] * 10, CUT]), 1.0),
    "fade": (_fade(CUT), 1.0),
}


@pytest.mark.parametrize("kind", EDITS)
def test_the_share_is_what_nulls(kind: str) -> None:
    edited, share = EDITS[kind]
    found = _found(edited)
    assert found.matched_share == pytest.approx(share, abs=0.005)
    assert all(one.residual_db is not None and one.residual_db < -30.0 for one in found.segments)


def test_an_equalised_copy_nulls_through_the_filter_and_the_verdict_names_that() -> None:
    """The verdict named a residual of a few dB, which is no null, though the filter leaves far less."""
    echo = np.pad(CUT, ((5, 0), (0, 0)))[: len(CUT)]
    (only,) = (found := _found(0.5 * CUT - 0.4 * echo)).segments
    assert only.filtered_residual_db is not None
    assert only.residual_db is not None
    assert only.filtered_residual_db < only.residual_db - 6.0
    assert level_text(only.filtered_residual_db) in found.verdict
