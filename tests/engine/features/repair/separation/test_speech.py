"""Speech as a prompt: which words mean it, what separates it, and how it is learned."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL, Spectra, SpeechNetwork, speech_network, speech_shares
from engine.core.errors import SoundNotFoundError, UnknownPromptError
from engine.features.repair.separation import speech
from engine.features.repair.separation.blend import candidates
from engine.features.repair.separation.checks import (
    probabilities,
    require_present,
    understood_prompts,
)
from engine.features.repair.separation.network import network_separator, speech_separator
from engine.features.repair.separation.outcome import outcome_of
from engine.features.repair.separation.registry import default_separator, separator_named
from engine.features.repair.separation.separate import Recording
from engine.features.repair.separation.separator import Mask, Mode, Stretch, masked, prompts_of
from engine.features.repair.separation.speech import (
    DEEP_FILTER,
    PooledSpeechSeparator,
    pooled_speech_separator,
)
from engine.lab.evaluation.separation.measures import si_sdr_db
from engine.lab.training.detection.recordings import part_of
from engine.lab.training.separation.speech_mixtures import drawn, load_sources

ROOT = Path(__file__).resolve().parents[5]
SENTENCE = Path("speech", "commands", "08b22cb8-01d7-449a-923d-1597720742f0.flac")


def sentence(data_dir: Path) -> NDArray[np.float32]:
    """Return a sentence that no shipped weights were trained on, at a peak of 0.3."""
    samples, rate_hz = soundfile.read(data_dir / SENTENCE, dtype="float32")
    assert rate_hz == MEL.rate_hz
    return samples * np.float32(0.3 / np.abs(samples).max())


def rain(data_dir: Path, length: int) -> NDArray[np.float32]:
    """Return rain of another recording than those that were trained on, looped where it is too short."""
    samples, rate_hz = soundfile.read(data_dir / "esc50" / "audio" / "5-181766-A-10.flac", dtype="float32")
    assert rate_hz == MEL.rate_hz
    return np.resize(samples, length)


def test_speech_is_kept_and_removed_better_than_by_doing_nothing(data_dir: Path) -> None:
    spoken = sentence(data_dir)
    noise = rain(data_dir, len(spoken))
    noise *= np.float32(np.sqrt(np.mean(spoken**2) / np.mean(noise**2)))
    whole = spoken + noise
    stretch = Stretch(whole, ((0.0, len(whole) / MEL.rate_hz),))
    outcome = outcome_of(stretch, understood_prompts(["speech"]), default_separator())
    for mode, truth in ((Mode.KEEP, spoken), (Mode.REMOVE, noise)):
        found = masked(whole[:, None], MEL.rate_hz, outcome.mask_for(mode), mode)[:, 0]
        assert si_sdr_db(found, truth) - si_sdr_db(whole, truth) > 5.0


def test_speech_is_found_where_somebody_speaks_and_only_there(data_dir: Path) -> None:
    spoken = sentence(data_dir)
    noise = rain(data_dir, len(spoken)) * np.float32(0.3)
    prompts = understood_prompts(["speech"])
    window = (MEL.rate_hz, len(spoken) - MEL.rate_hz)
    for whole, is_spoken in ((spoken + noise, True), (noise, False)):
        recording = Recording(lambda a, b, of=whole: of[a:b, None], len(whole), MEL.rate_hz)
        if is_spoken:
            assert require_present([recording], [window], prompts) > 0.75
        else:
            with pytest.raises(SoundNotFoundError):
                require_present([recording], [window], prompts)


def test_a_pool_of_both_networks_is_better_than_either(data_dir: Path) -> None:
    spoken = sentence(data_dir)
    noise = rain(data_dir, len(spoken))
    noise *= np.float32(np.sqrt(np.mean(spoken**2) / np.mean(noise**2)))
    stretch = Stretch(spoken + noise, ((1.0, len(spoken) / MEL.rate_hz - 1.0),))
    pooled = pooled_speech_separator()
    assert isinstance(pooled, PooledSpeechSeparator)
    (outcome,) = pooled.outcomes(stretch, prompts_of(["speech"]))
    assert outcome.methods == (DEEP_FILTER, pooled.own.name)

    def gained_db(mask: Mask, mode: Mode, truth: NDArray[np.float32]) -> float:
        found = masked(stretch.samples[:, None], MEL.rate_hz, mask, mode)[:, 0]
        return si_sdr_db(found, truth) - si_sdr_db(stretch.samples, truth)

    (own,) = pooled.own.masks(stretch, prompts_of(["speech"]))
    more_db = 0.0
    for mode, truth in ((Mode.KEEP, spoken), (Mode.REMOVE, noise)):
        gained = gained_db(outcome.mask, mode, truth)
        more_db += gained - gained_db(own, mode, truth)
        forecast = outcome.forecast(mode)
        assert forecast is not None
        assert abs(forecast.expected_db - gained) < 4.0
    assert more_db > 0.0


def test_a_window_without_speech_is_not_credible() -> None:
    length = 4 * MEL.rate_hz
    tone = 0.2 * np.sin(2 * np.pi * 440.0 / MEL.rate_hz * np.arange(length)).astype(np.float32)
    (outcome,) = pooled_speech_separator().outcomes(Stretch(tone, ((1.0, 3.0),)), prompts_of(["speech"]))
    assert not outcome.is_credible(Mode.KEEP)
    assert not outcome.is_credible(Mode.REMOVE)


def test_speech_is_separated_together_with_sounds_in_other_bands(data_dir: Path) -> None:
    stretch = Stretch(sentence(data_dir)[: 4 * MEL.rate_hz], ((1.0, 2.0),))
    separator, prompts = default_separator(), prompts_of(["speech", "dog"])
    spoken, dog = separator.masks(stretch, prompts)
    both = outcome_of(stretch, prompts, separator).mask
    assert len(dog.centres_hz) < len(spoken.centres_hz) == len(both.centres_hz)
    expected = np.clip(spoken.shares + dog.over(spoken.centres_hz).shares, 0.0, 1.0)
    np.testing.assert_allclose(both.shares, expected, atol=1e-6)


def test_without_the_published_network_offcuts_own_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(speech, "DEEP_FILTER_WEIGHTS", tmp_path / "deep_filter.safetensors")
    assert pooled_speech_separator() is speech_separator()
    assert "deep_filter.safetensors" in caplog.text


def test_each_prompt_is_answered_by_the_network_that_knows_its_sound(data_dir: Path) -> None:
    spoken = sentence(data_dir)[: 4 * MEL.rate_hz]
    stretch = Stretch(spoken, ((1.0, 2.0),))
    separator = default_separator()
    prompts = prompts_of(["dog", "somebody talking", "not speech", "rain"])
    together = separator.masks(stretch, prompts)
    (spoken_mask,) = separator.speech.masks(stretch, prompts[1:2])
    others = separator.others.masks(stretch, (prompts[0], prompts[3]))
    for mask, expected in zip(together, (others[0], spoken_mask, spoken_mask, others[1]), strict=True):
        np.testing.assert_array_equal(mask.shares, expected.shares)
    found = probabilities(stretch, prompts)
    np.testing.assert_allclose(found[[0, 3]], probabilities(stretch, (prompts[0], prompts[3])), atol=1e-6)
    assert found[1] == found[2] == speech_separator().probabilities(stretch)[0]


def test_speech_around_a_window_is_not_what_is_meant(data_dir: Path) -> None:
    """All shares are multiplied by those that are not speech; not over rain, nor for an example."""
    spoken = sentence(data_dir)
    spoken = np.resize(spoken, 6 * MEL.rate_hz)
    bark = np.zeros_like(spoken)
    bark[3 * MEL.rate_hz : 4 * MEL.rate_hz] = rain(data_dir, MEL.rate_hz)
    (dog,) = understood_prompts(["dog"])
    example = replace(dog, example=True)
    network = network_separator()
    for background, prompt, is_taken_off in (
        (spoken, dog, True),
        (spoken, example, False),
        (rain(data_dir, len(spoken)), dog, False),
    ):
        stretch = Stretch(background + bark, ((3.0, 4.0),))
        found = candidates(network, stretch, (prompt,))
        alone = network.masks(stretch, (prompt,))[0].shares
        spectra = Spectra()
        power = spectra.power(spectra.spectrum(torch.tensor(stretch.samples)[None]))[0]
        voice = speech_shares(speech_network(), power).numpy()
        wanted = alone * (1.0 - voice) if is_taken_off else alone
        np.testing.assert_allclose(found.named[0], wanted, atol=1e-5)
        assert (found.others <= 1.0 - voice + 1e-5).all() == is_taken_off


@pytest.mark.parametrize("prompt", ["female speech", "a man talking", "vocals", "singing"])
def test_voices_are_not_told_apart(prompt: str) -> None:
    with pytest.raises(UnknownPromptError):
        understood_prompts([prompt])


def test_only_the_default_separator_knows_speech() -> None:
    assert understood_prompts(["speech"])
    with pytest.raises(UnknownPromptError):
        understood_prompts(["speech"], "network")
    with pytest.raises(UnknownPromptError):
        understood_prompts(["dgo"])


def test_the_level_of_the_recording_changes_nothing(data_dir: Path) -> None:
    spoken = sentence(data_dir)
    loud, quiet = (
        separator_named("blend").masks(
            Stretch(spoken * np.float32(gain), ((1.0, 2.0),)), prompts_of(["speech"])
        )[0]
        for gain in (1.0, 0.01)
    )
    np.testing.assert_allclose(loud.shares, quiet.shares, atol=0.02)


@pytest.mark.parametrize("frames", [1, 2, 63, 64])
def test_stretches_of_any_length_are_answered(frames: int) -> None:
    with torch.inference_mode():
        logits, activity = SpeechNetwork().eval()(torch.rand(1, frames, MEL.n_mels))
    assert logits.shape == (1, frames, MEL.n_mels)
    assert activity.shape == (1, frames)
    silent = Stretch(np.zeros(MEL.rate_hz, np.float32), ((0.2, 0.4),))
    assert np.isfinite(speech_separator().masks(silent, prompts_of(["speech"]))[0].shares).all()
    assert 0.0 <= speech_separator().probabilities(silent)[0] < 0.5


@pytest.fixture
def training_data(tmp_path: Path, data_dir: Path) -> Path:
    """A folder laid out as training expects it: a sentence by eight names, most of which are learned from."""
    folder = tmp_path / "data"
    for name in ("speech/commands", "esc50/audio", "ambience", "music", "loops"):
        (folder / name).mkdir(parents=True)
    rng = np.random.default_rng(3)

    def noise(path: str) -> None:
        soundfile.write(folder / path, 0.1 * rng.standard_normal(3 * MEL.rate_hz), MEL.rate_hz)

    for number in range(8):
        soundfile.write(folder / f"speech/commands/{number}.flac", sentence(data_dir), MEL.rate_hz)
        noise(f"loops/{number}.mp3")
    for name in ("birds", "fireplace", "rain", "waves"):
        noise(f"ambience/{name}.ogg")
    noise("esc50/audio/1-1-A-0.flac")
    (folder / "esc50" / "licences.csv").write_text("filename,fold,free\n1-1-A-0.flac,1,1\nnone.flac,1,0\n")
    return folder


def test_mixtures_leave_out_what_evaluations_report_on(training_data: Path) -> None:
    sources = load_sources(training_data)
    files = list((training_data / "speech" / "commands").iterdir())
    assert len(sources.speech) == sum(part_of(path) != 0 for path in files) < len(files)
    assert len(sources.clips) == 1
    for seed in range(20):
        pair = drawn(sources, MEL.rate_hz, np.random.default_rng(seed))
        for samples in pair:
            assert samples.shape == (MEL.rate_hz,)
            assert np.isfinite(samples).all()


@pytest.mark.long
def test_the_network_for_speech_is_learned_by_its_command(training_data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.lab.training.separation.speech", training_data, tmp_path / "out"]
    for epochs in ("1", "2"):
        words = [*map(str, command), "--epochs", epochs, "--steps", "1"]
        subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    separator = speech_separator(tmp_path / "out" / "speech.safetensors")
    assert separator.masks(Stretch(np.ones(MEL.rate_hz, np.float32), ()), prompts_of(["speech"]))
