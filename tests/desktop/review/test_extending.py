"""What packages add, in the window: a finder is chosen, and edits of a kind that is not here do no harm."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtWidgets import QComboBox, QDialog, QLabel, QWidget

from engine.cli.main import main
from engine.document.proposals import Verdict
from engine.sound.edl.build import build
from tests.desktop.conftest import Hands
from tests.engine.core.extensions.conftest import ROOT, environment, packages, run  # noqa: F401
from tests.engine.features.takes.playing import RATE_HZ, joined, passage
from tests.hostile.window.test_window_keys import is_one_sentence, quiet_commands, said


def test_a_finder_is_chosen_from_a_list(hands: Hands, tmp_path: Path) -> None:
    whole = passage(1, 12.0)
    soundfile.write(tmp_path / "jam.wav", joined(whole, passage(2, 9.0), whole)[0], RATE_HZ, "PCM_16")
    assert main(["new", str(tmp_path / "jam.offcut"), str(tmp_path / "jam.wav")]) == 0
    hands.window.session.open(tmp_path / "jam.offcut")
    hands.finish_work()
    before = hands.window.session.state

    def takes(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        (choice,) = dialog.findChildren(QComboBox)
        choice.setCurrentIndex(choice.findText("Takes: Cuts all but the best take, and false starts."))
        dialog.accept()

    hands.do_and_answer(lambda: hands.window.commands.run("taste.maker"), takes)
    hands.finish_work()
    assert {one.maker for one in hands.window.session.state.proposals.values()} == {"takes"}
    hands.press("Ctrl+Z")
    assert hands.window.session.state.proposals == before.proposals


@pytest.fixture
def jam(tmp_path: Path) -> Path:
    """A document of noise with 5 s of silence in it."""
    noise = np.random.default_rng(7).uniform(-0.3, 0.3, 4 * 22_050)
    soundfile.write(
        tmp_path / "jam.wav", np.concatenate([noise, np.zeros(5 * 22_050), noise]), 22_050, "PCM_16"
    )
    assert main(["new", str(tmp_path / "jam.offcut"), str(tmp_path / "jam.wav")]) == 0
    return tmp_path / "jam.offcut"


def test_edits_of_a_kind_that_is_not_here_are_shown_and_do_nothing(
    hands: Hands,
    packages: Path,  # noqa: F811
    jam: Path,
) -> None:
    proposing = run(["propose", jam, "long-pauses"], packages=packages)
    assert proposing.statuses == (0,)
    window = hands.window
    window.session.open(jam)
    hands.finish_work()
    (proposal,) = (one for one in window.session.state.proposals.values() if one.kind == "tighten")
    window.review.choose(proposal.id)
    shown = [label.text() for label in window.queue_panel.findChildren(QLabel)]
    assert any("The kind 'tighten' is not available here" in text for text in shown)
    hands.press("A")
    state = window.session.state
    assert state.decisions[proposal.id].verdict is Verdict.ACCEPTED
    assert build(state).length_samples == 13 * 22_050
    window.review.choose(proposal.id)
    for command_id in quiet_commands():
        window.commands.run(command_id)
        assert not said(window) or "\n" not in said(window)
    hands.finish_work()
    assert all(is_one_sentence(sentence) for sentence in hands.refused)
    assert window.session.state.proposals[proposal.id] == proposal


IN_A_WINDOW = """
import json, sys, time
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from desktop.main_window import MainWindow
application = QApplication([])
window = MainWindow(application, QSettings(sys.argv[1], QSettings.Format.IniFormat))
window.show()
def rest():
    end = time.monotonic() + 60
    while window.work.is_busy and time.monotonic() < end:
        application.processEvents()
        time.sleep(0.01)
application.processEvents()
window.session.open(Path(sys.argv[2]))
rest()
window.finders.start("long-pauses", {"longer_than_s": 2.0})
rest()
(key,) = (key for key, one in window.session.state.proposals.items() if one.kind == "tighten")
window.review.choose(key)
window.commands.run("review.accept")
application.processEvents()
print(json.dumps([window.transport.result.length_samples, [one.text for one in window.messages.messages]]))
window.close()
"""


@pytest.mark.long
def test_a_finder_and_a_kind_of_a_package_are_used_in_the_window(
    packages: Path,  # noqa: F811
    jam: Path,
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_A_WINDOW, str(tmp_path / "settings.ini"), str(jam)],
        cwd=ROOT,
        env=environment(packages),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    length_samples, told = json.loads(done.stdout.splitlines()[-1])
    assert any("Long pauses: 1 edit proposed." in one for one in told)
    assert length_samples == pytest.approx(9 * 22_050, abs=0.03 * 22_050), (
        "four of the five silent seconds go"
    )
