"""Silero VAD on torch: equal to the published one, at any level, and refused where it is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.analysis.detection.silero_vad import RATE_HZ, STEP, silero_network, voice_odds
from engine.core.errors import OffcutError

SENTENCE = Path("speech", "commands", "08b22cb8-01d7-449a-923d-1597720742f0.flac")
PUBLISHED = {3: -5.023, 20: -5.477, 38: 7.596, 40: -0.718, 60: 11.262}
"""Log odds of steps of the sentence at the level of the network, by the weights in full precision."""


@pytest.fixture
def sentence(data_dir: Path) -> NDArray[np.float32]:
    samples, rate_hz = soundfile.read(data_dir / SENTENCE, dtype="float32")
    assert rate_hz == RATE_HZ
    return np.asarray(samples, np.float32)


def test_odds_are_those_of_the_published_weights(sentence: NDArray[np.float32]) -> None:
    odds = voice_odds(silero_network(), sentence)
    assert odds.shape == (-(-len(sentence) // STEP),)
    for step, expected in PUBLISHED.items():
        assert odds[step] == pytest.approx(expected, abs=0.03)


def test_the_level_does_not_matter(sentence: NDArray[np.float32]) -> None:
    odds = voice_odds(silero_network(), sentence)
    np.testing.assert_allclose(voice_odds(silero_network(), sentence * np.float32(0.05)), odds, atol=1e-2)


@pytest.mark.parametrize(("length", "steps"), [(0, 0), (1, 1), (512, 1), (513, 2)])
def test_a_step_that_is_begun_has_odds(length: int, steps: int) -> None:
    assert voice_odds(silero_network(), np.ones(length, np.float32)).shape == (steps,)


def test_silence_has_no_voice() -> None:
    odds = voice_odds(silero_network(), np.zeros(RATE_HZ, np.float32))
    assert np.isfinite(odds).all()
    assert (odds < 0.0).all()


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"damaged")
    with pytest.raises(OffcutError, match=r"weights\.safetensors"):
        silero_network(path)
