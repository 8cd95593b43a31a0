"""Features of packages: commands in palette, menu and keys, a panel made when it is first shown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.core.extensions.conftest import ROOT, environment, register, run

WINDOW = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QMenu
application = QApplication([])
from desktop.main_window import MainWindow
folder = Path(sys.argv[1])
window = MainWindow(application, QSettings(str(folder / "offcut.ini"), QSettings.Format.IniFormat))
window.show()
at_start = sorted(name for name in sys.modules if name.startswith(("offcut_example", "of_one")))
refused = []
window.commands.refused.connect(refused.append)
every = [menu for menu in window.menuBar().findChildren(QMenu) if menu.title() == "Packages"]
shown = {}
for command in json.loads(sys.argv[2]):
    for _ in range(3):
        window.commands.run(command)
        panels = [each for each in window.side.children() if type(each).__name__ == "PausesPanel"]
        shown.setdefault(command, []).append([not each.isHidden() for each in panels])
print(json.dumps({
    "at_start": at_start,
    "menu": [action.text().partition("\\t")[0] for menu in every for action in menu.actions()],
    "keys": {one.id: list(one.keys) for one in window.user_settings.keymap.commands
             if one.group == "Packages"},
    "shown": shown,
    "count": [each.count.text() for each in window.side.children() if type(each).__name__ == "PausesPanel"],
    "refused": refused,
}))
window.close()
"""

RECORDS = """
from desktop.shell.command import WINDOW, Command
from engine.core.features import Feature, OwnFinder
def row(id, keys=(), context=WINDOW):
    return (Command(id, "Do " + id, keys, context, "It does.", "Mine", print),)
GOOD, STRANGER = row("good.do"), row("review.do")
SPACE, TAKEN = row("space.do", ("Space",)), row("taken.do", ("A",))
LAYER = row("layer.do", context="grid")
good = Feature(title="Good", commands="of_one:GOOD", panel="of_one:panel")
empty = Feature(title="Empty")
finder = Feature(finders={"x": OwnFinder("of_one:X")})
stranger, space = Feature(commands="of_one:STRANGER"), Feature(commands="of_one:SPACE")
taken, layer = Feature(commands="of_one:TAKEN"), Feature(commands="of_one:LAYER")
missing = Feature(commands="of_one:NOTHING")
record = 7
def panel(shell):
    return 1 / 0
"""


def opened(packages: Path, folder: Path, *commands: str) -> dict[str, object]:
    """Open a window that sees these packages, and run each command three times."""
    made = subprocess.run(
        [sys.executable, "-c", WINDOW, str(folder), json.dumps(commands)],
        cwd=ROOT,
        env=environment(packages),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout.splitlines()[-1])


def test_the_example_adds_a_command_and_a_panel(packages: Path, tmp_path: Path) -> None:
    found = opened(packages, tmp_path, "pauses.panel")
    assert found["menu"] == ["Find long pauses", "Pauses panel"]
    assert found["keys"] == {"pauses.find": ["Alt+Shift+F2"], "pauses.panel": []}
    assert "offcut_example.pauses_panel" not in found["at_start"]
    assert found["shown"] == {"pauses.panel": [[True], [False], [True]]}
    assert found["count"] == ["0 pauses in the queue"]
    assert found["refused"] == []


def test_a_panel_that_fails_is_refused_with_the_name_of_its_package(tmp_path: Path) -> None:
    register(tmp_path, "of-one", {"offcut.features": {"good": "of_one:good"}}, of_one=RECORDS)
    found = opened(tmp_path, tmp_path, "good.panel")
    assert found["menu"] == ["Do good.do", "Good panel"]
    assert len(found["refused"]) == 3
    assert "of-one 1.0" in found["refused"][0]
    assert "ZeroDivisionError" in found["refused"][0]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("empty", "neither"),
        ("finder", "offcut.finders"),
        ("stranger", "review.do"),
        ("space", "Space"),
        ("taken", "review.accept"),
        ("layer", "layer"),
        ("missing", "NOTHING"),
        ("record", "int"),
    ],
)
def test_an_unusable_feature_is_left_out_and_the_others_work(name: str, word: str, tmp_path: Path) -> None:
    named = {"offcut.features": {name: f"of_one:{name}", "good": "of_one:good"}}
    register(tmp_path, "of-one", named, of_one=RECORDS)
    rows = {
        row["name"]: row["trouble"]
        for row in run(["doctor", "--json"], packages=tmp_path).json(0)["extensions"]
    }
    assert rows["good"] == ""
    assert word in rows[name]
