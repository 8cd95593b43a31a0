"""The voice encoder on torch: equal to the published one, in any blocks, and similar for one voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.analysis.detection.voice_encoder import RATE_HZ, SIZE, voice_encoder, voice_vectors
from engine.core.errors import OffcutError

SENTENCE = Path("speech", "commands", "08b22cb8-01d7-449a-923d-1597720742f0.flac")
PUBLISHED = {60: (0.2527, 0.2175), 21: (0.2346, 0.0783), 62: (0.2344, 0.0267), 240: (0.2002, 0.2111)}
"""Four values of the first and of the fourth vector of the sentence, from the published package."""


@pytest.fixture
def sentence(data_dir: Path) -> NDArray[np.float32]:
    samples, rate_hz = soundfile.read(data_dir / SENTENCE, dtype="float32")
    assert rate_hz == RATE_HZ
    return np.asarray(samples, np.float32)


def test_vectors_are_those_of_the_published_package(sentence: NDArray[np.float32]) -> None:
    vectors = voice_vectors(voice_encoder(), [sentence])
    assert vectors.shape == (10, SIZE)
    for place, values in PUBLISHED.items():
        np.testing.assert_allclose(vectors[[0, 3], place], values, atol=5e-3)


def test_a_vector_has_length_one_whatever_the_level(sentence: NDArray[np.float32]) -> None:
    vectors = voice_vectors(voice_encoder(), [sentence])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    softer = voice_vectors(voice_encoder(), [sentence * np.float32(0.01)])
    np.testing.assert_allclose(vectors, softer, atol=1e-3)


@pytest.mark.parametrize(("length", "count"), [(0, 0), (5_000, 1), (25_600, 1), (30_000, 2)])
def test_a_short_stream_has_one_vector(sentence: NDArray[np.float32], length: int, count: int) -> None:
    assert voice_vectors(voice_encoder(), [sentence[:length]]).shape == (count, SIZE)


def test_silence_has_finite_vectors() -> None:
    assert np.isfinite(voice_vectors(voice_encoder(), [np.zeros(RATE_HZ * 3, np.float32)])).all()


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"damaged")
    with pytest.raises(OffcutError, match=r"weights\.safetensors"):
        voice_encoder(path)
