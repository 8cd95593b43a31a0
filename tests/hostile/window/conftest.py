"""A taste for the tests of a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.progress import SILENT
from tests.hostile.bad_files import good


@pytest.fixture(scope="module")
def taste(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from engine.features.taste.anomaly.learn import LearnRequest as Learning
    from engine.features.taste.anomaly.learn import learn
    from engine.lab.recipes.slicer.settings import SlicerConfig

    folder = tmp_path_factory.mktemp("taste")
    config = SlicerConfig(hidden_dims=(4, 8), latent_dim=8, epochs=1, segments_per_epoch=8)
    edited = good(folder / "edited.wav", 12.0)
    return learn(Learning((edited,), config, 0, folder / "small.taste"), SILENT).path
