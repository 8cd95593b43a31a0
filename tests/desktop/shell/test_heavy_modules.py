"""No command imports a heavy module on the window's thread, also not the first time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.shell.work.window_thread import is_loaded
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("mode", ["all", pytest.param("heavy", marks=pytest.mark.long)])
def test_no_command_imports_a_heavy_module_on_the_windows_thread(tmp_path: Path, mode: str) -> None:
    recordings = (good(tmp_path / "jam.wav", 20), good(tmp_path / "room.wav", 20))
    document = make_document(tmp_path / "jam.offcut", recordings[0])
    samples, _ = soundfile.read(recordings[0])
    edited = np.concatenate([samples[: 4 * RATE_HZ], samples[8 * RATE_HZ :]])
    soundfile.write(tmp_path / "edited.wav", edited, RATE_HZ)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.desktop.shell.every_command", mode, document, tmp_path / "edited.wav"],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


OPEN_PAGE = """
import sys, threading, time
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from desktop.main_window import MainWindow
from desktop.shell.work import work

def load(name, progress, plain=work.load):
    print(name, threading.current_thread() is threading.main_thread())
    plain(name, progress)

work.load = load
application = QApplication([])
window = MainWindow(application, QSettings({settings!r}, QSettings.Format.IniFormat))
window.show()
window.commands.run("taste.page")
assert "desktop.features.taste.widgets.page" not in sys.modules
give_up_s = time.monotonic() + 60
while not window.tasting.is_open and time.monotonic() < give_up_s:
    application.processEvents()
print(window.tasting.page.isVisible())
window.close()
"""


def test_the_taste_page_opens_after_a_worker_imported_its_plots(tmp_path: Path) -> None:
    script = OPEN_PAGE.format(settings=str(tmp_path / "settings.ini"))
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.split()) == (0, ["pyqtgraph", "False", "True"]), ran.stderr


def test_what_needs_a_heavy_module_is_done_after_a_worker_imported_it(hands: Hands) -> None:
    name = "tests.desktop.shell.rarely_imported"
    done: list[tuple[bool, bool]] = []

    def note() -> None:
        module = sys.modules[name]
        done.append((module.importer is threading.main_thread(), is_loaded(name)))

    assert not is_loaded(name)
    hands.window.work.once_loaded(name, "Loading", note)
    assert done == []
    hands.finish_work()
    assert done == [(False, True)]
    hands.window.work.once_loaded(name, "Loading", note)
    assert len(done) == 2, "the second time it is done at once"
