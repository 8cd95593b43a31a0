"""The arrows between the packages, and what the light half may not drag in."""

from __future__ import annotations

import importlib.util
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "librosa", "scipy", "numba", "sklearn")
QT = ("PySide6", "pyqtgraph")
DEVICE = ("sounddevice",)
# Large, and needed only once somebody opens the Taste page, learns or names a sound.
WAITING = ("pyqtgraph", "pydantic", "tokenizers", "safetensors")
LIGHT_PACKAGES = (
    "engine.sound",
    "engine.document",
    "engine.review",
    "engine.exchange",
    "engine.features.taste.cuts",
)


def modules_below(package: str) -> list[str]:
    """Return a package and all modules below it, without importing any but the packages."""
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.submodule_search_locations is not None
    below = pkgutil.walk_packages(found.submodule_search_locations, package + ".")
    return [package, *(module.name for module in below)]


def in_memory_after(script: str) -> set[str]:
    """Return the top-level packages in memory after a fresh Python has run a script."""
    script += "\nimport sys\nprint(*{name.split('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", script]
    outcome = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return set(outcome.stdout.split())


def imported_by(modules: list[str]) -> set[str]:
    """Return the top-level packages in memory after a fresh Python has imported these modules."""
    return in_memory_after(f"import {', '.join(modules)}")


def test_import_linter_contracts_hold():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    outcome = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("package", LIGHT_PACKAGES)
def test_light_half_of_the_engine_knows_no_models_and_no_window(package):
    modules = ["engine.core.timebase", *modules_below(package)]
    assert not imported_by(modules) & {*HEAVY, *QT, *DEVICE}


def test_widgets_know_no_models_and_no_device():
    assert not imported_by(modules_below("widgets")) & {*HEAVY, *DEVICE}


def test_everything_the_window_is_made_of_loads_without_models_and_device():
    assert not imported_by(modules_below("desktop")) & {*HEAVY, *DEVICE}


OPEN_WINDOW = """
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from desktop.main_window import MainWindow
application = QApplication([])
window = MainWindow(application, QSettings({settings!r}, QSettings.Format.IniFormat))
window.show()
application.processEvents()
window.close()
"""


def test_an_open_window_has_loaded_no_models_no_device_and_nothing_else_that_waits(tmp_path):
    script = OPEN_WINDOW.format(settings=str(tmp_path / "settings.ini"))
    assert not in_memory_after(script) & {*HEAVY, *DEVICE, *WAITING}


START = """
import desktop.launch, desktop.main_window
from engine.cli.main import LABORATORY, SECTIONS, verb_named
for title, verbs in SECTIONS.items():
    if title != LABORATORY:
        for name in verbs:
            verb_named(name)
"""


def test_neither_the_window_nor_a_verb_of_the_product_knows_the_laboratory():
    report = "import sys\nprint(*{name.rpartition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", START + report], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "engine.cli" in loaded
    assert not [name for name in loaded if name.startswith(("engine.lab", "desktop.bench"))]


HELP = """
from contextlib import redirect_stdout, suppress
from io import StringIO
from desktop.launch import main
for words in ([], ["a.offcut", "repair"], ["a.offcut", "cuts"]):
    with suppress(SystemExit), redirect_stdout(StringIO()):
        main(["propose", *words, "--help"])
"""


def test_help_of_finders_is_written_without_qt_and_models():
    assert not in_memory_after(HELP) & {*QT, *HEAVY, *DEVICE}


def test_a_verb_is_understood_without_qt():
    assert not imported_by(["desktop.launch"]) & {*QT, *HEAVY, *DEVICE}


def test_no_module_imports_itself_by_way_of_others():
    """Imports for annotations count."""
    graph = grimp.build_graph("desktop", "widgets", "engine", cache_dir=None)
    left = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    while ends := {name for name, below in left.items() if not below & left.keys()}:
        left = {name: below for name, below in left.items() if name not in ends}
    assert not left, "these import each other, or what does"
