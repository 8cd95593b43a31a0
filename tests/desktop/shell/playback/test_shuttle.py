"""Playing fast and backwards: what is heard equals a slow plain way, and the keys move the playhead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from desktop.main_window import MainWindow
from desktop.shell.playback import Player
from desktop.shell.playback.play_source import SPEEDS, Shuttle, _low_pass
from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.desktop.shell.playback.array_source import ArraySource, Frames
from tests.desktop.shell.playback.test_playback import wait_for_end
from tests.desktop.sound_device import RATE_HZ as DEVICE_RATE_HZ
from tests.desktop.sound_device import on_alsa
from tests.hostile.bad_files import RATE_HZ, good

SECONDS = 40
CUTS = ((10, 20), (30, 32))
BOTH_WAYS = [*SPEEDS, *(-speed for speed in SPEEDS)]


def heard_plainly(frames: Frames, speed: int) -> Frames:
    """Return what is heard of a source, by whole convolution."""
    step = abs(speed)
    rows = frames[::-1] if speed < 0 else frames
    low = [np.convolve(column, _low_pass(step).astype(np.float64), "same") for column in rows.T]
    return np.stack(low, axis=1)[::step].astype(np.float32)


@pytest.mark.parametrize("speed", BOTH_WAYS)
@pytest.mark.parametrize("block", [1, 333, 10_000])
def test_what_is_heard_is_the_same_whatever_the_blocks(
    noise: Callable[[float], Frames],
    speed: int,
    block: int,
) -> None:
    frames = noise(3001 / DEVICE_RATE_HZ)
    source = Shuttle(speed, len(frames)).of(ArraySource(frames))
    length = source.length_samples
    starts = range(0, length, block)
    heard = np.concatenate([source.read(start, min(start + block, length)) for start in starts])
    assert heard.dtype == np.float32
    np.testing.assert_allclose(heard, heard_plainly(frames, speed), atol=1e-5)


@pytest.mark.parametrize("speed", [2, 4, 8, -8])
def test_what_the_speed_leaves_no_room_for_is_not_heard_folded_back(speed: int) -> None:
    seconds = np.arange(DEVICE_RATE_HZ) / DEVICE_RATE_HZ
    for frequency_hz, gain in ((200.0, 1.0), (0.55 * DEVICE_RATE_HZ / abs(speed), 0.0)):
        sine = np.sin(2 * np.pi * frequency_hz * seconds).astype(np.float32)[:, None]
        source = Shuttle(speed, len(sine)).of(ArraySource(sine))
        middle = source.read(1_000, source.length_samples - 1_000)
        assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(gain, abs=0.01), frequency_hz


@pytest.mark.parametrize("speed", BOTH_WAYS)
@pytest.mark.parametrize("length", [0, 1, 7, 48_001])
def test_positions_go_there_and_back(speed: int, length: int) -> None:
    shuttle = Shuttle(speed, length)
    for at in (0, length // 3, length):
        there = shuttle.to_heard(at)
        assert 0 <= there <= shuttle.heard_samples
        assert abs(shuttle.to_programme(there) - at) < abs(speed)
    assert shuttle.to_programme(shuttle.to_heard(length if speed > 0 else 0)) in range(-8, length + 9)


@on_alsa
@pytest.mark.plays
@pytest.mark.parametrize("speed", [4, -4])
def test_the_device_gets_it(qtbot, device, player: Player, noise, speed: int) -> None:
    frames = noise(4.0)
    shuttle = Shuttle(speed, len(frames))
    player.set_source(lambda: shuttle.of(ArraySource(frames)), DEVICE_RATE_HZ)
    player.play(0)
    wait_for_end(qtbot, player)
    assert player.position_samples == len(frames) // 4
    player.close()
    heard, expected = device.heard(), heard_plainly(frames, speed)
    np.testing.assert_allclose(heard[: len(expected)], expected, atol=1e-5)


@pytest.fixture
def listening(hands: Hands, tmp_path: Path) -> Hands:
    """Forty seconds with two cuts, the first accepted."""
    cuts = tuple((start * RATE_HZ, stop * RATE_HZ) for start, stop in CUTS)
    hands.window.session.open(
        make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS), cuts)
    )
    hands.finish_work()
    hands.press("A")
    return hands


def status(window: MainWindow) -> str:
    return window.status_bar._done.text()


def moved_on(hands: Hands, by_s: float) -> float:
    """Wait until the playhead moved so far; return how fast it went, in seconds a second of the clock."""
    import time

    transport = hands.window.transport
    begin, begun_s = transport.playhead_samples, time.monotonic()
    way = 1 if by_s > 0 else -1
    hands.qtbot.waitUntil(lambda: (transport.playhead_samples - begin) * way >= abs(by_s) * RATE_HZ)
    return (transport.playhead_samples - begin) / RATE_HZ / (time.monotonic() - begun_s)


@pytest.mark.plays
def test_l_plays_faster_each_time_and_k_stops(listening: Hands) -> None:
    window = listening.window
    window.transport.seek(0)
    for speed, said in ((1, "Playing"), (2, "Playing, ×2"), (4, "Playing, ×4"), (8, "Playing, ×8")):
        listening.press("L")
        assert window.transport.speed == speed
        assert status(window) == said
    listening.press("L")
    assert window.transport.speed == 8, "no faster"
    moved_on(listening, 2.0)  # past what was played before it
    assert 5.0 < moved_on(listening, 8.0) < 11.0
    here = window.transport.playhead_samples
    listening.press("K")
    assert not window.transport.is_playing
    assert window.transport.speed == 0
    assert here <= window.transport.playhead_samples < here + RATE_HZ


@pytest.mark.plays
def test_j_plays_backwards_faster_and_the_other_key_turns_it(listening: Hands) -> None:
    window = listening.window
    window.transport.seek(30 * RATE_HZ)
    listening.press("J")
    assert status(window) == "Playing backwards"
    assert -1.6 < moved_on(listening, -0.5) < -0.5
    listening.press("J")
    assert status(window) == "Playing backwards, ×2"
    moved_on(listening, -1.5)
    listening.press("L")
    assert window.transport.speed == 1
    assert moved_on(listening, 0.1) > 0
    assert window.transport.playhead_samples < 30 * RATE_HZ


@pytest.mark.plays
@pytest.mark.parametrize("view", ["source", "result"])
def test_it_stops_at_both_ends_of_what_is_shown(listening: Hands, view: str) -> None:
    window = listening.window
    if view == "result":
        listening.press("Q")
    window.transport.seek(36 * RATE_HZ)
    for _ in range(4):
        listening.press("L")
    listening.qtbot.waitUntil(lambda: not window.transport.is_playing, timeout=10_000)
    assert window.transport.playhead_samples == SECONDS * RATE_HZ
    listening.press("L")
    assert listening.refused[-1] == "The playhead is at the end."
    for _ in range(4):
        listening.press("J")
    listening.qtbot.waitUntil(lambda: not window.transport.is_playing, timeout=15_000)
    assert window.transport.playhead_samples == 0
    listening.press("J")
    assert listening.refused[-1] == "The playhead is at the start."


@pytest.mark.plays
def test_the_result_is_shuttled_across_its_cuts_and_the_other_view_goes_on(listening: Hands) -> None:
    window = listening.window
    listening.press("Q")
    window.transport.seek(22 * RATE_HZ)
    listening.press("J")
    listening.press("J")
    listening.qtbot.waitUntil(lambda: window.transport.playhead_samples < 10 * RATE_HZ)
    assert not 10.5 * RATE_HZ < window.transport.playhead_samples < 20 * RATE_HZ, "what is cut is not heard"
    before = window.transport.playhead_samples
    listening.press("Q")
    assert window.transport.speed == -2
    listening.qtbot.waitUntil(lambda: window.transport.playhead_samples < before - RATE_HZ // 4)
    assert window.transport.playhead_samples > before - 5 * RATE_HZ
    listening.press("K")


@pytest.mark.plays
@pytest.mark.parametrize("end", ["Space", "A", "Shift+X", "Esc", "seek"])
def test_what_ends_it(listening: Hands, end: str) -> None:
    window = listening.window
    window.transport.seek(35 * RATE_HZ)
    listening.press("J")
    listening.press("J")
    moved_on(listening, -0.3)
    if end == "seek":
        window.zooms.seek(1_000)
        assert window.transport.playhead_samples == 1_000
    else:
        listening.press(end)
    assert not window.transport.is_playing
    here = window.transport.playhead_samples
    listening.press("Space")
    assert window.transport.speed == 1, "and then plays as ever"
    listening.qtbot.waitUntil(lambda: window.transport.playhead_samples > here + 100)
    assert window.transport.playhead_samples < here + 5 * RATE_HZ
    listening.press("Space")


@pytest.mark.plays
def test_an_edit_while_shuttling_is_heard_at_once_and_the_speed_stays(listening: Hands) -> None:
    window = listening.window
    listening.press("Q")
    window.transport.seek(5 * RATE_HZ)
    listening.press("L")
    listening.press("L")
    moved_on(listening, 0.3)
    listening.press("Ctrl+Z")
    assert window.session.state.verdict(f"cut-{10 * RATE_HZ}") is Verdict.UNDECIDED
    assert window.transport.speed == 2
    before = window.transport.playhead_samples
    listening.qtbot.waitUntil(lambda: window.transport.playhead_samples > before + RATE_HZ)
    assert window.transport.playhead_samples < before + 4 * RATE_HZ
    listening.press("K")


@pytest.mark.plays
def test_the_page_turns_back_while_playing_backwards(listening: Hands) -> None:
    window = listening.window
    window.transport.seek(30 * RATE_HZ)
    window.timeline.zooms.show_window(29 * RATE_HZ, 4 * RATE_HZ)
    listening.press("J")
    listening.press("J")
    listening.qtbot.waitUntil(lambda: window.timeline.canvas.viewport.start_samples < 28.5 * RATE_HZ)
    view = window.timeline.canvas.viewport
    assert view.holds(window.transport.playhead_samples)
    assert view.stop_samples < 30 * RATE_HZ, "most of the page lies ahead of it"
    listening.press("K")
