"""Meters show what is heard, when it is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.shell.playback import Player
from desktop.shell.playback.ring import BlockMeter, PlayedLevels, RingLevels, together
from engine.document.edits.tracks import set_track
from engine.sound.edl.build import build
from engine.sound.edl.render import Renderer
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.desktop.shell.playback.array_source import ArraySource
from tests.desktop.sound_device import RATE_HZ, CapturingDevice, on_alsa
from tests.engine.sound.edl.recordings import Recording, recording, with_cuts
from widgets.timeline.heads.meters import FALL_DB_S, HOLD_S, LOWEST_DB, Level, share


@pytest.fixture
def band(tmp_path: Path, rng: np.random.Generator) -> Recording:
    """A second of two tracks, one of them at +3 dB, with a cut."""
    sounds = [rng.uniform(-0.5, 0.5, (RATE_HZ, width)) for width in (1, 2)]
    made = recording(tmp_path, sounds, rate_hz=RATE_HZ, gain_db=(0.0, 3.0))
    return Recording(with_cuts(made.state, (RATE_HZ // 4, RATE_HZ // 2)), made.media)


def played(qtbot: QtBot, player: Player) -> PlayedLevels:
    """Return the levels of all that plays until it ends."""
    found: list[PlayedLevels | None] = []
    player.position_changed.connect(lambda _: found.append(player.take_levels()))
    player.play()
    qtbot.waitUntil(lambda: not player.is_playing, timeout=10_000)
    found.append(player.take_levels())
    assert sum(one is not None for one in found) > 5
    heard = together(found)
    assert heard is not None
    return heard


@on_alsa
def test_levels_on_a_device_are_those_of_what_is_rendered(
    qtbot: QtBot,
    device: CapturingDevice,  # noqa: ARG001
    player: Player,
    band: Recording,
) -> None:
    edits = build(band.state)
    player.set_source(lambda: Renderer(band.state, edits, band.media), RATE_HZ)
    heard = played(qtbot, player)
    with Renderer(band.state, edits, band.media) as renderer:
        mix, peaks = renderer.read_metered(0, edits.length_samples)
    loudest = peaks.values.max(axis=1).tolist()
    assert heard.tracks == dict(zip(renderer.track_ids, loudest, strict=True))
    assert heard.mix == tuple(np.abs(mix).max(axis=0).tolist())
    assert heard.true_peak > max(heard.mix)


def test_a_source_without_tracks_has_a_mix_folded_to_two_sides(qtbot: QtBot, player: Player) -> None:
    frames = np.zeros((RATE_HZ // 4, 4), np.float32)
    frames[100], frames[9_000, 3] = (0.1, 0.2, 0.3, -0.4), 0.6
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    heard = played(qtbot, player)
    assert (heard.tracks, heard.mix) == ({}, pytest.approx((0.3, 0.6)))


@pytest.mark.plays
def test_what_is_rendered_ahead_is_not_shown_before_it_is_heard(qtbot: QtBot, player: Player) -> None:
    frames = np.zeros((RATE_HZ * 2, 1), np.float32)
    frames[RATE_HZ:] = 0.5
    seen: list[tuple[int, float]] = []
    player.position_changed.connect(
        lambda at: seen.append((at, heard.mix[0] if (heard := player.take_levels()) else 0.0))
    )
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.play()
    qtbot.waitUntil(lambda: player.ahead_samples > RATE_HZ // 2, timeout=5_000)
    qtbot.waitUntil(lambda: player.position_samples > RATE_HZ * 1.2, timeout=5_000)
    player.stop()
    cell = RATE_HZ // 50
    assert {level for at, level in seen if at < RATE_HZ - 20 * cell} == {0.0}
    assert max(level for _, level in seen) == 0.5
    assert player.take_levels() is None  # nothing plays


def test_every_cell_is_taken_once_however_often_one_looks() -> None:
    rng = np.random.default_rng(2)
    frames = rng.uniform(-1, 1, (20_000, 2)).astype(np.float32)
    meter, levels, source = BlockMeter(8_000), RingLevels(), ArraySource(frames, 8_000)
    for start in range(0, len(frames), 777):
        stop = min(start + 777, len(frames))
        block, its_levels = meter.read(source, (start, stop), start)
        np.testing.assert_array_equal(block, frames[start:stop])
        levels.add(its_levels)
    found = [levels.take(frame) for frame in (0, 1, 100, 161, 1_000, 1_000, 30_000, 30_000)]
    assert [one is None for one in found] == [True, False, True, False, False, True, False, True]
    each = [0.0 if one is None else max(one.mix) for one in found]
    peak = np.abs(frames).max(axis=1)
    # A cell is taken once its first sample is heard; those of 160 samples begin anew with each block of 777.
    slow = [peak[:160], peak[160:320], peak[320:1_120], peak[1_120:]]
    assert [level for level in each if level] == [part.max() for part in slow]


def test_the_bar_falls_the_mark_stays_a_while_and_the_light_until_cleared() -> None:
    level = Level().after(1.0, 0.03)
    assert (level.shown_db, level.held_db, level.is_clipped) == (0.0, 0.0, True)
    level = level.after(0.0, 0.5)
    assert (level.shown_db, level.held_db) == (-FALL_DB_S / 2, 0.0)
    level = level.after(0.5, 0.1)
    assert level.shown_db == pytest.approx(20 * np.log10(0.5))
    level = level.after(0.0, HOLD_S)
    assert level.held_db < 0.0
    for _ in range(10):
        level = level.after(0.0, 1.0)
    assert level.rests
    assert (level.is_clipped, level.highest) == (True, 1.0)
    assert (level.cleared().is_clipped, level.cleared().highest) == (False, 0.0)
    assert [share(db) for db in (LOWEST_DB, -np.inf, 0.0, 6.0)] == [0.0, 0.0, 1.0, 1.0]


@pytest.fixture
def metered(hands: Hands, tmp_path: Path) -> Hands:
    """The window on a recording whose second half is over full scale."""
    sound = np.full((RATE_HZ, 2), 0.25, np.float32)
    sound[RATE_HZ // 2 :: 50] = 1.2
    soundfile.write(tmp_path / "loud.wav", sound, RATE_HZ, subtype="FLOAT")
    hands.window.session.open(make_document(tmp_path / "loud.offcut", tmp_path / "loud.wav", ()))
    hands.finish_work()
    return hands


@pytest.mark.plays
def test_the_window_shows_levels_and_a_light_that_stays_until_clicked(metered: Hands) -> None:
    window = metered.window
    (head,) = window.timeline.heads.heads.values()
    mix, qtbot = window.timeline.heads.mix, metered.qtbot
    assert (head.meter.level.rests, mix.is_clipped) == (True, False)
    metered.press("Space")
    qtbot.waitUntil(lambda: head.meter.level.shown_db > -13, timeout=5_000)
    assert not head.meter.level.is_clipped
    qtbot.waitUntil(lambda: not window.player.is_playing, timeout=10_000)
    qtbot.waitUntil(lambda: head.meter.level.rests and not window.metering._timer.isActive(), timeout=10_000)
    assert head.meter.level.highest == pytest.approx(1.2)
    assert (head.meter.level.is_clipped, mix.is_clipped) == (True, True)
    assert "true peak" in mix.accessibleDescription()
    QTest.mouseClick(head.meter, Qt.MouseButton.LeftButton)
    assert (head.meter.level.is_clipped, mix.is_clipped) == (False, True)
    head.meter.follow(1.0, 0.0)
    QTest.mouseClick(mix, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert (head.meter.level.is_clipped, mix.is_clipped, mix.true_peak) == (False, False, 0.0)


def test_the_palette_goes_from_one_clipped_place_to_the_next(hands: Hands, tmp_path: Path) -> None:
    sound = np.full((3 * RATE_HZ, 1), 0.3)
    sound[[RATE_HZ, RATE_HZ + 900, 2 * RATE_HZ], 0] = (1.0, -1.0, -1.0)
    soundfile.write(tmp_path / "jam.wav", sound, RATE_HZ, subtype="PCM_24")
    window = hands.window
    window.session.open(make_document(tmp_path / "jam.offcut", tmp_path / "jam.wav", ()))
    hands.finish_work()
    places = []
    for _ in range(3):
        window.commands.run("transport.next_clip")
        places.append(window.transport.playhead_samples / RATE_HZ)
    assert places == pytest.approx([1.0, 2.0, 1.0], abs=0.01)
    (track,) = window.session.state.tracks
    window.session.apply(set_track(window.session.state, track.id, mute=True))
    window.commands.run("transport.next_clip")
    assert hands.refused[-1].startswith("No clipping")
