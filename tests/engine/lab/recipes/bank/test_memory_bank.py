"""The recipe "memory-bank": its parts against their definitions, and that it tells odd sound from kept."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save

from engine.analysis.learning.loop import seeded
from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.stft import log_mel_blocks
from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.config import parse_config
from engine.features.taste.anomaly.score import Scores, score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste, save_taste
from engine.features.taste.anomaly.threshold import auc
from engine.lab.recipes.bank.fitting import Eye
from engine.lab.recipes.bank.network import HIDINGS, WindowEncoder, hidden_error, hidings
from engine.lab.recipes.bank.settings import Measure, MemoryBankConfig, View
from engine.lab.recipes.bank.windows import pulses, sliced, spread, stretches, windows
from tests.engine.conftest import RATE_HZ as MUSIC_HZ
from tests.engine.conftest import music

TINY = MemoryBankConfig(latent=8, epochs=3, batch_size=16)
RATE_HZ = TINY.mel.rate_hz


def kept(seconds: float, seed: int = 1) -> NDArray[np.float32]:
    at = np.arange(round(seconds * RATE_HZ)) * (MUSIC_HZ / RATE_HZ)
    audio = music(seconds + 1.0, seed)
    return np.interp(at, np.arange(len(audio)), audio).astype(np.float32)


def test_the_error_is_that_of_what_was_hidden_alone_and_all_is_hidden_once() -> None:
    window, hidden = torch.zeros(1, 2, 2), torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    filled = torch.tensor([[[2.0, 9.0], [4.0, 9.0]]])
    assert float(hidden_error(filled, window, hidden)[0]) == pytest.approx((4.0 + 16.0) / 2)
    masks = hidings(16, 64)
    assert masks.shape == (HIDINGS, 16, 64)
    torch.testing.assert_close(masks.sum(dim=0), torch.ones(16, 64))


@pytest.mark.parametrize("slices", [8, 16, 32])
def test_the_encoder_is_small_and_what_is_hidden_does_not_reach_it(slices: int) -> None:
    with seeded(0):
        encoder = WindowEncoder(slices, 64, 64).eval()
    assert sum(value.numel() for value in encoder.parameters()) < 1_000_000
    window = torch.tensor(np.random.default_rng(1).standard_normal((1, slices, 64)).astype(np.float32))
    hidden = torch.zeros_like(window)
    hidden[:, : slices // 2] = 1.0
    with torch.no_grad():
        latent, filled = encoder(window, hidden)
        again = encoder.encode(window + 5.0 * hidden, hidden)
    assert filled.shape == window.shape
    torch.testing.assert_close(latent, again)


def test_pulses_are_beats_and_evenly_spaced_where_there_are_none() -> None:
    clicks = np.zeros(30 * RATE_HZ, np.float32)
    clicks[4 * RATE_HZ : 20 * RATE_HZ : RATE_HZ // 2] = 1.0
    sound = np.convolve(clicks, np.exp(-np.arange(400) / 40.0))[: len(clicks)].astype(np.float32)
    places = pulses(sound, RATE_HZ, 0.7, on_beats=True) / RATE_HZ
    assert places[0] == 0.0
    assert places[-1] == 30.0
    on = places[(places > 5.0) & (places < 19.0)]
    np.testing.assert_allclose(np.diff(on), 0.5, atol=0.03)
    assert np.diff(places[places > 21.0]).max() <= 0.75
    even = pulses(sound, RATE_HZ, 0.5, on_beats=False) / RATE_HZ
    np.testing.assert_allclose(np.diff(even), 0.5)
    spans = windows(even, 4)
    np.testing.assert_allclose(np.diff(spans, axis=1), 2.0)
    assert windows(even[:3], 4).tolist() == [[0.0, 1.0]]


def test_a_slice_is_the_mean_of_its_frames_each_by_its_share() -> None:
    frames = np.random.default_rng(1).standard_normal((12, 3)).astype(np.float32)
    spans = np.array([[0.0, 8.0], [1.5, 9.5], [4.0, 12.0]])
    found = sliced(frames, spans, 4)
    fine = np.repeat(frames, 10, axis=0)  # ten cells a frame
    for span, one in zip(spans, found, strict=True):
        edges = np.rint(np.linspace(*span, 5) * 10).astype(int)
        plain = [fine[a:b].mean(axis=0) for a, b in pairwise(edges)]
        np.testing.assert_allclose(one, plain, atol=1e-5)


def test_a_moment_has_the_mean_of_the_windows_that_hold_it() -> None:
    spans = np.array([[0.0, 4.0], [2.0, 6.0], [4.0, 9.0]])
    values = np.array([[1.0], [3.0], [8.0]])
    found = spread(values, spans, np.array([0.0, 1.0, 2.0, 3.9, 4.0, 5.0, 6.0, 8.9]))
    np.testing.assert_allclose(found[:, 0], [1, 1, 2, 2, 5.5, 5.5, 8, 8])


@pytest.mark.parametrize("block_samples", [5_000, 1 << 30])
@pytest.mark.parametrize("seconds", [1.0, 66.0, 151.3])
def test_stretches_follow_each_other_and_hold_what_was_played(block_samples: int, seconds: float) -> None:
    audio = np.random.default_rng(1).standard_normal(round(seconds * RATE_HZ)).astype(np.float32)
    frames = np.concatenate(list(log_mel_blocks([audio], TINY.mel)))
    blocks = (audio[at : at + block_samples] for at in range(0, len(audio), block_samples))
    parts = list(stretches(blocks, TINY.mel))
    own = np.concatenate([part.frames_db[part.first_frame : part.last_frame] for part in parts])
    np.testing.assert_array_equal(own, frames)
    at = 0
    for part in parts:
        begins = (at - part.first_frame) * TINY.mel.hop_samples
        np.testing.assert_array_equal(part.samples, audio[begins : begins + len(part.samples)])
        assert len(part.samples) <= 75 * RATE_HZ
        at += part.last_frame - part.first_frame


@pytest.mark.parametrize(
    ("view", "measures"),
    [
        pytest.param("statistics", ("nearest", "residual"), marks=pytest.mark.long),
        ("encoder", ("nearest", "residual", "reconstruction")),
    ],
)
def test_tells_another_sound_from_kept_ones(
    tmp_path: Path, view: View, measures: tuple[Measure, ...]
) -> None:
    for number in (1, 2):
        soundfile.write(tmp_path / f"{number}.wav", kept(30.0, seed=number), RATE_HZ, "FLOAT")
    config = TINY.model_copy(update={"view": view, "measures": measures})
    learn(LearnRequest((tmp_path / "1.wav", tmp_path / "2.wav"), config, 0, tmp_path / "a.taste"), SILENT)
    audio = kept(40.0, seed=3)
    audio[10 * RATE_HZ : 20 * RATE_HZ] = audio[10 * RATE_HZ : 20 * RATE_HZ][::-1] ** 3
    found = scored(load_taste(tmp_path / "a.taste"), audio)
    bad = (found.times_s >= 10.0) & (found.times_s < 20.0)
    assert auc(bad, found.scores) > 0.8
    assert len(found.parts) == len(measures)
    for values in found.parts.values():
        assert values[bad].mean() > values[~bad].mean()


def scored(taste: Taste, audio: NDArray[np.float32], block_samples: int = 1 << 30) -> Scores:
    blocks = (audio[at : at + block_samples] for at in range(0, len(audio), block_samples))
    return score_blocks(taste, blocks, RATE_HZ, len(audio), SILENT, level_db=level_of([audio]))


@pytest.fixture(scope="module")
def taste_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory-bank")
    soundfile.write(folder / "kept.wav", kept(30.0), RATE_HZ, "FLOAT")
    learn(LearnRequest((folder / "kept.wav",), TINY, 1, folder / "mine.taste"), SILENT)
    return folder / "mine.taste"


def test_a_taste_of_this_recipe_goes_to_disk_and_back_and_scores_however_a_stream_is_cut(
    taste_path: Path, tmp_path: Path
) -> None:
    taste = load_taste(taste_path)
    save_taste(tmp_path / "mine.taste", taste, overwrite=False)
    assert (tmp_path / "mine.taste").read_bytes() == taste_path.read_bytes()
    audio = kept(70.0, seed=4)
    whole, cut = scored(taste, audio), scored(taste, audio, 4_097)
    np.testing.assert_allclose(whole.scores, cut.scores, atol=1e-6)
    assert whole.times_s[0] == 0.0
    assert 70.0 - whole.times_s[-1] <= 2 * whole.hop_s
    assert np.isfinite(scored(taste, kept(0.3)).scores).all()
    assert not len(scored(taste, np.zeros(0, np.float32)).scores)


@pytest.mark.parametrize("missing", ["memory.radii", "measure_means", "encoder.to_latent.weight"])
def test_a_taste_that_lacks_a_part_is_damaged(taste_path: Path, tmp_path: Path, missing: str) -> None:
    content = taste_path.read_bytes()
    tensors = load(content)
    del tensors[missing]
    about = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    (tmp_path / "lacking.taste").write_bytes(save(tensors, metadata=about))
    with pytest.raises(TasteError, match="is damaged"):
        load_taste(tmp_path / "lacking.taste")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"measures": []}, "measures must name at least one"),
        ({"view": "statistics"}, "leave reconstruction out"),
        ({"slices": 10}, "slices"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_config({"recipe": "memory-bank", **wrong})


def test_an_eye_without_an_encoder_sees_means_deviations_and_changes() -> None:
    from engine.lab.recipes.standardisation import standardisation

    heard = np.random.default_rng(1).standard_normal((3, 16, 64)).astype(np.float32)
    eye = Eye(standardisation([heard.reshape(-1, 64)]), None)
    assert eye.vectors(heard).shape == (3, 3 * 64)
