"""A sound device that goes away while a job of any kind runs takes nothing with it but sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from desktop.shell.playback import Player
from desktop.shell.work.job_lanes import JobLanes
from tests.desktop.shell.playback.array_source import ArraySource
from tests.desktop.sound_device import RATE_HZ, CapturingDevice, on_alsa
from tests.hostile.jobs import JOBS, made_session, names_in, opened_session

pytestmark = [
    pytest.mark.plays,
    pytest.mark.long,
    on_alsa,
]
LONGEST_MS = 60_000


def test_a_device_that_goes_away_while_a_job_runs_leaves_both_going(
    qtbot: QtBot, device: CapturingDevice, data_dir: Path, tmp_path: Path
) -> None:
    made_session(tmp_path / "session", data_dir)
    own = opened_session(tmp_path / "session")
    before = names_in(own.folder)
    player, lanes, failed = Player(), JobLanes(), list[str]()
    player.failed.connect(failed.append)
    player.set_source(lambda: ArraySource(np.zeros((600 * RATE_HZ, 2), np.float32)), RATE_HZ)
    try:
        for name, work in JOBS.items():
            player.play()
            qtbot.waitUntil(lambda: device.is_taking)
            with qtbot.waitSignal(player.device_status_changed, timeout=LONGEST_MS) as told:
                job = lanes.compute.submit(work, own, title=name)
                job.failed.connect(failed.append)
                job.started.connect(device.unplug)
                with qtbot.waitSignal(job.finished, timeout=LONGEST_MS):
                    pass
            assert told.args[0].startswith("no audio device"), name
            assert player.is_playing, name
            player.stop()
    finally:
        player.close()
        lanes.close()
    assert not failed
    assert names_in(own.folder) - before == {"made.taste", "made.editor", "made.flac"}
