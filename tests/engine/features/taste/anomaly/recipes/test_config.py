"""A recipe in YAML: what it leaves out keeps its default, and what is wrong with it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.features.taste.anomaly.recipes.config import default_config, load_config
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig, RecipeConfig
from engine.lab.recipes.slicer.settings import SlicerConfig


def test_the_published_recipe_is_as_published() -> None:
    config = SlicerConfig()
    assert config.recipe == "slicer-ae"
    assert config.hidden_dims == (32, 64, 128)
    assert (config.latent_dim, config.epochs, config.segment_frames) == (64, 100, 64)
    assert 0.7 < config.segment_frames * config.mel.hop_samples / config.mel.rate_hz < 0.8


def test_yaml_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("epochs: 7\nhidden_dims: [4, 8]\nlearning_rate: 1e-4\nmel:\n  n_mels: 32\n")
    config = load_config(path)
    assert isinstance(config, SlicerConfig)  # the one recipe that has these settings
    assert (config.epochs, config.hidden_dims, config.learning_rate, config.mel.n_mels) == (
        7,
        (4, 8),
        1e-4,
        32,
    )
    assert config.latent_dim == SlicerConfig().latent_dim


def test_an_empty_file_is_the_default_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("# nothing\n")
    assert load_config(path) == default_config() == OwnFaultsConfig()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("epochs: 3", OwnFaultsConfig(epochs=3)),
        ("recipe: slicer-ae\nepochs: 3", SlicerConfig(epochs=3)),
        ("recipe: own-faults\nleave_out: [talk]", OwnFaultsConfig(leave_out=("talk",))),
        ("width: 32\nseed_s: 3", None),
    ],
)
def test_a_file_is_of_the_recipe_it_names_or_that_has_its_settings(
    tmp_path: Path, content: str, expected: RecipeConfig | None
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(content)
    if expected is None:
        with pytest.raises(UsageError, match="no setting 'seed_s'"):
            load_config(path)
    else:
        assert load_config(path) == expected


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("latent_dim: many", ["latent_dim", "'many'"]),
        ("latent_dim: 0", ["latent_dim", "0", "greater than"]),
        ("epochs: .nan", ["epochs", "nan"]),
        ("learning_rate: .inf", ["learning_rate", "inf"]),
        ("latentdim: 3", ["no setting 'latentdim'"]),
        ("mel:\n  n_mel: 3", ["no setting 'mel.n_mel'"]),
        ("hidden_dims: [2, 2, 2]\nmel:\n  n_mels: 60", ["mel.n_mels is 60", "multiple of 8"]),
        ("segment_frames: 60", ["segment_frames is 60", "multiple of 8"]),
        ("hidden_dims: []", ["hidden_dims"]),
        ("recipe: other", ["recipe", "'other'", "slicer-ae"]),
        ("- 1\n- 2", ["settings"]),
        ("epochs: [", ["YAML"]),
        (b"\xff\xfe\x00epochs", ["YAML"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str | bytes, named: list[str]) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as caught:
        load_config(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert all(part in sentence for part in named), sentence


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.yaml cannot be read: no such file"):
        load_config(tmp_path / "absent.yaml")
