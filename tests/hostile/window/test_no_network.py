"""Nothing goes out unless the user asks for it: the main job is done where every way out is forbidden."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "resources" / "demo"

WITHOUT_A_WAY_OUT = """
import sys

WAYS_OUT = {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
            "socket.gethostbyname", "urllib.Request", "http.client.connect", "ftplib.connect"}

def forbid(event, arguments):
    if event in WAYS_OUT:
        sys.stderr.write(f"WENT OUT: {event} {arguments!r}\\n")
        raise SystemExit(97)

sys.addaudithook(forbid)
"""
VERBS = """
from desktop.launch import main
for line in sys.argv[1:]:
    status = main(line.split("|"))
    assert status == 0, (line, status)
"""
WINDOW = """
import os
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtCore import QSettings
from desktop.app import make_application, show
from desktop.main_window import MainWindow
application = make_application()
window = MainWindow(application, QSettings())
window.show()
show(window, ["--demo"])
while window.work.is_busy or not window.session.state.proposals:
    application.processEvents()
window.close()
"""


def run_forbidden(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_A_WAY_OUT + program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, cwd=ROOT)


def test_the_way_out_is_forbidden() -> None:
    outcome = run_forbidden("import socket; socket.create_connection(('127.0.0.1', 9))")
    assert outcome.returncode == 97
    assert "WENT OUT" in outcome.stderr


@pytest.mark.long
def test_the_main_job_on_the_command_line_asks_nobody(tmp_path: Path) -> None:
    document, mix = tmp_path / "jam.offcut", tmp_path / "jam.wav"
    raw = sorted(map(str, (DEMO / "raw").iterdir()))
    taste = str(DEMO / "demo.taste")
    verbs = (
        ["new", str(document), *raw],
        ["propose", str(document), "cuts", "--taste", taste],
        ["decide", str(document), "accept", "--all"],
        ["export", str(document), "--out", str(mix), str(tmp_path / "jam.rpp")],
        ["detect", raw[0], "--window", "12.5", "14.5"],
        ["beats", raw[0]],
        ["doctor"],
    )
    outcome = run_forbidden(VERBS, *map("|".join, verbs))
    assert outcome.returncode == 0, outcome.stderr[-2000:]
    assert mix.stat().st_size > 1_000_000


@pytest.mark.long
def test_the_window_asks_nobody() -> None:
    outcome = run_forbidden(WINDOW)
    assert outcome.returncode == 0, outcome.stderr[-2000:]
