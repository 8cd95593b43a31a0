"""How soon a key is heard in the real window, and that nothing is missing while a model trains."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.features.taste.widgets.learn_panel import LearnRequest
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.lab.bench.sound import write
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands
from tests.desktop.sound_device import RATE_HZ, CapturingDevice, on_alsa
from widgets.controls.text_and_icons import ElidedLabel

pytestmark = on_alsa
TRACKS = 16
PLAYED_S = 60


def many_tracks(folder: Path, length_s: int) -> Path:
    """A document of sixteen tracks."""
    paths = tuple(write(folder / f"{n:02}.wav", length_s, RATE_HZ, channels=1, seed=n) for n in range(TRACKS))
    imported = import_audio(ImportRequest(paths), SILENT)
    path = folder / "band.offcut"
    with Document.create(path) as document:
        document.apply(import_edit(document.state, imported))
    return path


def open_warm(hands: Hands, path: Path) -> None:
    """Open a document and let everything that follows from it come to rest, but for listening to it."""
    window = hands.window
    window.session.open(path)
    hands.qtbot.waitUntil(lambda: bool(window.session.media))
    window.work.cancel()
    hands.finish_work()


def delay_of_a_press(hands: Hands) -> float:
    """Press Space; return how long it took until the device was handed the first sample, in seconds."""
    player = hands.window.player
    pressed_s = time.monotonic()
    QTest.keyClick(hands.window.timeline, Qt.Key.Key_Space)
    hands.qtbot.waitUntil(lambda: player.start_delay_s is not None)
    first_s = player._output.first_sound_s()
    hands.press("Space")
    assert not player.is_playing
    return first_s - pressed_s


@pytest.mark.plays
def test_each_press_is_heard_and_how_soon_is_noted(
    device: CapturingDevice,  # noqa: ARG001 - it is what is played on
    hands: Hands,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    open_warm(hands, many_tracks(tmp_path, 12))
    transport, delays_s = hands.window.transport, []
    for result in (False, True):
        transport.choose_result(result)
        for second in (0, 3, 7, 5, 10):
            transport.seek(second * RATE_HZ)
            delays_s.append(delay_of_a_press(hands))
    record_property("first_sound_ms", [round(1000 * delay_s, 1) for delay_s in delays_s])
    assert hands.window.player.device_status == f"default, {RATE_HZ} Hz"
    assert min(delays_s) > 0.0


@pytest.mark.plays
def test_the_window_says_that_the_sound_went_and_that_it_is_back(
    device: CapturingDevice, hands: Hands, tmp_path: Path
) -> None:
    window = hands.window
    open_warm(hands, many_tracks(tmp_path, 30))
    said = window.status_bar.findChildren(ElidedLabel)[0]
    hands.press("Space")
    hands.qtbot.waitUntil(lambda: window.player.position_samples > RATE_HZ // 4)
    device.take_away()
    hands.qtbot.waitUntil(lambda: "silent until a device is connected" in said.text())
    assert window.player.is_playing
    device.put_back()
    hands.qtbot.waitUntil(
        lambda: said.text() == f"Audio device connected: default, {RATE_HZ} Hz.", timeout=15_000
    )
    hands.press("Space")


@pytest.mark.alone
@pytest.mark.long
def test_a_minute_of_sixteen_tracks_while_a_model_trains_has_no_gap(
    device: CapturingDevice, hands: Hands, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    open_warm(hands, many_tracks(tmp_path, PLAYED_S + 5))
    window, player = hands.window, hands.window.player
    edited = write(tmp_path / "edited.wav", 60, RATE_HZ, channels=1, seed=99)
    epochs: list[object] = []
    window.learning.progressed.connect(epochs.append)
    window.learning.learn(LearnRequest((str(edited),), "Band", 10_000, 0), tmp_path / "band.taste", False)
    hands.qtbot.waitUntil(lambda: bool(epochs), timeout=120_000)
    before = len(epochs)
    hands.press("Space")
    hands.qtbot.waitUntil(
        lambda: player.position_samples >= PLAYED_S * RATE_HZ, timeout=1000 * (PLAYED_S + 30)
    )
    underruns, trained = player.underruns, len(epochs) - before
    hands.press("Space")
    window.work.cancel()
    hands.finish_work()
    record_property("underruns", underruns)
    assert trained > 10, "it trained all the while"
    assert underruns == 0
    window.transport.close()
    assert len(device.heard()) >= PLAYED_S * RATE_HZ
