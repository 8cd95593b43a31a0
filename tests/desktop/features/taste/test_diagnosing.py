"""A window that says when its taste is wrong: on real recordings, with the demo's taste."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot
from scipy.signal import butter, sosfilt

from desktop.features.taste.widgets.learn_panel import LearnPanel
from desktop.main_window import MainWindow
from engine.features.taste.diagnoses.findings import Action
from tests.desktop.conftest import JOB_TIMEOUT_MS, Hands

DEMO = Path("resources/demo").absolute()
RATE_HZ = 44_100


@pytest.fixture
def song() -> NDArray[np.float32]:
    """Half a minute of the demo's raw recording."""
    audio, _ = soundfile.read(DEMO / "raw" / "Band.ogg", frames=30 * RATE_HZ, dtype="float32", always_2d=True)
    return np.asarray(audio.mean(axis=1))


def listen(window: MainWindow, hands: Hands, path: Path, audio: NDArray[np.float32]) -> None:
    soundfile.write(path, audio, RATE_HZ)
    window.recordings.import_files((path,))
    hands.finish_work()
    window.analysing.use_taste(DEMO / "demo.taste")
    hands.finish_work()


@pytest.mark.long
def test_another_recording_chain_is_said_once_with_what_to_do(
    window: MainWindow, hands: Hands, qtbot: QtBot, tmp_path: Path, song: NDArray[np.float32]
) -> None:
    said: list[str] = []
    window.diagnosing.said.connect(said.append)
    dull = np.asarray(sosfilt(butter(3, 700, fs=RATE_HZ, output="sos"), song), np.float32)
    listen(window, hands, tmp_path / "dull.wav", dull)
    qtbot.waitUntil(lambda: bool(window.diagnosing.findings), timeout=JOB_TIMEOUT_MS)
    finding = window.diagnosing.findings[0]
    assert finding.name == "other-sound"
    assert [remedy.action for remedy in finding.remedies] == [Action.LEARN_AGAIN, Action.OTHER_TASTE]
    assert len(said) == 1
    assert said[0].startswith(finding.sentence)
    window.analysing.propose({"threshold_mode": "keep", "keep": 0.5})
    assert len(said) == 1


def test_a_sound_taste_is_measured_when_somebody_asks_and_judged_as_the_threshold_moves(
    window: MainWindow, hands: Hands, qtbot: QtBot, tmp_path: Path, song: NDArray[np.float32]
) -> None:
    listen(window, hands, tmp_path / "song.wav", song)
    assert not window.diagnosing._lane.is_busy
    window.diagnosing.measure()
    qtbot.waitUntil(lambda: not window.diagnosing._lane.is_busy, timeout=JOB_TIMEOUT_MS)
    assert window.diagnosing.findings == ()
    with qtbot.waitSignal(window.diagnosing.found) as found:
        window.analysing.propose({"threshold_mode": "keep", "keep": 1.0})
    assert [finding.name for finding in found.args[0]] == ["nothing-cut-threshold"]
    with qtbot.waitSignal(window.diagnosing.found) as found:
        window.analysing.propose({"threshold_mode": "keep", "keep": 0.6})
    assert found.args[0] == ()


def test_recordings_are_checked_while_they_are_chosen(
    hands: Hands, qtbot: QtBot, tmp_path: Path, song: NDArray[np.float32]
) -> None:
    soundfile.write(tmp_path / "short.wav", song[: 12 * RATE_HZ], RATE_HZ)
    said: list[str] = []

    def look(dialog: QWidget) -> None:
        panel = dialog.findChild(LearnPanel)
        assert isinstance(dialog, QDialog)
        panel.add_files([str(tmp_path / "short.wav")])
        qtbot.waitUntil(lambda: bool(panel.findings), timeout=JOB_TIMEOUT_MS)
        said.extend(finding.sentence for finding in panel.findings)
        dialog.reject()

    hands.press_and_answer("Ctrl+L", look)
    assert said == [
        "0:12 of edits is little to learn from: many good passages will score high. 3:00 or more is better."
    ]


def test_closing_while_a_taste_is_measured_leaves_nothing_behind(
    window: MainWindow, hands: Hands, tmp_path: Path, song: NDArray[np.float32]
) -> None:
    listen(window, hands, tmp_path / "song.wav", song)
    window.diagnosing.measure()
    window.close()
    assert not window.diagnosing._lane.is_busy or window.diagnosing.findings == ()
