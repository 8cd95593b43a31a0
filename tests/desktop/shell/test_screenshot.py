"""The program on a real X screen without hardware; what it shows is kept in `screenshots/` for a person."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from tests.desktop.documents import make_document
from tests.desktop.screen import HEIGHT, WIDTH, Pixels, Screen
from tests.hostile.bad_files import RATE_HZ, good
from widgets.theme import DARK

ROOT = Path(__file__).resolve().parents[3]
KEPT = ROOT / "screenshots"
CUTS = ((2, 5), (8, 10), (14, 17))
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(
    shutil.which("Xvfb") is None, reason="Xvfb is not installed; bootstrap.py test installs it on Linux"
)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    folder = tmp_path / "screen"
    folder.mkdir()
    made = Screen(folder)
    yield made
    made.close()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    cuts = tuple((start * RATE_HZ, stop * RATE_HZ) for start, stop in CUTS)
    return make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20, 2), cuts)


def environment(screen: Screen) -> dict[str, str]:
    return {**os.environ, "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}


def keep(pixels: Pixels, name: str) -> None:
    KEPT.mkdir(exist_ok=True)
    packed = np.ascontiguousarray(pixels)
    image = QImage(packed.data, WIDTH, HEIGHT, 3 * WIDTH, QImage.Format.Format_RGB888)
    assert image.save(str(KEPT / name))


def share(pixels: Pixels, token: str) -> float:
    """Return the share of the pixels that have exactly this colour."""
    wanted = QColor(token)
    return float(np.mean((pixels == (wanted.red(), wanted.green(), wanted.blue())).all(axis=2)))


def test_the_program_paints_its_window_on_a_screen(screen: Screen, document: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "desktop.launch", str(document)],
        cwd=ROOT,
        env=environment(screen),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    give_up_s = time.monotonic() + PATIENCE_S
    while share(screen.pixels(), DARK.undecided) < 1e-4:  # the flags of the cuts that were proposed
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(timeout=0.1)
        assert time.monotonic() < give_up_s
    shown = screen.pixels()
    program.terminate()
    said, warned = program.communicate()
    keep(shown, "started.png")
    assert (said, warned) == ("", "")
    assert share(shown, DARK.bg) > 0.1
    assert share(shown, DARK.panel) > 0.1
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) > 100


REVIEW = """
import sys
from pathlib import Path
from PySide6.QtCore import QEventLoop, QSettings, Qt, qInstallMessageHandler
from PySide6.QtTest import QTest
warnings = []
qInstallMessageHandler(lambda kind, context, text: warnings.append(text))
from desktop.app import make_application
from desktop.main_window import MainWindow
document, out = sys.argv[1:]
application = make_application()
window = MainWindow(application, QSettings())
window.show()
window.activateWindow()
assert QTest.qWaitForWindowActive(window)
window.session.open(Path(document))
loop = QEventLoop()  # unlike QTest.qWait it lets Python's other threads run
window.work.rested.connect(loop.quit)
while window.work.is_busy:
    loop.exec()
for key in (Qt.Key.Key_A, Qt.Key.Key_X):
    QTest.keyClick(window.focusWidget(), key)
assert len(window.session.state.decisions) == 2
QTest.qWait(50)  # X draws what was painted before it hands out the picture
assert window.screen().grabWindow(0).save(out)
window.close()
for text in warnings:
    print(text)
"""


@pytest.mark.long
def test_keys_on_a_screen_show_their_decisions(screen: Screen, document: Path) -> None:
    KEPT.mkdir(exist_ok=True)
    out = KEPT / "decided.png"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", REVIEW, str(document), str(out)],
        cwd=ROOT,
        env=environment(screen),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    image = QImage(str(out)).convertToFormat(QImage.Format.Format_RGB888)
    assert (image.width(), image.height()) == (WIDTH, HEIGHT)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(HEIGHT, image.bytesPerLine())
    pixels = rows[:, : 3 * WIDTH].reshape(HEIGHT, WIDTH, 3)
    for token in (DARK.accepted, DARK.rejected, DARK.undecided):
        assert share(pixels, token) > 1e-4, token
    assert share(pixels, DARK.bg) > 0.1
