"""An audio driver that does not answer takes nothing with it but sound."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from desktop.shell.playback import Player, output, player
from tests.desktop.shell.playback.array_source import ArraySource

RATE_HZ = 48_000
SOON_S = 0.05


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A driver that another thread waits for until the end of the test."""
    for module in (output, player):
        monkeypatch.setattr(module, "LONGEST_START_S", SOON_S)
    entered, answered = threading.Event(), threading.Event()

    def wait() -> None:
        with output.portaudio():
            entered.set()
            answered.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    assert entered.wait(10.0)
    yield
    answered.set()
    thread.join()


@pytest.mark.usefixtures("driver")
def test_it_is_reported_and_playback_goes_on_without_sound(qtbot: QtBot) -> None:
    made, status = Player(), list[str]()
    made.device_status_changed.connect(status.append)
    made.set_source(lambda: ArraySource(np.zeros((10 * RATE_HZ, 2), np.float32)), RATE_HZ)
    try:
        made.play()
        qtbot.waitUntil(lambda: any(text.startswith(output.NO_DEVICE) for text in status))
        assert made.is_playing
    finally:
        made.close()


@pytest.mark.usefixtures("driver")
def test_it_offers_no_devices() -> None:
    with pytest.raises(output.NoDeviceError):
        output.portaudio().__enter__()
    assert output.output_devices() == ()
    assert not output.can_open(output.SYSTEM_DEVICE, RATE_HZ)
