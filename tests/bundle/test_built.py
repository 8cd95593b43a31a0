"""The program that was built: keys in its window, verbs, pages, and what it says of itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from pathlib import Path

import build
import pytest
import report

from tests.bundle.conftest import DEMO, from_source, recordings
from tests.bundle.typist import Typist
from tests.desktop.screen import Screen

STARTS_S = 120
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with a home of its own."""
    names = {
        f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "QT_"))}
    return {**inherited, **names, "HOME": str(tmp_path)}


def offcut(bundle: Path, home: dict[str, str], *words: object) -> str:
    """Run a verb of the bundle; return what it prints."""
    command = [str(bundle / "offcut"), *map(str, words)]
    done = subprocess.run(command, env=home, capture_output=True, text=True, timeout=STARTS_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def states(bundle: Path, home: dict[str, str], document: Path) -> list[str]:
    told = json.loads(offcut(bundle, home, "proposals", document, "--json"))
    return [one["state"] for one in told["proposals"]]


def test_the_folder_is_small_and_says_what_is_in_it(bundle: Path) -> None:
    assert report.size(bundle) / 1e6 <= build.LIMIT_MB
    for name in ("THIRD_PARTY.md", "LICENSE", "CHANGELOG.md"):
        assert (bundle / name).stat().st_size > 500
    listed = json.loads((bundle / "_internal" / "offcut.cdx.json").read_text("utf-8"))["components"]
    names = {one["name"].lower() for one in listed}
    wanted = {"torch", "numpy", "pyside6_essentials", "portaudio", "qt", "inter", "python"}
    assert not {name for name in wanted if name not in names}
    page = (bundle / "THIRD_PARTY.md").read_text("utf-8")
    unsaid = [one["name"] for one in listed if f"| {one['name']} |" not in page]
    assert not unsaid
    assert not [one["name"] for one in listed if "licenses" not in one], "of each a licence is known"


def test_it_says_of_what_it_was_built(bundle: Path, home: dict[str, str]) -> None:
    told = json.loads((bundle / "_internal" / "build.json").read_text("utf-8"))
    said = offcut(bundle, home, "--version")
    assert said == f"offcut {told['version']} ({told['date']}, {told['commit']})\n"
    doctor = json.loads(offcut(bundle, home, "doctor", "--json"))
    assert doctor["build"]["commit"] == told["commit"]
    assert Path(doctor["licences"]).is_file()
    assert all(doctor["packages"].values())
    assert not [line for line in doctor["missing"] if "device" not in line], "PortAudio is inside"


def test_keys_in_its_window_give_the_bytes_of_the_source(
    bundle: Path, home: dict[str, str], screen: Screen, tmp_path: Path
) -> None:
    project, by_keys, by_verbs = tmp_path / "jam.offcut", tmp_path / "jam edited.wav", tmp_path / "verbs.wav"
    from_source("new", project, *recordings("raw"))
    from_source("propose", project, "cuts", "--taste", DEMO / "demo.taste", "--keep", 0.53)
    twin = tmp_path / "twin.offcut"
    twin.write_bytes(project.read_bytes())
    typist = Typist(
        [str(bundle / "offcut"), str(project)], screen.display, home | {"DISPLAY": screen.display}
    )
    try:
        open_ones = len(states(bundle, home, project))
        assert open_ones >= 3
        for answered in range(1, open_ones + 1):
            typist.press("^jam", "a")
            typist.wait("the answer", lambda n=answered: states(bundle, home, project).count("accepted") >= n)
        typist.press("^jam", "ctrl+e")
        typist.press("^Export", "Return")
        typist.wait("the export", lambda: by_keys.is_file() and not typist.is_open("^Export"))
    finally:
        typist.close()
    from_source("decide", twin, "accept", "--all")
    from_source("export", twin, "--out", by_verbs)
    assert by_keys.read_bytes() == by_verbs.read_bytes()


def test_processes_are_started_from_the_bundle(bundle: Path, home: dict[str, str], tmp_path: Path) -> None:
    scored = tmp_path / "scores.csv"
    offcut(bundle, home, "score", DEMO / "demo.taste", DEMO / "raw", "--workers", 2, "--csv", scored)
    alone = tmp_path / "alone.csv"
    offcut(bundle, home, "score", DEMO / "demo.taste", DEMO / "raw", "--workers", 1, "--csv", alone)
    assert scored.read_bytes() == alone.read_bytes()


def test_it_starts_nothing_but_modules_of_its_own(bundle: Path, home: dict[str, str]) -> None:
    command = [str(bundle / "offcut"), "--module", "os", "x"]
    done = subprocess.run(command, env=home, capture_output=True, text=True, timeout=STARTS_S, check=False)
    assert done.returncode != 0
    assert "not a module of Offcut" in done.stderr


def test_pages_are_served(bundle: Path, home: dict[str, str]) -> None:
    command = [str(bundle / "offcut"), "serve", str(DEMO / "raw"), "--no-browser", "--json"]
    with subprocess.Popen(command, env=home, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            address = json.loads(server.stdout.readline())["address"]
            with urllib.request.urlopen(address, timeout=STARTS_S) as answer:
                assert "Offcut" in answer.read().decode()
        finally:
            server.terminate()


@pytest.mark.parametrize("verb", ["evaluate", "bench", "experiment"])
def test_what_is_left_out_is_told_in_one_sentence(bundle: Path, home: dict[str, str], verb: str) -> None:
    command = [str(bundle / "offcut"), verb]
    done = subprocess.run(command, env=home, capture_output=True, text=True, timeout=STARTS_S, check=False)
    assert done.returncode == 1
    assert re.fullmatch(rf"offcut {verb}: [^\n]*source[^\n]*\n", done.stderr), done.stderr
