"""A sound device without hardware, and a player to hear through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop.shell.playback import Player
from tests.desktop.shell.playback.array_source import Frames
from tests.desktop.sound_device import RATE_HZ, CapturingDevice, alsa_configuration


@pytest.fixture
def device(tmp_path: Path) -> Iterator[CapturingDevice]:
    """A sound device that takes what it is given in real time, and keeps it."""
    folder = tmp_path / "device"
    folder.mkdir()
    capturing = CapturingDevice(folder)
    with alsa_configuration(capturing.configuration):
        yield capturing


@pytest.fixture
def noise(rng: np.random.Generator) -> Callable[[float], Frames]:
    """Make stereo noise with no silent frame, of a length in seconds."""
    return lambda length_s: rng.uniform(0.1, 0.9, (round(length_s * RATE_HZ), 2)).astype(np.float32)


@pytest.fixture
def player(qapp) -> Iterator[Player]:  # noqa: ARG001 - timers need an application
    """A player that is closed at the end."""
    made = Player()
    yield made
    made.close()
