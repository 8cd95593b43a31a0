"""The programs that ``offcut bench`` starts for the window, on little so that it is soon done."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.app import show
from desktop.bench import importing
from engine.core.build import module_environment
from engine.document.document import Document
from engine.lab.bench.sound import write
from tests.desktop.conftest import Hands
from tests.desktop.sound_device import on_alsa

PLAYBACK = """
from desktop.bench.document import Load
from desktop.bench.playback import playback
print([(one.metric, one.value) for one in playback(0.2, Load(tracks=2, length_s=120, proposals=60))])
"""

SOAK = """
from desktop.bench import soak
from desktop.bench.document import Load
if __name__ == "__main__":  # what learns is a program of its own, which reads this one
    soak.PLAYED_S = 3.0
    loads = Load(tracks=2, length_s=120, proposals=60), Load(tracks=2, length_s=60, proposals=10)
    print([(one.metric, one.value) for one in soak.soak(0.4, *loads)])
"""


def test_a_recording_on_the_command_line_is_imported(hands: Hands, tmp_path: Path) -> None:
    path = write(tmp_path / "jam.wav", 1)
    show(hands.window, [str(path)])
    hands.qtbot.waitUntil(lambda: bool(hands.window.session.state.tracks), timeout=20_000)
    hands.window.work.cancel()
    hands.finish_work()
    window = hands.window
    assert window.session.path == tmp_path / "jam.offcut"
    show(window, [str(Document.create(tmp_path / "other.offcut").path)])
    assert window.session.name == "other"


@pytest.mark.parametrize("what", [pytest.param("window", marks=pytest.mark.long), "reading"])
def test_a_program_says_how_long_it_took_and_how_much(tmp_path: Path, what: str) -> None:
    path = write(tmp_path / "take.wav", 2)
    report = importing._run(what, path, tmp_path / "home")
    assert report["cpu_s"] > 0.0
    assert 0.0 < report["wall_s"] < 60.0
    assert 10.0 < report["peak_mb"] < 400.0
    assert [found.name for found in tmp_path.iterdir() if found.suffix] == ["take.wav"]


@pytest.mark.alone
@pytest.mark.long
@on_alsa
def test_playing_while_training_and_deciding_is_measured(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PLAYBACK]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=True)
    found = dict(ast.literal_eval(done.stdout))
    assert found["source_underruns"] == found["result_underruns"] == 0
    assert found["source_decisions"] > 0
    assert found["result_minutes_played"] == pytest.approx(0.1, rel=0.2)


@pytest.mark.plays
@pytest.mark.long
@on_alsa
def test_rounds_of_work_leave_nothing_behind(tmp_path: Path) -> None:
    program = tmp_path / "soaked.py"
    program.write_text(SOAK)
    environment = {**os.environ, **module_environment(), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, str(program)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=True)
    found = dict(ast.literal_eval(done.stdout))
    for name in ("threads", "handles", "processes", "temporary_files"):
        assert found[f"{name}_more"] <= 0.0, name
    assert found["memory_growth_percent"] < 10.0, "of so few rounds, hardly any is a leak"
    assert min(found[name] for name in ("rounds", "answers", "repairs", "moves")) > 0
