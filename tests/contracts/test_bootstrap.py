"""The set-up that a newcomer runs first: what it decides, what it says, and that a second start is quick."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PySide6.QtGui import QImage, QPainter

from tests.engine.web.browser import NAMES

ROOT = Path(__file__).resolve().parents[2]
READ_BY_OLD_PYTHONS = [
    ROOT / "packaging" / name for name in ("bootstrap.py", "setup_errors.py", "system_libraries.py")
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the set-up reads, without an environment."""
    shutil.copytree(ROOT / "packaging", tmp_path / "packaging")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture
def bootstrap(project: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The set-up as a module, at work on the copy."""
    monkeypatch.syspath_prepend(project / "packaging")
    for name in ("bootstrap", "system_libraries", "setup_errors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("bootstrap")


@pytest.fixture
def installed(project: Path, bootstrap: ModuleType) -> Path:
    """The copy with an environment that holds what this one holds, and says so."""
    venv.create(project / ".venv", with_pip=False, symlinks=os.name != "nt")
    own = Path(sysconfig.get_path("purelib"))
    (bootstrap.site_packages() / "all.pth").write_text(str(own))
    if sys.platform.startswith("linux"):
        (bootstrap.site_packages() / "PySide6").symlink_to(own / "PySide6")
    places = {"environment": str(bootstrap.environment()), "project": str(project)}
    bootstrap.write_stamp({"digest": bootstrap.wanted_digest(), **places, "dev": True, "gpu": False})
    return project


def start(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up as a person does, on the copy."""
    command = [sys.executable, str(project / "packaging" / "bootstrap.py"), *arguments]
    inherited = {
        name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    inherited.pop("QT_QPA_PLATFORM", None)
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=inherited | environment, check=False
    )


def pins() -> dict[str, str]:
    lines = (ROOT / "packaging" / "constraints.txt").read_text("utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def needed(requirement: Requirement, found: set[str]) -> set[str]:
    """Add what an installed requirement needs, all the way down."""
    name = canonicalize_name(requirement.name)
    if name in found:
        return found
    found.add(name)
    for line in distribution(name).requires or ():
        below = Requirement(line)
        extras = requirement.extras or {""}
        if below.marker is None or any(below.marker.evaluate({"extra": extra}) for extra in extras):
            needed(below, found)
    return found


@pytest.mark.parametrize("path", READ_BY_OLD_PYTHONS, ids=lambda path: path.name)
def test_old_pythons_can_read_the_scripts(path):
    ast.parse(path.read_text("utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_which_one_is_needed(bootstrap, capsys, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    assert bootstrap.main(["run"]) == 1
    assert "needs Python 3.11 or later and this is Python 3.9" in capsys.readouterr().err


def test_everything_the_project_needs_is_pinned_at_what_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found: set[str] = set()
    for line in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        needed(Requirement(line), found)
    found.remove(project["name"])  # named by its own extras
    versions = {name: distribution(name).version.partition("+")[0] for name in found}
    pinned = pins()
    assert versions == {name: pinned.get(name) for name in versions}


def test_pins_fit_every_machine():
    pinned = pins()
    assert not [name for name, version in pinned.items() if "+" in version], (
        "a build resolves on one index only"
    )
    assert not [name for name in pinned if name.startswith(("nvidia", "cuda", "triton"))]
    assert tuple(int(part) for part in pinned["pyside6-essentials"].split(".")[:2]) < (6, 12)


def test_pinned_pyside_keeps_the_references_to_none():
    # 6.12.0 loses one for each painting call on Python 3.11, until the process dies.
    image = QImage(16, 16, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    before = sys.getrefcount(None)
    for _ in range(500):
        painter.drawLine(0, 0, 15, 15)
    after = sys.getrefcount(None)
    painter.end()
    assert after > before - 50


@pytest.mark.parametrize("arguments", [["run"], ["run", "jam.offcut"], ["--gpu", "run"]])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_it_says_so_before_installing_anything(project, arguments):
    outcome = start(project, *arguments)
    assert outcome.returncode == 1
    assert "no display" in outcome.stderr
    assert "--headless" in outcome.stderr
    assert not (project / ".venv").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["run", "--headless", "jam.offcut"], 1, "takes no PROJECT"),
        (["run", "--fast"], 2, "unrecognized arguments: --fast"),
        ([], 2, "setup|run|test|bundle"),
    ],
)
def test_wrong_use_is_one_sentence(project, arguments, status, words):
    outcome = start(project, *arguments)
    assert (outcome.returncode, words in outcome.stderr) == (status, True)
    assert not (project / ".venv").exists()


@pytest.mark.alone
def test_second_start_hands_over_at_once(installed):
    direct = [sys.executable, "-m", "pytest", "--version"]
    extra = []  # beside what the same program takes when it is started directly
    for _ in range(3):  # the quickest counts: the machine may be busy with something else
        began_s = time.monotonic()
        outcome = start(installed, "test", "--version", DISPLAY=":0")
        handed_over_s = time.monotonic()
        subprocess.run(direct, capture_output=True, check=True)
        direct_s = time.monotonic() - handed_over_s
        extra.append((handed_over_s - began_s - direct_s) / direct_s)
        assert re.fullmatch(r"pytest \d+\.\d+\.\d+\n", outcome.stdout)
    assert min(extra) < 1.0


@pytest.mark.parametrize(
    ("arguments", "is_of_all"),
    [
        ([], True),
        (["--durations=20", "-q"], True),
        (["-k", "beats"], True),
        (["-m", "plays"], False),
        (["tests/engine"], False),
        (["tests/test_a.py::test_one"], False),
        (["--version"], False),
    ],
)
def test_tests_that_are_named_run_as_they_are_named(bootstrap, project, arguments, is_of_all):
    (project / "tests").mkdir()
    (project / "tests" / "engine").mkdir()
    (project / "tests" / "test_a.py").touch()
    assert bootstrap.is_of_all_tests(arguments) is is_of_all


def test_all_tests_run_once_and_one_that_fails_is_told(installed):
    folders = ("tests/engine", "tests/widgets", "tests/contracts", "tests/desktop")
    for folder in folders:
        (installed / folder).mkdir(parents=True)
        name = folder.replace("/", "_")
        (installed / folder / f"test_{name}.py").write_text(
            f"from pathlib import Path\ndef test_it(): Path('{name}.ran').open('x').close()\n"
        )
    shutil.copy(ROOT / "tests" / "conftest.py", installed / "tests")
    (installed / "tests_engine.ran").touch()
    outcome = start(installed, "test", "-q", "-p", "no:cacheprovider")
    assert (outcome.returncode, "1 failed" in outcome.stdout) == (1, True)
    assert len(list(installed.glob("*.ran"))) == len(folders)


@pytest.mark.parametrize(
    ("change", "dev", "gpu", "complete"),
    [
        ({}, True, False, True),
        ({}, False, False, True),
        ({}, True, True, False),
        ({"gpu": True}, True, False, True),
        ({"dev": False}, True, False, False),
        ({"dev": False}, False, False, True),
        ({"digest": "of older pins"}, False, False, False),
        ({"project": "/elsewhere"}, False, False, True),  # which is installed by itself
    ],
)
@pytest.mark.usefixtures("installed")
def test_installs_only_what_the_stamp_does_not_promise(bootstrap, change, dev, gpu, complete):
    assert bootstrap.is_complete(bootstrap.read_stamp() | change, dev, gpu) == complete


@pytest.mark.usefixtures("installed")
def test_extras_are_complete_where_the_stamp_promises_all_of_them(bootstrap):
    stamp = bootstrap.read_stamp() | {"extras": ["cluster", "web"]}
    assert bootstrap.is_complete(stamp, dev=False, gpu=False, extras=["web"])
    assert not bootstrap.is_complete(stamp, dev=False, gpu=False, extras=["web", "onnx"])
    assert not bootstrap.is_complete(bootstrap.read_stamp(), dev=False, gpu=False, extras=["web"])


def test_a_file_that_is_missing_is_one_sentence(project):
    (project / "packaging" / "constraints.txt").unlink()
    outcome = start(project, "setup")
    assert outcome.returncode == 1
    assert "constraints.txt" in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_damaged_stamp_promises_nothing(bootstrap, installed, text):
    (installed / ".venv" / "offcut-installed.json").write_text(text)
    assert bootstrap.read_stamp() == {}
    assert not bootstrap.is_complete({}, dev=False, gpu=False)


@pytest.mark.usefixtures("installed")
def test_a_failing_pip_is_one_sentence_below_its_last_words(bootstrap):
    with pytest.raises(Exception, match="run the same command again") as failure:
        bootstrap.pip(["install"], "Installing nothing")
    lines = str(failure.value).splitlines()
    assert lines[0].startswith("  | ")
    assert lines[-1].startswith("pip failed (installing nothing), its last words are above; ")


@pytest.mark.parametrize(
    ("name", "version", "huge"),
    [
        ("nvidia-cublas-cu12", "12.8.4.1", True),
        ("cuda-bindings", "13.0.3", True),
        ("triton", "3.6.0", True),
        ("torch", "2.13.0+cu130", True),
        ("torch", "2.13.0+rocm7.1", True),
        ("torch", "2.13.0+cpu", False),
        ("torch", "2.13.0", False),
        ("sympy", "1.14.0", False),
    ],
)
def test_what_a_gpu_build_is_known_by(bootstrap, name, version, huge):
    report = {"install": [{"metadata": {"name": name, "version": version}}]}
    assert bool(bootstrap.cuda_packages(json.loads(json.dumps(report)))) == huge


LDD = """
\tlinux-vdso.so.1 (0x00007ffd0d5f2000)
\tlibxcb-icccm.so.4 => not found
\tlibQt6Gui.so.6 => /p/libQt6Gui.so.6 (0x00007f1)
\tlibxcb-keysyms.so.1 => not found
\tlibxcb-icccm.so.4 => not found
"""


def test_missing_libraries_are_read_from_the_loader(bootstrap):
    libraries = bootstrap.system_libraries
    assert libraries.libraries_not_found(LDD) == ["libxcb-icccm.so.4", "libxcb-keysyms.so.1"]


@pytest.mark.parametrize("tool", ["apt-get", "dnf", "pacman"])
def test_one_command_installs_what_is_missing(bootstrap, tool):
    libraries = bootstrap.system_libraries
    command = libraries.install_command(tool, ["sound", "display"])
    assert command.startswith(tool)
    assert "portaudio" in command
    assert "xvfb" in command.lower()
    assert "xcb-util-wm" in libraries.PACKAGES[tool]["window"] or tool == "apt-get"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_browser_for_tests_is_installed_once_and_its_absence_ends_nothing(bootstrap, monkeypatch, is_there):
    libraries, commands = bootstrap.system_libraries, []
    found = {"chromium"} if is_there else set()

    def install(command):
        commands.append(command)
        raise libraries.SetupError("not known")

    monkeypatch.setattr(libraries, "may_install", lambda: True)
    monkeypatch.setattr(libraries.shutil, "which", lambda name: name if name in found else None)
    monkeypatch.setattr(libraries, "apt", install)
    libraries.provide_browser()
    assert [command.split()[-1] for command in commands] == ([] if is_there else ["chromium-headless-shell"])


def test_the_tests_know_the_browsers_that_are_installed(bootstrap):
    assert bootstrap.system_libraries.BROWSERS == NAMES


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux keeps these libraries apart")
@pytest.mark.usefixtures("installed")
def test_nothing_is_missing_here(bootstrap):
    assert bootstrap.system_libraries.missing(bootstrap.qt_plugin(), testing=True) == {}
