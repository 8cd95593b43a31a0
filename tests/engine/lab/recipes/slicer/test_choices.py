"""Every choice of slicer-ae learns, is stored, scores what it never heard higher, and tells its parts."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.stft import log_mel_blocks
from engine.core.errors import Cancelled, TasteError
from engine.core.progress import SILENT, ReportingProgress
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.score import Scores, score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.lab.recipes.segments.model import SegmentModel
from engine.lab.recipes.slicer.clocked_model import ClockedModel
from engine.lab.recipes.slicer.loading import load
from engine.lab.recipes.slicer.settings import SlicerConfig
from tests.engine.conftest import RATE_HZ, TINY, Checks, music
from tests.mostly_long import mostly_long

CHOICES: tuple[dict[str, object], ...] = (
    {"contrast": "neighbours"},
    {"contrast": "edited"},
    {"critic_weight": 0.1},
    {"scales_beats": (1, 4, 16)},
    {"alignment": "beats"},
    {"encoder": "transformer"},
    {"perceptual_weight": 0.5},
    {"alignment": "beats", "scales_beats": (1, 4), "contrast": "neighbours", "critic_weight": 0.1},
)
FUSED = {"scales_beats": (1, 4)}
THE_PUBLISHED = Path(__file__).with_name("of_version_0_1.taste")


def chosen(choice: dict[str, object]) -> SlicerConfig:
    return SlicerConfig.model_validate({**TINY.model_dump(), **choice})


def learned(edited: Path, choice: dict[str, object], out: Path) -> Taste:
    raw = out.parent / "raw.wav"
    noise = 0.2 * np.random.default_rng(0).standard_normal(20 * RATE_HZ)
    soundfile.write(raw, (music(20.0, seed=3) + noise).astype(np.float32), RATE_HZ, "FLOAT")
    learn(LearnRequest((edited,), chosen(choice), 3, out, raw=(raw,)), SILENT)
    return load_taste(out)


def score(taste: Taste, samples: NDArray[np.float32], block_samples: int = 50_000) -> Scores:
    blocks = (samples[start : start + block_samples] for start in range(0, len(samples), block_samples))
    return score_blocks(taste, blocks, RATE_HZ, len(samples), SILENT, level_db=level_of([samples]))


@pytest.fixture(scope="module")
def fused(edited: Path, tmp_path_factory: pytest.TempPathFactory) -> Taste:
    """A taste of beats and bars at once."""
    return learned(edited, FUSED, tmp_path_factory.mktemp("fused") / "fused.taste")


@mostly_long("choice", CHOICES, keep=CHOICES[-1:], ids=lambda choice: " ".join(choice))
def test_a_choice_learns_and_scores_after_a_round_to_disk(
    choice: dict[str, object], edited: Path, tmp_path: Path
) -> None:
    taste = learned(edited, choice, tmp_path / "chosen.taste")
    assert taste.config == chosen(choice)
    assert taste.history[-1].loss < taste.history[0].loss
    kept, noise = music(8.0), 0.1 * np.random.default_rng(0).standard_normal(8 * RATE_HZ)
    assert np.median(score(taste, kept).scores) < 0.8
    assert score(taste, noise.astype(np.float32)).scores.min() > np.median(score(taste, kept).scores)
    for little in (0, 1, 20_000):
        curve = score(taste, kept[:little])
        assert len(curve.scores) == len(curve.times_s)
        assert np.isfinite(curve.scores).all()


def test_the_same_seed_gives_the_same_bytes_with_every_term(edited: Path, tmp_path: Path) -> None:
    paths = [tmp_path / name / "same.taste" for name in "ab"]
    for path in paths:
        path.parent.mkdir()
        learned(edited, CHOICES[-1], path)
    assert paths[0].read_bytes().replace(b"/a/", b"/b/") == paths[1].read_bytes()


def test_scales_are_parts_of_the_score_and_fused(fused: Taste) -> None:
    assert fused.model.part_names == ("rebuilt-1-beats", "rebuilt-4-beats")
    assert isinstance(fused.model, ClockedModel)
    kept = fused.kept_scores
    assert (kept.part_means, kept.part_stds) == (fused.model.length_means, fused.model.length_stds)
    curve = score(fused, music(12.0, seed=9))
    fused_z = sum(curve.parts[name] for name in fused.model.part_names) / 2.0
    z = (fused_z - kept.mean) / kept.std
    np.testing.assert_allclose(curve.scores, 1.0 / (1.0 + np.exp(-3.0 * np.arcsinh(z / 3.0))), atol=1e-4)
    noise = 0.1 * np.random.default_rng(0).standard_normal(8 * RATE_HZ).astype(np.float32)
    assert all((part > 3.0).all() for part in score(fused, noise).parts.values())


def test_scores_on_beats_equal_the_plain_way(fused: Taste) -> None:
    model = fused.model
    assert isinstance(model, ClockedModel)
    samples = music(12.0, seed=9)
    frames = np.concatenate(list(log_mel_blocks([samples], fused.config.mel)))
    scaled = model.standardisation.apply(frames - np.float32(level_of([samples])))
    beat = 0.5 * RATE_HZ / 512  # the pulse of `music`, which is found within a frame or so
    curve = score(fused, samples)
    np.testing.assert_allclose(curve.times_s, np.arange(0, len(frames), 16) * 512 / RATE_HZ)
    bars, finely = [], np.repeat(scaled, 64, axis=0)  # each frame in 64 parts, so that no cell cuts one
    for middle in range(160, len(frames) - 100, 16):
        edges = (64 * (middle + 0.5 + (np.arange(65) - 32) * beat / 16)).round().astype(int)
        cells = [finely[a:b].mean(axis=0) for a, b in pairwise(edges)]
        segment = torch.tensor(np.stack(cells, axis=1))[None, None]
        with torch.no_grad():
            bars.append(float((model.network(segment) - segment).square().mean().log()))
    z = (np.array(bars) - model.length_means[1]) / model.length_stds[1]
    found = curve.parts["rebuilt-4-beats"][10 : 10 + len(z)]
    assert np.abs(found - z).mean() < 0.3  # the score is interpolated between bars that begin on beats


def test_blocks_do_not_show(fused: Taste) -> None:
    samples = music(12.0, seed=9)
    whole = score(fused, samples)
    np.testing.assert_array_equal(score(fused, samples, 4_001).scores, whole.scores)


def test_a_cancel_is_heard_while_beats_are_found(fused: Taste) -> None:
    samples = music(60.0)
    blocks = [samples[at : at + 65_536] for at in range(0, len(samples), 65_536)]  # as files are read

    def longest() -> float:
        checks = Checks()
        score_blocks(fused, blocks, RATE_HZ, len(samples), checks, level_db=0.0)
        return checks.longest_pieces

    # Collecting what other tests left takes as long, and so does the thread that reads ahead at times.
    assert any(longest() < 2.0 for _ in range(8))
    asked: list[int] = []

    class AfterFiveLooks:
        def is_set(self) -> bool:
            asked.append(1)
            return len(asked) > 5

    progress = ReportingProgress(cancelled=AfterFiveLooks())
    with pytest.raises(Cancelled):
        score_blocks(fused, [samples], RATE_HZ, len(samples), progress, level_db=0.0)


@pytest.mark.parametrize(
    "facts",
    [
        {"length_means": None},
        {"length_means": [0.0]},
        {"length_stds": [1.0, 0.0]},
        {"length_stds": [1.0, "a"]},
    ],
    ids=str,
)
def test_lengths_without_their_statistics_are_damage(fused: Taste, facts: dict[str, object]) -> None:
    stored = {**fused.model.facts(), **facts}
    with pytest.raises((ValueError, TypeError)):
        load(fused.config, fused.model.tensors(), stored)
    again = load(fused.config, fused.model.tensors(), fused.model.facts())
    assert isinstance(again, ClockedModel)


@pytest.mark.parametrize(
    ("choice", "named"), [({"contrast": "edited"}, "contrast: edited"), ({"critic_weight": 0.1}, "a critic")]
)
def test_raw_is_asked_for_where_it_is_needed(
    choice: dict[str, object], named: str, edited: Path, tmp_path: Path
) -> None:
    with pytest.raises(TasteError, match=rf"{named}.*raw recordings.*--raw") as caught:
        learn(LearnRequest((edited,), chosen(choice), 0, tmp_path / "a.taste"), SILENT)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_chosen_is_named() -> None:
    for values, words in (
        ({"scales_beats": (4, 4)}, "twice"),
        ({"scales_beats": (0,)}, "greater than"),
        ({"contrast": "all"}, "neighbours"),
        ({"alignment": "bars"}, "beats"),
    ):
        with pytest.raises(ValidationError, match=words):
            SlicerConfig.model_validate(values)


def test_a_taste_of_before_the_choices_scores_as_it_did() -> None:
    taste = load_taste(THE_PUBLISHED)
    assert taste.config == SlicerConfig.model_validate(
        {
            "hidden_dims": [4, 8],
            "latent_dim": 4,
            "epochs": 3,
            "segments_per_epoch": 64,
            "segment_frames": 32,
            "score_hop_frames": 8,
            "mel": {"rate_hz": RATE_HZ, "n_mels": 16},
        }
    )
    assert isinstance(taste.model, SegmentModel)
    assert not isinstance(taste.model, ClockedModel)
    then = [0.84538, 0.35848, 0.59238, 0.52209, 0.50014, 0.71328, 0.42473, 0.44534, 0.57854, 0.40819]
    np.testing.assert_allclose(score(taste, music(4.0, seed=9)).scores[:10], then, atol=1e-3)
