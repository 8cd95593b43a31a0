"""Scenes of which all is known, and trainings on few sounds by their commands."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.detection.spectra import MEL
from engine.core.errors import UsageError
from engine.features.repair.separation.registry import separator_named
from engine.lab.training.detection.sounds import load_sounds
from engine.lab.training.separation.scenes import Kind, Scenes, goes_on, repeats
from engine.lab.training.separation.speech_mixtures import Sources

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def scenes(data_dir: Path) -> Scenes:
    """Return scenes of the sounds that come with the tests."""
    sounds = load_sounds(data_dir / "esc50", range(1, 6))
    return Scenes(sounds, {name: number for number, name in enumerate(sorted({one.name for one in sounds}))})


@pytest.mark.parametrize("kind", [Kind.SURROUNDED, Kind.ALONE, Kind.SINGLE])
def test_a_scene_is_what_it_says(scenes: Scenes, kind: Kind) -> None:
    """New sounds lie within the window; where one of two is asked for, the other is asked for as well."""
    for seed in range(12):
        drawn = scenes.of(kind, np.random.default_rng(seed))
        for scene in drawn:
            outside = np.ones(len(scene.meant), bool)
            outside[slice(*scene.window_samples)] = False
            assert np.isfinite(scene.meant).all()
            assert np.isfinite(scene.rest).all()
            if scene.only_new or not scene.surrounded:
                assert not scene.meant[outside].any()
            if not scene.surrounded:
                assert not scene.rest[outside].any()
        if len(drawn) == 2:
            assert {each.asked for each in drawn} == set(drawn[0].sounding[-2:])
            whole = [each.meant + each.rest for each in drawn]
            np.testing.assert_allclose(whole[0], whole[1], atol=1e-5)


def test_speech_as_a_background_is_never_asked_for(data_dir: Path) -> None:
    """It counts as going on around the window; the new sound is asked for, or one that is absent."""
    sounds = load_sounds(data_dir / "esc50", range(1, 6))
    names = {name: number for number, name in enumerate(sorted({one.name for one in sounds}))}
    noise = np.random.default_rng(1).normal(0.0, 0.1, 5 * MEL.rate_hz).astype(np.float32)
    scenes = Scenes(sounds, names, Sources((noise,), (), (noise,), (noise,)))
    drawn = [scenes.of(Kind.SURROUNDED, np.random.default_rng(seed))[0] for seed in range(40)]
    unnamed = [scene for scene in drawn if len(scene.sounding) == 1]
    assert 8 < len(unnamed) < 32
    for scene in unnamed:
        outside = np.ones(len(scene.meant), bool)
        outside[slice(*scene.window_samples)] = False
        assert scene.surrounded
        assert scene.rest[outside].any()
        assert not scene.meant[outside].any()
        assert scene.only_new == (scene.asked in scene.sounding)


def test_what_repeats_itself_is_no_background(data_dir: Path) -> None:
    """A looped clip is told; noise and the sounds of the tests that go on are not."""
    sounds = load_sounds(data_dir / "esc50", range(1, 6))
    noise = np.random.default_rng(1).integers(-9000, 9000, 5 * MEL.rate_hz).astype(np.int16)
    looped = replace(sounds[0], stored=np.tile(noise[: 2 * MEL.rate_hz], 3)[: 5 * MEL.rate_hz])
    assert goes_on(looped)
    assert repeats(looped)
    assert not repeats(replace(sounds[0], stored=noise))


def test_a_folder_without_sounds_is_refused(tmp_path: Path) -> None:
    """With how one must look."""
    with pytest.raises(UsageError, match="a folder for each sound"):
        load_sounds(tmp_path, [1])


@pytest.mark.long
def test_both_networks_are_learned_by_their_commands(data_dir: Path, tmp_path: Path) -> None:
    """From folders of sounds, an epoch each; what they leave separates."""
    folder = data_dir / "esc50"
    common = [sys.executable, "-W", "ignore", "-m"]
    heard = [
        *common,
        "engine.lab.training.detection.train",
        folder,
        tmp_path / "out",
        "--epochs",
        "1",
        "--folds",
        "1",
    ]
    learned = [
        *common,
        "engine.lab.training.separation.train",
        *(folder, tmp_path / "out", "--epochs", "1", "--steps", "2", "--folds", "1", "2"),
        *("--sounds", tmp_path / "out" / "sounds.safetensors"),
    ]
    for command in (heard, learned):
        subprocess.run([str(word) for word in command], check=True, capture_output=True, cwd=ROOT)
        (tmp_path / "out" / "checkpoint.pt").unlink()
    separator = separator_named(str(tmp_path / "out" / "separation.safetensors"))
    assert separator.name.startswith("offcut-separation")
