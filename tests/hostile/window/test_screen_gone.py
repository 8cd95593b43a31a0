"""A window whose screen goes away, as when its X server ends or the connection to another machine breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.document.document import Document
from tests.desktop.documents import make_document
from tests.desktop.screen import Screen
from tests.hostile.bad_files import good

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the screen is one of X")

OPENS = """
import sys
from PySide6.QtCore import QTimer
from desktop import app
opened = app.show
def show(window, what):
    opened(window, what)
    poll = QTimer(window, interval=20)
    poll.timeout.connect(lambda: window.work.is_busy or (poll.stop(), print("open", flush=True)))
    poll.start()
app.show = show
raise SystemExit(app.open_window(sys.argv[1:]))
"""


def test_the_program_ends_and_lets_go_of_the_document(tmp_path: Path) -> None:
    document = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    (tmp_path / "screen").mkdir()
    screen = Screen(tmp_path / "screen")
    kept = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    with subprocess.Popen(
        [sys.executable, "-c", OPENS, str(document)],
        env={**kept, "DISPLAY": screen.display},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as window:
        try:
            assert window.stdout is not None
            assert window.stdout.readline() == "open\n"
            screen.close()
            assert window.wait(30) > 0
        finally:
            window.kill()
        assert window.stderr is not None
        told = window.stderr.read()
    assert "Traceback" not in told
    with Document.open(document) as again:
        assert not again.is_read_only
