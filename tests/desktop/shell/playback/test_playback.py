"""What arrives at the device is what the source holds, sample for sample."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.shell.playback import AudioChoice, Player, output_devices
from desktop.shell.playback.play_source import fold_sentence, to_device_channels
from desktop.shell.playback.reader import Cue, Reader
from desktop.shell.playback.ring import Feed, Following, Ring
from engine.exchange.export import ExportRequest, export
from engine.sound.edl.build import build
from engine.sound.edl.render import Renderer
from tests.desktop.shell.playback.array_source import ArraySource, Frames
from tests.desktop.sound_device import RATE_HZ, alsa_configuration, on_alsa
from tests.engine.sound.edl.recordings import recording, with_cuts

pytestmark = pytest.mark.plays


@pytest.fixture
def no_device(tmp_path: Path) -> Iterator[None]:
    """A machine with PortAudio and no sound device."""
    empty = tmp_path / "asound.conf"
    # PortAudio aborts the process where no name at all is configured, so there is one that cannot be opened.
    empty.write_text("pcm.gone { type hw card 77 }\nctl.hw { type hw card 77 }\n")
    with alsa_configuration(empty):
        yield


def wait_for_end(qtbot, player: Player) -> None:
    qtbot.waitUntil(lambda: not player.is_playing, timeout=10_000)


def same_until(heard: Frames, expected: Frames) -> int:
    """Return at which frame the two first differ."""
    length = min(len(heard), len(expected))
    differs = np.flatnonzero((heard[:length] != expected[:length]).any(axis=1))
    return int(differs[0]) if len(differs) else length


@on_alsa
def test_device_gets_the_first_sample_to_the_last(qtbot, device, player, noise, record_property):
    frames = noise(0.8)
    source = ArraySource(frames)
    player.set_source(lambda: source, RATE_HZ)
    with qtbot.waitSignal(
        player.playing_changed, check_params_cb=lambda playing: not playing, timeout=10_000
    ):
        player.play()
    assert player.position_samples == len(frames)
    assert player.device_status == f"default, {RATE_HZ} Hz"
    assert player.underruns == 0
    assert player.start_delay_s > 0.0
    record_property("start_delay_s", player.start_delay_s)
    player.close()
    heard = device.heard()
    np.testing.assert_array_equal(heard[: len(frames)], frames)
    assert not heard[len(frames) :].any()
    assert source.closed
    assert source.threads == {"playback reader"}


@on_alsa
def test_device_gets_what_is_exported(qtbot, device, player, rng, tmp_path):
    takes = [rng.uniform(0.1, 0.3, (30_000, channels)).astype(np.float32) for channels in (1, 2)]
    recorded = recording(tmp_path, takes, rate_hz=RATE_HZ)
    state = with_cuts(recorded.state, (3_000, 9_000), (20_000, 24_000))
    export(ExportRequest(state, recorded.media, tmp_path / "result.wav"))
    exported, _ = soundfile.read(tmp_path / "result.wav", dtype="float32")
    player.set_source(lambda: Renderer(state, build(state), recorded.media), RATE_HZ)
    player.play()
    wait_for_end(qtbot, player)
    player.close()
    assert soundfile.info(tmp_path / "result.wav").subtype == "FLOAT"
    assert exported.shape == (20_000, 2)
    heard = device.heard()
    heard = heard[heard.any(axis=1)]  # what a busy machine was late with became silence; no sample of this is
    np.testing.assert_array_equal(heard, exported)


def test_seconds_are_rendered_ahead_of_what_is_heard(qtbot, no_device, player, noise):  # noqa: ARG001
    frames = noise(4.0)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.play()
    qtbot.waitUntil(lambda: player.ahead_samples > 1.7 * RATE_HZ)
    assert player.underruns == 0
    player.stop()


def test_last_position_is_told_while_still_playing(qtbot, no_device, player, noise):  # noqa: ARG001
    frames = noise(0.2)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    told: list[tuple[int, bool]] = []

    def follow(position: int) -> None:
        told.append((position, player.is_playing))
        if position >= len(frames):
            player.stop()  # as somebody does who stops at a place of their own

    player.position_changed.connect(follow)
    player.play()
    wait_for_end(qtbot, player)
    assert told[-1] == (len(frames), True)
    assert len([position for position, _ in told if position == len(frames)]) == 1


@on_alsa
def test_device_gets_a_span_and_then_another(qtbot, device, player, noise):
    frames = noise(1.0)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    for span in ((4_800, 9_601), (0, 7_777)):
        player.play(*span)
        wait_for_end(qtbot, player)
        assert player.position_samples == span[1]
    player.close()
    heard = device.heard()
    sounding = heard[heard.any(axis=1)]
    np.testing.assert_array_equal(sounding, np.concatenate([frames[4_800:9_601], frames[:7_777]]))


@on_alsa
def test_seek_jumps_from_one_sample_to_the_next(qtbot, device, player, noise):
    frames = noise(2.5)
    target = 2 * RATE_HZ
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.play()
    qtbot.waitUntil(lambda: player.position_samples > 0.2 * RATE_HZ)
    player.seek(target)
    assert target <= player.position_samples < target + 0.1 * RATE_HZ
    wait_for_end(qtbot, player)
    player.close()
    heard = device.heard()
    jump = same_until(heard, frames)
    assert 0.2 * RATE_HZ < jump < target
    np.testing.assert_array_equal(heard[jump : jump + len(frames) - target], frames[target:])
    assert player.underruns == 0


@on_alsa
def test_loop_goes_round_without_a_seam(qtbot, device, player, noise):
    frames = noise(1.0)
    begin, end = 6_000, 14_411
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.set_loop((begin, end))
    positions: list[int] = []
    player.position_changed.connect(positions.append)
    player.play()
    jumps = lambda: int((np.diff(positions) < -4_000).sum())  # noqa: E731
    qtbot.waitUntil(lambda: jumps() >= 3)
    player.stop()
    player.close()
    assert max(positions) <= end
    heard = device.heard()
    expected = np.concatenate([frames[:end], *[frames[begin:end]] * 20])
    assert same_until(heard, expected) > end + 2 * (end - begin)
    assert not heard[same_until(heard, expected) :].any()


@on_alsa
def test_loop_taken_away_while_playing_plays_on(qtbot, device, player, noise):
    frames = noise(1.2)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.set_loop((0, 24_000))
    player.play()
    qtbot.waitUntil(lambda: player.position_samples > 12_000)
    player.set_loop(None)
    wait_for_end(qtbot, player)
    assert player.position_samples == len(frames)
    player.close()
    heard = device.heard()
    rest = heard[same_until(heard, frames) :]
    # Either the loop was still ahead, or it had gone round and went on from where it was.
    if rest.any():
        np.testing.assert_array_equal(rest[: len(frames)], frames)


@on_alsa
def test_swapped_source_goes_on_at_the_same_moment(qtbot, device, player, noise):
    original = noise(1.5)
    # The edited one lacks the first 1,000 samples.
    edited = -original[1_000:]
    player.set_source(lambda: ArraySource(original), RATE_HZ)
    player.play()
    qtbot.waitUntil(lambda: player.position_samples > 9_600)
    before = player.position_samples
    player.swap_source(lambda: ArraySource(edited), lambda at: at - 1_000)
    assert abs(player.position_samples - (before - 1_000)) < 2_400
    wait_for_end(qtbot, player)
    assert player.position_samples == len(edited)
    player.close()
    heard = device.heard()[: len(original)]
    seam = same_until(heard, original)
    assert 9_600 < seam < len(original) - 9_600
    np.testing.assert_array_equal(heard[seam:], -original[seam:])
    assert player.underruns == 0


@on_alsa
def test_gain_changes_while_it_plays(qtbot, device, player, noise):
    frames = noise(1.5)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.play()
    qtbot.waitUntil(lambda: player.position_samples > 9_600)
    player.set_gain(-6.0)
    wait_for_end(qtbot, player)
    player.close()
    heard = device.heard()[: len(frames)]
    seam = same_until(heard, frames)
    assert 9_600 < seam < len(frames) - 9_600
    np.testing.assert_allclose(heard[seam:], frames[seam:] * np.float32(10.0 ** (-6.0 / 20.0)), rtol=1e-6)
    assert player.underruns == 0


@on_alsa
def test_device_that_goes_away_leaves_the_transport_moving(qtbot, device, player, noise):
    frames = noise(3.0)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.play()
    qtbot.waitUntil(lambda: player.position_samples > 0.3 * RATE_HZ)
    before = player.position_samples
    with qtbot.waitSignal(player.device_status_changed, timeout=5_000) as told:
        device.unplug()
        gone_s = time.monotonic()
    assert told.args[0].startswith("no audio device: default ")
    assert player.is_playing
    elapsed = (time.monotonic() - gone_s) * RATE_HZ
    assert before - 2_400 <= player.position_samples <= before + elapsed + 0.3 * RATE_HZ
    wait_for_end(qtbot, player)
    assert player.position_samples == len(frames)
    # The next start finds the device that is back.
    player.play(0, 4_800)
    wait_for_end(qtbot, player)
    assert player.device_status == f"default, {RATE_HZ} Hz"


SLEEPS = "sleep 0.2; kill -STOP $0; sleep 1.5; kill -CONT $0"


@on_alsa
@pytest.mark.usefixtures("device")
def test_a_computer_that_slept_plays_on(qtbot, player, noise):
    frames, failed = noise(4.0), []
    player.failed.connect(failed.append)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.play()
    qtbot.waitUntil(lambda: player.position_samples > 0.3 * RATE_HZ)
    before = player.position_samples
    asleep = subprocess.Popen(["sh", "-c", SLEEPS, str(os.getpid())])
    qtbot.waitUntil(lambda: asleep.poll() is not None, timeout=20_000)
    assert player.position_samples >= before
    wait_for_end(qtbot, player)
    assert player.position_samples == len(frames)
    assert not failed


@on_alsa
def test_device_that_comes_back_is_heard_again_while_playing(qtbot, device, player, noise):
    frames = noise(20.0)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    statuses: list[str] = []
    player.device_status_changed.connect(statuses.append)
    places: list[int] = []
    player.position_changed.connect(places.append)
    player.play()
    qtbot.waitUntil(lambda: player.position_samples > 0.3 * RATE_HZ)
    with qtbot.waitSignal(player.device_status_changed, timeout=5_000):
        device.take_away()
    lost_at = player.position_samples
    qtbot.waitUntil(lambda: player.position_samples > lost_at + 1.5 * RATE_HZ, timeout=5_000)
    assert statuses[-1].startswith("no audio device")  # it was looked for, and is not there
    device.put_back()
    with qtbot.waitSignal(player.device_status_changed, timeout=10_000) as told:
        pass
    assert told.args[0] == f"default, {RATE_HZ} Hz"
    back_at = player.position_samples
    qtbot.waitUntil(lambda: player.position_samples > back_at + 0.4 * RATE_HZ)
    assert player.is_playing
    player.close()
    steps = np.diff(places)
    standing = steps[: np.searchsorted(places[1:], lost_at)].max()
    assert steps.max() < max(4 * standing, 0.5 * RATE_HZ), "the window never stood still for it"
    heard = device.heard()
    begun = int(np.flatnonzero((frames == heard[0]).all(axis=1))[0])
    assert lost_at - 0.1 * RATE_HZ < begun <= back_at + 0.1 * RATE_HZ
    np.testing.assert_array_equal(heard[: RATE_HZ // 5], frames[begun : begun + RATE_HZ // 5])


@on_alsa
@pytest.mark.usefixtures("device")
def test_another_device_is_taken_while_playing(qtbot, player, noise):
    frames = noise(5.0)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    player.play()
    qtbot.waitUntil(lambda: player.position_samples > 4_800)
    before = player.position_samples
    player.set_audio(AudioChoice("No such device", 20))
    assert player.is_playing
    qtbot.waitUntil(lambda: player.device_status == "no audio device: No such device is not connected")
    player.set_audio(AudioChoice("default", 20))
    qtbot.waitUntil(lambda: player.device_status == f"default, {RATE_HZ} Hz")
    qtbot.waitUntil(lambda: player.position_samples > before + 9_600)
    assert "default" in output_devices()  # while a stream is open: nothing is looked for anew
    player.stop()


@on_alsa
@pytest.mark.usefixtures("no_device")
def test_without_a_device_the_transport_moves_in_real_time(qtbot, player, noise):
    frames = noise(0.6)
    player.set_source(lambda: ArraySource(frames), RATE_HZ)
    began_s = time.monotonic()
    player.play()
    assert player.device_status == "no audio device"
    seen: list[int] = []
    player.position_changed.connect(seen.append)
    wait_for_end(qtbot, player)
    assert time.monotonic() - began_s > 0.55
    assert player.position_samples == len(frames)
    assert len(seen) > 10
    assert seen == sorted(seen)


@on_alsa
@pytest.mark.usefixtures("no_device")
def test_without_a_device_stop_keeps_and_seek_moves_the_position(qtbot, player, noise):
    player.set_source(lambda: ArraySource(noise(5.0)), RATE_HZ)
    player.play(10_000)
    qtbot.waitUntil(lambda: player.position_samples > 12_000)
    player.seek(100_000)
    assert player.position_samples == 100_000
    qtbot.waitUntil(lambda: player.position_samples > 102_000)
    player.stop()
    stood = player.position_samples
    assert not player.is_playing
    player.swap_source(lambda: ArraySource(noise(1.0)), lambda at: at // 100)
    assert player.position_samples == stood // 100
    player.play(player.position_samples, stood // 100 + 4_800)
    wait_for_end(qtbot, player)
    assert player.position_samples == stood // 100 + 4_800


@on_alsa
@pytest.mark.usefixtures("device")
def test_rate_the_device_cannot_play_is_named(player, rng):
    frames = rng.standard_normal((2, 1)).astype(np.float32)
    player.set_source(lambda: ArraySource(frames, rate_hz=1), 1)
    player.play()
    assert player.device_status.startswith("no audio device: default does not support 1 Hz")
    player.stop()


@pytest.mark.usefixtures("no_device")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ArraySource(np.ones((9_600, 2), np.float32), breaks_at=4_000), "'jam.wav' cannot be read"),
        (lambda: ArraySource(np.ones((9_600, 2), np.float32), rate_hz=44_100), "44100 Hz"),
    ],
)
def test_source_that_fails_stops_with_one_sentence(qtbot, player, make, words):
    player.set_source(make, RATE_HZ)
    with qtbot.waitSignal(player.failed, timeout=5_000) as told:
        player.play()
    assert words in told.args[0]
    assert not player.is_playing


@pytest.mark.usefixtures("no_device")
@pytest.mark.parametrize("length", [0, 1, 2_047, 2_048, 2_049])
def test_any_length_ends_by_itself(qtbot, player, length):
    player.set_source(lambda: ArraySource(np.ones((length, 3), np.float32)), RATE_HZ)
    player.play()
    wait_for_end(qtbot, player)
    assert player.position_samples == length
    assert player.device_status == "no audio device, 3 channels folded down to 2"


def test_feed_gives_the_frames_in_order_whatever_the_blocks(rng):
    frames = rng.standard_normal((5_000, 2)).astype(np.float32)
    ring = Ring(700, 2, 1)
    feed = Feed(ring)
    arrived: list[Frames] = []
    put = 0
    while not ring.drained:
        count = min(int(rng.integers(0, ring.free + 1)), len(frames) - put)
        ring.put(frames[put : put + count])
        put += count
        ring.ended = put == len(frames)
        out = np.empty((int(rng.integers(1, 400)), 2), np.float32)
        arrived.append(out[: feed.fill(out)])
    np.testing.assert_array_equal(np.concatenate(arrived), frames)


@pytest.mark.parametrize(("at_frame", "late"), [(10, 0), (10, 7), (0, 5), (None, 3)])
def test_following_ring_takes_over_at_its_frame_or_makes_up_for_lost_time(at_frame, late):
    old, new = Ring(100, 1, 1), Ring(100, 1, 2)
    old.put(np.arange(50, dtype=np.float32)[:, None])
    new.put(np.arange(1_000, 1_050, dtype=np.float32)[:, None])
    feed = Feed(old)
    before = np.empty(((at_frame or 0) + late, 1), np.float32) if late else np.empty((0, 1), np.float32)
    feed.fill(before)
    old.following = Following(new, at_frame)
    after = np.empty((30, 1), np.float32)
    assert feed.fill(after) == 30
    if at_frame is None:
        expected = np.arange(1_000, 1_030)
    else:
        timeline = np.concatenate([np.arange(at_frame), np.arange(1_000, 1_050)])
        expected = timeline[len(before) : len(before) + 30]
    np.testing.assert_array_equal(after[:, 0], expected)
    assert feed.underruns == 0


class LateSource(ArraySource):
    """A source that nobody can read from until it is let go."""

    def __init__(self, frames: Frames) -> None:
        super().__init__(frames)
        self.asked, self.let_go = threading.Event(), threading.Event()

    def read(self, start_samples: int, stop_samples: int) -> Frames:
        """Wait, then return [start, stop)."""
        self.asked.set()
        assert self.let_go.wait(10.0)
        return super().read(start_samples, stop_samples)


def test_a_source_that_comes_late_leaves_no_gap(qtbot, noise):
    first, second = noise(4.0), LateSource(noise(4.0))
    reader, feed = Reader(RATE_HZ, 2, lambda *_: None), Feed(Ring(1, 2, 0))
    reader.start()
    reader.cue(Cue(1, 0, factory=lambda: ArraySource(first), after=feed.ring))
    out = np.zeros((512, 2), np.float32)
    qtbot.waitUntil(lambda: feed.fill(out) > 0)
    heard = [out.copy()]
    old = feed.ring
    qtbot.waitUntil(lambda: old.free < 20_000)
    reader.cue(Cue(2, lambda position: position, factory=lambda: second))
    assert second.asked.wait(10.0)
    for _ in range(90):  # nearly a second, long past the moment at which it should have taken over
        feed.fill(out)
        heard.append(out.copy())
    second.let_go.set()
    qtbot.waitUntil(lambda: old.following is not None)
    for _ in range(40):  # what is ready at once, without the reader
        feed.fill(out)
        heard.append(out.copy())
    reader.finish()
    frames = np.concatenate(heard)
    begins = same_until(frames, first)
    assert begins == 91 * 512
    assert feed.underruns == 0
    np.testing.assert_array_equal(frames[begins:], second._frames[begins : len(frames)])


def test_starved_feed_counts_and_plays_silence():
    ring = Ring(100, 1, 1)
    feed = Feed(ring)
    out = np.full((10, 1), 9.0, np.float32)
    assert feed.fill(out) == 0
    assert feed.underruns == 0  # nothing has begun yet
    ring.put(np.ones((4, 1), np.float32))
    assert feed.fill(out) == 4
    assert out[:, 0].tolist() == [1.0] * 4 + [0.0] * 6
    assert feed.underruns == 1


def test_channels_pass_spread_or_fold(rng):
    frames = rng.standard_normal((20, 5)).astype(np.float32)
    np.testing.assert_array_equal(to_device_channels(frames[:, :2], 2), frames[:, :2])
    np.testing.assert_array_equal(to_device_channels(frames[:, :1], 2), frames[:, [0, 0]])
    folded = to_device_channels(frames, 2)
    np.testing.assert_allclose(folded[:, 0], frames[:, [0, 2, 4]].mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(folded[:, 1], frames[:, [1, 3]].mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(to_device_channels(frames, 1)[:, 0], frames.mean(axis=1), rtol=1e-5)
    assert fold_sentence(5, 2) == "5 channels folded down to 2"
    assert fold_sentence(2, 2) == ""
