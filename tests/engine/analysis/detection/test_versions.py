"""Versions of a recording: as it is, slower and faster without speech, and what is made of them."""

import tracemalloc

import numpy as np
import pytest
import soxr
import torch

from engine.analysis.detection.detector import (
    OTHER_SOUND,
    STEP_S,
    VERSIONS,
    analysed_versions,
    detector,
    log_shares,
    mean_of_steps,
    name_words,
    within,
)
from engine.analysis.detection.spectra import MEL, speech_network, speech_shares
from engine.analysis.sound_names.vocabulary import vocabulary

RATE_HZ = MEL.rate_hz


def sweep(seconds: float) -> np.ndarray:
    """Return noise whose level rises and falls."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(3).standard_normal(len(times_s))
    return (0.1 * (1.1 + np.sin(times_s)) * noise).astype(np.float32)


def test_versions_are_the_recording_at_their_speeds() -> None:
    """The first is what `Detector.heard` returns; the others have steps for as long as they last."""
    samples = sweep(20.0)
    versions = analysed_versions(detector(), [samples])
    alone = detector().analysed([samples])
    np.testing.assert_array_equal(versions[0].vectors, alone.vectors)
    for version, heard in zip(VERSIONS, versions, strict=True):
        steps = len(samples) / RATE_HZ / version.speed / STEP_S
        assert len(heard.vectors) == pytest.approx(steps, abs=1.0)
    slower = soxr.resample(samples, RATE_HZ, round(RATE_HZ / VERSIONS[1].speed))
    without = detector().pieces([slower], speech_network())
    np.testing.assert_allclose(versions[1].vectors, next(without).vectors, atol=2e-2)


def test_versions_do_not_depend_on_blocks() -> None:
    samples = sweep(40.0)
    whole = analysed_versions(detector(), [samples])
    parts = analysed_versions(detector(), np.array_split(samples, 41))
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-4)


@pytest.mark.long
def test_memory_hardly_grows_with_the_stream() -> None:
    """No version waits for the end of another: 50 seconds more would be 3 MB of samples."""

    def peak_bytes(seconds: int) -> int:
        tracemalloc.start()
        analysed_versions(detector(), (sweep(1.0) for _ in range(seconds)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    short, long = peak_bytes(80), peak_bytes(130)
    assert long - short < 2_000_000


def test_nothing_is_a_version_of_nothing() -> None:
    assert [len(one.vectors) for one in analysed_versions(detector(), [])] == [0] * len(VERSIONS)


def test_a_stretch_is_the_same_part_of_each_version() -> None:
    versions = analysed_versions(detector(), [sweep(12.0)])
    for version, part in zip(VERSIONS, within(versions, 2.0, 4 * RATE_HZ), strict=True):
        assert len(part.vectors) * STEP_S * version.speed == pytest.approx(4.0, abs=STEP_S)


def test_odds_of_versions_meet_at_the_same_time() -> None:
    """A ramp over time in each version is that ramp in the mean."""
    rows = [
        (5.0 + (np.arange(round(60 / STEP_S / version.speed)) + 0.5) * STEP_S * version.speed)[:, None]
        for version in VERSIONS
    ]
    mean = mean_of_steps([row.astype(np.float32) for row in rows])
    np.testing.assert_allclose(mean[4:-4], rows[0][4:-4], atol=1e-4)


def test_shares_are_among_other_sounds() -> None:
    """Phrases that are near a name do not compete with it."""
    rng = np.random.default_rng(5)
    own, names = rng.normal(size=(7, 2)).astype(np.float32), rng.normal(size=(7, 50)).astype(np.float32)
    dog, cough = (list(vocabulary()).index(name) for name in ("dog", "coughing"))
    prompts = [name_words()[[dog]], name_words()[[dog, cough]]]
    shares = log_shares(own, names, prompts)
    for column, phrases in enumerate(prompts):
        others = names[:, (phrases @ name_words().T < OTHER_SOUND).all(axis=0)]
        wanted = np.exp(own[:, column]) / (np.exp(own[:, column]) + np.exp(others).sum(axis=1))
        np.testing.assert_allclose(np.exp(shares[:, column]), wanted, rtol=1e-5)
    assert (prompts[0] @ name_words().T < OTHER_SOUND).sum() < len(vocabulary())


@pytest.mark.parametrize("frames", [1, 100, 192, 193, 2500])
def test_shares_of_speech_in_batches_are_those_of_single_views(frames: int) -> None:
    """Views of 192 frames, every 96 and one at the end, are crossfaded."""
    power = torch.rand(frames, MEL.n_mels, generator=torch.Generator().manual_seed(1))
    starts = [*range(0, max(0, frames - 192), 96), max(0, frames - 192)]
    total, weights = np.zeros((frames, MEL.n_mels)), np.zeros((frames, 1))
    curve = np.hanning(194)[1:-1, None]
    for start in starts:
        view = power[start : start + 192]
        with torch.inference_mode():
            shares = torch.sigmoid(speech_network()(view[None])[0])[0].numpy()
        total[start : start + 192] += shares * curve[: len(view)]
        weights[start : start + 192] += curve[: len(view)]
    np.testing.assert_allclose(speech_shares(speech_network(), power).numpy(), total / weights, atol=1e-4)
