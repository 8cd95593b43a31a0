"""A window that the system ends while a job runs: it ends at once, and offers the job again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HOLDING = """
import sys, time
from desktop import app
from desktop.shell.work.work import Again
show = app.show
def hold(_request, _progress):
    time.sleep(600)  # as a job in one long call, which never looks for a cancel
def show_and_work(window, what):
    show(window, what)
    job = window.work.compute(hold, None, "Holding", print, again=Again("taste.learn"))
    job.started.connect(lambda: print("runs", flush=True))
app.show = show_and_work
sys.exit(app.open_window([]))
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM is POSIX")
def test_a_job_that_does_not_look_holds_up_no_end_and_is_offered_again(tmp_path: Path) -> None:
    folders = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "DATA", "CACHE", "STATE")}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING],
        cwd=ROOT,
        env={**os.environ, **folders, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"runs\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    [settings] = (tmp_path / "CONFIG").rglob("*.ini")
    assert "Holding" in settings.read_text()
