"""DeepFilterNet3 on torch: its spectrum, its seams, and its effect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from engine.analysis.detection import deep_filter
from engine.analysis.detection.deep_filter import (
    BINS,
    HOP,
    RATE_HZ,
    DeepFilterNetwork,
    deep_filter_network,
    samples_of,
    spectrum_of,
    speech_spectrum,
)
from engine.core.errors import OffcutError
from engine.core.progress import Cancelled, Progress, heeding

SENTENCE = Path("speech", "commands", "08b22cb8-01d7-449a-923d-1597720742f0.flac")


def spoken(data_dir: Path) -> NDArray[np.float32]:
    """Return a sentence at the rate of the network, at a peak of 0.3."""
    samples, rate_hz = soundfile.read(data_dir / SENTENCE, dtype="float32")
    samples = np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), np.float32)
    return samples * np.float32(0.3 / np.abs(samples).max())


@pytest.mark.parametrize("length", [0, 1, HOP - 1, HOP, 10 * HOP + 7])
def test_a_spectrum_gives_its_samples_back(length: int) -> None:
    samples = np.random.default_rng(length).standard_normal(length).astype(np.float32)
    spectrum = spectrum_of(samples)
    assert spectrum.shape == (-(-length // HOP) + 1, BINS)
    np.testing.assert_allclose(samples_of(spectrum, length), samples, atol=1e-5)


def test_bands_cover_every_bin_once_and_widen() -> None:
    widths = deep_filter._in_band().sum(dim=0)
    assert widths.sum() == BINS
    assert (widths >= 2).all()
    assert (widths.diff()[:-1] >= 0).all()


def test_noise_is_taken_from_speech(data_dir: Path) -> None:
    clean = spoken(data_dir)
    noise = np.random.default_rng(1).standard_normal(len(clean)).astype(np.float32) * clean.std()
    found = samples_of(speech_spectrum(deep_filter_network(), spectrum_of(clean + noise)), len(clean))
    error = found - clean * np.float32(found @ clean / (clean @ clean))
    assert 10.0 * np.log10(np.sum((found - error) ** 2) / np.sum(error**2)) > 9.0
    alone = samples_of(speech_spectrum(deep_filter_network(), spectrum_of(noise)), len(noise))
    assert np.mean(alone**2) < 1e-3 * np.mean(noise**2)


def test_views_have_no_seam(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spectrum = spectrum_of(np.tile(spoken(data_dir), 3))
    whole = speech_spectrum(deep_filter_network(), spectrum)
    monkeypatch.setattr(deep_filter, "_VIEW_FRAMES", 70)
    apart = speech_spectrum(deep_filter_network(), spectrum)
    torch.testing.assert_close(apart, whole, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("frames", [0, 1, 2, 5])
def test_silence_and_short_recordings_are_answered(frames: int) -> None:
    found = speech_spectrum(deep_filter_network(), torch.zeros(frames, BINS, dtype=torch.complex64))
    assert found.shape == (frames, BINS)
    assert not found.abs().any()


def test_it_can_be_cancelled_between_views() -> None:
    class Stopped(Progress):
        def check_cancelled(self) -> None:
            raise Cancelled

    def found() -> object:
        yield speech_spectrum(deep_filter_network(), torch.zeros(2, BINS, dtype=torch.complex64))

    with pytest.raises(Cancelled):
        list(heeding(Stopped(), found()))


def test_damaged_weights_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "deep_filter.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(OffcutError, match=r"deep_filter\.safetensors"):
        deep_filter_network(path)
    assert isinstance(deep_filter_network(), DeepFilterNetwork)
