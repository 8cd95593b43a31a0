"""Names and folders that nothing can be written to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from engine.exchange.export import ExportRequest
from tests.desktop.conftest import Hands, fill
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good
from tests.hostile.status import is_one_sentence, said
from tests.permissions import let_others_through


@pytest.mark.parametrize("name", ["x" * 300, "no such folder/mix"])
def test_an_export_that_cannot_be_named(reviewing: Hands, folder: Path, name: str) -> None:
    before, session = sorted(folder.iterdir()), reviewing.window.session
    out = folder / f"{name}.wav"
    reviewing.window.exporting.write((ExportRequest(session.state, session.media, out),))
    reviewing.finish_work()
    assert is_one_sentence(said(reviewing.window))
    problems: list[str] = []

    def answer(dialog: QWidget) -> None:
        fill(File="y" * 300)(dialog)
        labels = [each for each in dialog.findChildren(QLabel) if each.property("role") == "error"]
        problems.extend(each.text() for each in labels if each.isVisible())
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    reviewing.press_and_answer("Ctrl+E", answer)
    assert problems == ["The name is too long for the disk: choose a shorter one."]
    assert sorted(folder.iterdir()) == before


AS_NOBODY = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication
from desktop.shell.messages import reporting_refusals
from desktop.main_window import MainWindow
from engine.exchange.export import ExportRequest
import unicodedata, engine.exchange.export.plan, engine.recordings.listen  # others may not read Python
folder = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
application = QApplication([])
window = MainWindow(application, QSettings(str(folder / "open" / "s.ini"), QSettings.Format.IniFormat))
def wait():
    while window.work.is_busy:
        application.processEvents()
told = []
def close(question):
    if question is not None:
        told.append(question.text().splitlines()[0])
        question.reject()
window.status_bar.set_error = told.append
answering = QTimer(interval=20)
answering.timeout.connect(lambda: close(application.activeModalWidget()))
answering.start()
def attempt(do, *values):
    reporting_refusals(do, told.append)(*values)
    wait()
    print(told.pop() if told else "nothing was told", flush=True)
attempt(window.files.drop, [str(folder / "locked" / "take.wav")])
attempt(window.files.drop, [str(folder / "readable" / "take.wav")])
attempt(window.session.open, folder / "locked" / "jam.offcut")
window.session.open(folder / "readable" / "jam.offcut")
wait()
told.clear()
attempt(window.review.decide, "accepted")
session = window.session
for name in ("readable", "locked"):
    request = ExportRequest(session.state, session.media, folder / name / "mix.wav")
    attempt(window.exporting.write, (request,))
window.close()
"""


@pytest.mark.skipif(os.name != "posix", reason="modes mean this on POSIX only")
def test_folders_without_permission(tmp_path: Path) -> None:
    for name in ("locked", "readable", "open"):
        (tmp_path / name).mkdir()
    recording = good(tmp_path / "readable" / "take.wav")
    good(tmp_path / "locked" / "take.wav")
    make_document(tmp_path / "readable" / "jam.offcut", recording)
    (tmp_path / "locked" / "jam.offcut").write_bytes((tmp_path / "readable" / "jam.offcut").read_bytes())
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "readable").chmod(0o555)
    (tmp_path / "locked").chmod(0)
    let_others_through(tmp_path)
    before = (tmp_path / "readable" / "jam.offcut").read_bytes()
    homes = {f"XDG_{name}_HOME": str(tmp_path / "open") for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    homes["HOME"] = str(tmp_path / "open")
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, **homes, "QT_QPA_PLATFORM": "offscreen"},
        timeout=60,
        check=False,
    )
    for name in ("locked", "readable"):
        (tmp_path / name).chmod(0o755)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    for sentence, words in zip(
        told,
        (
            "locked/take.wav may not be read",
            "readable/take.offcut cannot be",
            "locked/jam.offcut cannot be read",
            "readable/jam.offcut could not be written",
            "readable/mix.wav cannot be written",
            "locked/mix.wav cannot be written",
        ),
        strict=True,
    ):
        assert words in sentence
        assert sentence.endswith(".")
    assert (tmp_path / "readable" / "jam.offcut").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "readable").iterdir()) == ["jam.offcut", "take.wav"]
