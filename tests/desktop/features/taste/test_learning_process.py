"""Learning runs in a process of its own: the same taste, and the window stays master of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.features.taste.learning import learn_taste
from desktop.features.taste.widgets.learn_panel import LearnRequest as Asked
from desktop.shell.work.job_lanes import JobHandle, JobLane
from engine.core.files.places import state_folder
from engine.core.own_process import run_in_own_process
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from tests.engine.conftest import TINY

RATE_HZ = 22_050
LENGTH_S = 20
JOB_TIMEOUT_MS = 60_000

needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")


@pytest.fixture
def lane(qapp) -> Iterator[JobLane]:  # noqa: ARG001 - signals need an application
    made = JobLane("test lane")
    yield made
    assert made.close()
    assert multiprocessing.active_children() == []


@pytest.fixture
def edited(tmp_path: Path, rng: np.random.Generator) -> Path:
    times = np.arange(LENGTH_S * RATE_HZ) / RATE_HZ
    music = np.sin(2 * np.pi * 220 * times) * np.sin(2 * np.pi * times) ** 2 / 3
    path = tmp_path / "edited.wav"
    soundfile.write(path, music + 0.01 * rng.standard_normal(len(times)), RATE_HZ)
    return path


def learning(lane: JobLane, edited: Path, out: Path, epochs: int = 1) -> JobHandle:
    asked = Asked((str(edited),), out.stem, epochs, 3)
    return lane.submit(learn_taste, asked, out, False, title=f"Learning {out.stem}")


def begun(qtbot, job: JobHandle) -> float:
    """Wait until the other process has begun to learn; return how long it took to start it, in seconds."""
    asked_s = time.monotonic()
    with qtbot.waitSignal(job.progressed, timeout=JOB_TIMEOUT_MS):
        pass
    return time.monotonic() - asked_s


@pytest.mark.long
def test_the_taste_is_the_same_as_one_learned_in_this_process(edited, tmp_path):
    tastes = []
    for way in (
        lambda request: run_in_own_process(learn, (request,), SILENT),
        lambda request: learn(request, SILENT),
    ):
        learned = way(LearnRequest((edited,), TINY, 3, tmp_path / "a.taste", overwrite=True))
        assert learned.epochs == TINY.epochs
        tastes.append(learned.path.read_bytes())
    assert tastes[0] == tastes[1]


@pytest.mark.alone
def test_a_cancel_is_answered_sooner_than_a_process_starts_and_leaves_nothing(qtbot, lane, edited, tmp_path):
    job = learning(lane, edited, tmp_path / "a.taste")
    start_s = begun(qtbot, job)
    asked_s = time.monotonic()
    with qtbot.waitSignal(job.cancelled, timeout=JOB_TIMEOUT_MS):
        job.cancel()
    assert time.monotonic() - asked_s < start_s
    assert list(tmp_path.iterdir()) == [edited]


@pytest.mark.alone
def test_closing_while_a_taste_is_learned_ends_its_process(qtbot, edited, tmp_path, qapp):  # noqa: ARG001
    lane = JobLane("closing lane")
    start_s = begun(qtbot, learning(lane, edited, tmp_path / "a.taste"))
    assert len(multiprocessing.active_children()) == 1
    began_s = time.monotonic()
    assert lane.close()
    assert time.monotonic() - began_s < start_s
    assert multiprocessing.active_children() == []


@pytest.mark.long
def test_what_cannot_be_learned_from_is_told_in_one_sentence(qtbot, lane, tmp_path):
    bad = tmp_path / "noise.wav"
    bad.write_bytes(b"no audio at all")
    with qtbot.waitSignal(learning(lane, bad, tmp_path / "a.taste").failed, timeout=JOB_TIMEOUT_MS) as failed:
        pass
    assert "noise.wav" in failed.args[0]
    assert "unexpectedly" not in failed.args[0]
    assert not (state_folder() / "offcut.log").exists()


@needs_kill
def test_a_learner_that_is_killed_is_told_and_the_next_one_learns(qtbot, lane, edited, tmp_path):
    job = learning(lane, edited, tmp_path / "a.taste")
    begun(qtbot, job)
    (child,) = multiprocessing.active_children()
    with qtbot.waitSignal(job.failed, timeout=2_000) as failed:
        os.kill(child.pid, signal.SIGKILL)
    assert "SIGKILL" in failed.args[0]
    assert list(tmp_path.iterdir()) == [edited]
    again = learning(lane, edited, tmp_path / "a.taste")
    begun(qtbot, again)
    with qtbot.waitSignal(again.cancelled, timeout=2_000):
        again.cancel()
