"""Scoring: streamed, repeatable, higher for what the taste never heard, and calm about silence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from engine.analysis.learning.loop import seeded
from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.stft import log_mel_blocks
from engine.core.errors import Cancelled, SourceError
from engine.core.progress import SILENT, ReportingProgress
from engine.features.taste.anomaly.neighbours import MOST_EXAMPLES, ReferenceSegments
from engine.features.taste.anomaly.recipes.recipe import ReferenceScores
from engine.features.taste.anomaly.score import Scores, normalised, score_blocks, score_file
from engine.features.taste.anomaly.taste import Taste
from engine.lab.recipes.segments.autoencoder import build, rebuild_errors
from engine.lab.recipes.slicer.model import SlicerModel
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.standardisation import Standardisation
from tests.engine.conftest import RATE_HZ, Checks, music


def score(taste: Taste, samples: NDArray[np.float32], block_samples: int = 50_000) -> Scores:
    blocks = (samples[start : start + block_samples] for start in range(0, len(samples), block_samples))
    return score_blocks(taste, blocks, RATE_HZ, len(samples), SILENT, level_db=level_of([samples]))


def test_streamed_scores_equal_the_plain_way(taste: Taste) -> None:
    model = taste.model
    assert isinstance(model, SlicerModel)
    samples = music(15.0, seed=9)
    frames = np.concatenate(list(log_mel_blocks([samples], taste.config.mel)))
    frames -= np.float32(level_of([samples]))
    plain = []
    whole = -(-(len(frames) - 64) // 16) * 16 + 64
    frames = np.concatenate([frames, frames[::-1][: whole - len(frames)]])
    for start in range(0, whole - 63, 16):
        segment = torch.tensor(model.standardisation.apply(frames[start : start + 64]).T.copy())
        with torch.no_grad():
            rebuilt = model.network(segment[None, None])
            plain.append(float(rebuild_errors(rebuilt, segment[None, None])[0]))
    expected = normalised(np.log(plain), taste.kept_scores)
    curve = score(taste, samples)
    np.testing.assert_allclose(curve.scores, expected, atol=1e-4)
    middle_s = (31.5 + 16 * np.arange(len(expected))) * 512 / RATE_HZ
    np.testing.assert_allclose(curve.times_s, middle_s, atol=1e-9)
    assert curve.hop_s == pytest.approx(16 * 512 / RATE_HZ)
    assert curve.scores.dtype == np.float32


@pytest.mark.parametrize("block_samples", [999, 22_050, 10**9])
def test_blocks_do_not_show(block_samples: int, taste: Taste) -> None:
    samples = music(15.0, seed=9)
    np.testing.assert_array_equal(score(taste, samples, block_samples).scores, score(taste, samples).scores)


def test_what_was_kept_is_typical_and_noise_is_not(taste: Taste) -> None:
    kept = score(taste, music(12.0)).scores
    assert 0.2 < np.median(kept) < 0.8
    noise = 0.1 * np.random.default_rng(0).standard_normal(12 * RATE_HZ).astype(np.float32)
    assert score(taste, noise).scores.min() > kept.max()


def test_normalised_rises_with_the_error_and_never_saturates() -> None:
    kept = ReferenceScores(-1.0, 0.3)
    log_mse = np.linspace(-8.0, 12.0, 500)
    scores = normalised(log_mse, kept)
    assert (np.diff(scores) > 0).all()
    assert 0.0 < scores[0] < scores[-1] < 1.0
    np.testing.assert_allclose(normalised(np.array([-1.0, -0.7]), kept), [0.5, 0.73], atol=0.01)


@pytest.mark.parametrize("n_samples", [1, 700, 20_000, 32_255, 32_256, 40_447, 40_448])
def test_short_inputs_have_a_score_in_their_middle(n_samples: int, taste: Taste) -> None:
    curve = score(taste, music(3.0)[:n_samples])
    fitting = max(1, -(-(1 + n_samples // 512 - 64) // 16) + 1)
    assert len(curve.scores) == len(curve.times_s) == fitting
    assert np.isfinite(curve.scores).all()
    assert 0.0 <= curve.times_s[-1] <= n_samples / RATE_HZ


def test_nothing_has_no_scores(taste: Taste) -> None:
    curve = score(taste, np.zeros(0, np.float32))
    assert len(curve.scores) == len(curve.times_s) == 0


def test_silence_and_bad_samples_have_numbers(taste: Taste) -> None:
    samples = np.zeros(5 * RATE_HZ, np.float32)
    silent = score(taste, samples).scores
    assert np.isfinite(silent).all()
    samples[RATE_HZ : 2 * RATE_HZ] = np.nan
    np.testing.assert_array_equal(score(taste, samples).scores, silent)


def test_a_file_scores_as_its_mono_mix_at_any_rate(taste: Taste, tmp_path: Path) -> None:
    samples = music(8.0, seed=4)
    path = tmp_path / "stereo 'quoted' 🎸.wav"
    soundfile.write(path, np.stack([1.5 * samples, 0.5 * samples], axis=1), RATE_HZ, "FLOAT")
    np.testing.assert_allclose(
        score_file(taste, path, SILENT).scores, score(taste, samples).scores, atol=1e-3
    )
    slower = tmp_path / "48 kHz.wav"
    soundfile.write(slower, samples, 48_000, "FLOAT")
    curve = score_file(taste, slower, SILENT)
    assert curve.times_s[-1] < 8.0 * RATE_HZ / 48_000


def test_the_gain_of_a_recording_does_not_matter(taste: Taste, tmp_path: Path) -> None:
    samples = np.concatenate([music(8.0, seed=4), 0.1 * music(4.0, seed=5)])
    for gain in (0.05, 4.0):
        np.testing.assert_allclose(
            score(taste, gain * samples).scores, score(taste, samples).scores, atol=2e-3
        )
    path = tmp_path / "quiet.wav"
    soundfile.write(path, 0.05 * samples, RATE_HZ, "FLOAT")
    np.testing.assert_allclose(
        score_file(taste, path, SILENT).scores, score(taste, samples).scores, atol=2e-3
    )


def test_the_end_of_a_recording_is_scored_too(taste: Taste) -> None:
    samples = music(10.0, seed=4)
    noisy = samples.copy()
    noisy[-round(0.3 * RATE_HZ) :] = 0.2 * np.random.default_rng(0).standard_normal(round(0.3 * RATE_HZ))
    assert score(taste, noisy).scores[-1] > score(taste, samples).scores[-1] + 0.1


def test_an_unreadable_file_is_named(taste: Taste, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="absent"):
        score_file(taste, tmp_path / "absent.wav", SILENT)


def test_progress_ends_at_one(taste: Taste) -> None:
    fractions: list[float] = []
    progress = ReportingProgress(lambda fraction, _text, _figures: fractions.append(fraction))
    samples = music(10.0)
    score_blocks(taste, [samples[:100_000], samples[100_000:]], RATE_HZ, len(samples), progress, level_db=0.0)
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_a_file_tells_its_progress_from_the_first_pass_on(taste: Taste, tmp_path: Path) -> None:
    reports: list[tuple[float, str]] = []
    soundfile.write(tmp_path / "a.wav", music(10.0), RATE_HZ, "FLOAT")
    tell = ReportingProgress(lambda fraction, text, _figures: reports.append((fraction, text)))
    score_file(taste, tmp_path / "a.wav", tell)
    assert reports == sorted(reports, key=lambda report: report[0])
    assert list(dict.fromkeys(text for _, text in reports)) == ["Measuring the level", "Scoring"]
    assert reports[-1][0] == pytest.approx(1.0)


def test_a_cancel_is_looked_for_often_enough(checks: Checks) -> None:
    config = SlicerConfig()
    with seeded(0):
        network = build(config).eval()
    scaling = Standardisation(np.zeros(64, np.float32), np.ones(64, np.float32), -80.0)
    model = SlicerModel(config, network, scaling)
    most = np.zeros(MOST_EXAMPLES, np.int32)
    kept = ReferenceSegments(np.zeros((MOST_EXAMPLES, 256), np.float32), most, most, ())
    taste = Taste("", "", config, 0, model, ReferenceScores(0.0, 1.0), (), "", kept)
    blocks = [np.zeros(60_000, np.float32)] * 30
    score_blocks(taste, blocks, 48_000, 1_800_000, checks, level_db=0.0)
    assert checks.longest_pieces < 2.0


def test_a_cancel_stops_the_stream(taste: Taste) -> None:
    event = threading.Event()
    drawn = []

    def endless() -> Iterator[NDArray[np.float32]]:
        while True:
            drawn.append(1)
            if len(drawn) == 30:
                event.set()
            yield np.zeros(10_000, np.float32)

    with pytest.raises(Cancelled):
        score_blocks(taste, endless(), RATE_HZ, 10**9, ReportingProgress(cancelled=event), level_db=0.0)
    assert len(drawn) == 30
