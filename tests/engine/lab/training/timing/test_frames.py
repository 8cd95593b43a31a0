"""Spectra of a rendered performance as inputs of a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.parts import takes
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.symbolic import TYPICAL_ERRORS, Symbolic, told
from engine.lab.training.timing.frames import BANDS, columns_of_frames, frames_of, in_view, settings_of
from engine.lab.training.timing.inputs import CHANNELS, Channel, View
from engine.lab.training.timing.networks import Placer
from engine.lab.training.timing.placing import FRAMES_AT_ONCE, Trained, by_network


@pytest.fixture(scope="module")
def played(data_dir: Path) -> tuple[Symbolic, Performance]:
    take = next(takes(data_dir, "test", 1, 0, Displacement(jitter_ms=10.0), 8.0))
    return told(take, TYPICAL_ERRORS, np.random.default_rng(0)), take.rendered()


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_network_listens_to_a_performance(played: tuple[Symbolic, Performance], channel: Channel) -> None:
    found, performance = played
    hop_samples = settings_of(performance.rate_hz).hop_samples

    frames = frames_of(performance, found.lines)

    assert frames.shape == (1 + len(performance.mix()) // hop_samples, BANDS)
    assert frames.dtype == np.float16
    assert np.isfinite(frames).all()
    view = View(channel, has_audio=True)
    assert in_view(torch.from_numpy(frames), view).shape == (len(frames), columns_of_frames(view))
    torch.manual_seed(0)
    network = Placer("tcn", view, columns_of_frames(view)).eval()
    several = np.tile(frames, (1 + FRAMES_AT_ONCE // len(frames), 1))
    for heard in (frames, several):
        placement = by_network(Trained(network, view), heard)(found.hits, found.lines)
        assert np.isfinite(placement.targets_samples).all()
