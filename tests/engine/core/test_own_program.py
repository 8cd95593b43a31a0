"""Programs of ours are started in one way, from the source and from a bundle."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.build import (
    MODULE_OPTION,
    Build,
    give_back_libraries,
    how_to_add,
    licences,
    module_command,
    module_environment,
    run_module,
    this_build,
)

ROOT = Path(__file__).resolve().parents[3]
STARTERS = ("desktop", "engine")


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)


def test_a_module_is_started_with_what_this_process_imports(tmp_path: Path) -> None:
    (tmp_path / "engine.py").write_text("raise SystemExit('the wrong engine')")
    command = module_command("engine.recordings.import_ahead")
    done = subprocess.run(
        command, cwd=tmp_path, env=module_environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("bundled")
def test_a_bundle_starts_itself() -> None:
    assert module_command("engine.recordings.import_ahead", "a.wav") == [
        sys.executable,
        MODULE_OPTION,
        "engine.recordings.import_ahead",
        "a.wav",
    ]
    assert module_environment() == dict(os.environ)


def test_only_modules_of_ours_are_run() -> None:
    with pytest.raises(ValueError, match="not a module of Offcut"):
        run_module("enginelike.os", [])


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("before", [None, "/somewhere"])
def test_programs_of_others_get_their_own_libraries(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/bundle")
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    monkeypatch.setenv("PYINSTALLER_RESET_ENVIRONMENT", "")
    give_back_libraries()
    assert os.environ["PYINSTALLER_RESET_ENVIRONMENT"] == "1", "for programs of ours"
    assert os.environ.get("LD_LIBRARY_PATH") == before
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ


def test_the_source_keeps_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/mine")
    give_back_libraries()
    assert os.environ["LD_LIBRARY_PATH"] == "/mine"


def test_what_is_missing_is_told_by_what_can_be_done_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert how_to_add("web") == "install them with pip install 'offcut[web]'"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "source" in how_to_add("web")


def test_nobody_else_starts_a_python() -> None:
    mine = {ROOT / "engine" / "core" / "build.py"}
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in STARTERS
        for path in (ROOT / folder).rglob("*.py")
        if path not in mine and "sys.executable" in path.read_text("utf-8")
    ]
    assert not found


def test_a_build_is_named_and_the_source_says_so(tmp_path: Path) -> None:
    assert this_build().sentence == f"{this_build().version} (source)"
    assert licences() is None
    (tmp_path / "build.json").write_text(
        '{"version": "1.2.3", "commit": "abc", "date": "2026-11-22", "time": "2026-11-22T10:00:00Z"}'
    )
    (tmp_path / "THIRD_PARTY.md").touch()
    assert this_build(tmp_path) == Build("1.2.3", "abc", "2026-11-22")
    assert this_build(tmp_path).sentence == "1.2.3 (2026-11-22, abc)"
    assert licences(tmp_path) == tmp_path / "THIRD_PARTY.md"
