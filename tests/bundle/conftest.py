"""What the tests of the bundle share: the scripts that build it, what was built, and the source run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundle.typist import missing
from tests.desktop.screen import Screen

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "resources" / "demo"
sys.path.insert(0, str(ROOT / "packaging" / "bundle"))


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The folder that was built."""
    folder = Path(os.environ.get("OFFCUT_BUNDLE", ROOT / "dist" / "offcut"))
    if not (folder / "offcut").is_file():
        pytest.skip("There is no bundle: build one with 'python3 packaging/bootstrap.py bundle'.")
    return folder.resolve()


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """A screen on which keys can be pressed."""
    lacking = missing()
    if lacking:
        pytest.skip(f"Keys are pressed by {lacking}, which is not installed.")
    folder = tmp_path / "screen"
    folder.mkdir()
    made = Screen(folder)
    yield made
    made.close()


def main_job(raw: list[str], edited: list[str], home: str) -> tuple[tuple[str, ...], ...]:
    """Return the verbs that take the demo from its recordings to a mix, writing to a folder."""
    project, taste = f"{home}/demo.offcut", f"{home}/Mine.taste"
    return (
        ("new", project, *raw),
        ("learn", *edited, "--seed", "0", "--out", taste),
        ("propose", project, "cuts", "--taste", taste, "--keep", "0.53"),
        ("decide", project, "accept", "--all"),
        ("export", project, "--out", f"{home}/mix.wav"),
    )


def recordings(kind: str, demo: Path = DEMO) -> list[str]:
    """Return the recordings of the demo: "raw" or "edited"."""
    return [str(demo / kind / path.name) for path in sorted((DEMO / kind).iterdir())]


@pytest.fixture(scope="session")
def source_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the source makes of the demo: demo.offcut, Mine.taste, mix.wav."""
    folder = tmp_path_factory.mktemp("source")
    for words in main_job(recordings("raw"), recordings("edited"), str(folder)):
        from_source(*words)
    return folder


def from_source(*words: object) -> str:
    """Run a verb of the source; return what it prints."""
    command = [sys.executable, "-m", "desktop.launch", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
