"""The bundle where nothing else is: no Python, no network, nowhere to write but a home with an odd name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import clean_root
import pytest

from tests.bundle.conftest import from_source, recordings
from tests.bundle.typist import Typist
from tests.desktop.screen import Screen

INSIDE = Path("/opt/offcut/_internal/resources/demo")
LEARNS_S = 1_500.0

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(3_000),  # it learns with the default recipe, and so does the source
    pytest.mark.skipif(not clean_root.may(), reason="Namespaces are made by root on Linux only."),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    for parent in (folder, *folder.parents[:-1]):
        if parent.stat().st_mode & 0o77 == 0:
            parent.chmod(0o755)  # another user goes through
    clean_root.make(folder)
    return folder


def inside(bundle: Path, root: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a verb in the root."""
    return subprocess.run(
        clean_root.command([clean_root.PROGRAM, *map(str, words)]),
        env=clean_root.environment(bundle, root),
        capture_output=True,
        text=True,
        timeout=LEARNS_S,
        check=False,
    )


def test_there_is_no_python_no_network_and_nowhere_to_write(bundle: Path, root: Path) -> None:
    assert not [path for path in root.rglob("*") if "python" in path.name.lower()]
    refused = inside(bundle, root, "new", "/opt/offcut/a.offcut", *recordings("raw", INSIDE))
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    said = json.loads(inside(bundle, root, "doctor", "--json").stdout)
    assert said["data_folder"].startswith(clean_root.HOME)
    assert not [line for line in said["missing"] if "PortAudio" in line], (
        "a program it started found it inside"
    )


def test_the_whole_main_job_by_keys_gives_the_bytes_of_the_source(
    bundle: Path, root: Path, screen: Screen, source_run: Path
) -> None:
    home = clean_root.home(root)
    typist = Typist(
        clean_root.command([clean_root.PROGRAM, "--demo"]),
        screen.display,
        clean_root.environment(bundle, root, screen.display),
    )
    document = home / ".local/share/offcut/demo/Demo jam.offcut"

    inner = clean_root.HOME / document.relative_to(home)

    def found(name: str) -> list[Path]:
        return [path for path in home.rglob(name) if path.stat().st_size]

    def cuts() -> dict[tuple[float, float], str]:
        return spans(inside(bundle, root, "proposals", inner, "--json").stdout)

    expected = spans(from_source("proposals", source_run / "demo.offcut", "--json"))
    try:
        typist.window("^Demo jam")
        typist.wait("what the taste that comes with it proposes", cuts, LEARNS_S)
        typist.press("^Demo jam", "ctrl+l")
        typist.press("^Learn", "alt+n", "ctrl+a")
        typist.type("^Learn", "Mine")
        typist.press("^Learn", "Return")
        typist.wait("the taste", lambda: found("Mine.taste"), LEARNS_S)
        assert learned(found("Mine.taste")[0]) == learned(source_run / "Mine.taste")
        typist.wait("what it proposes", lambda: cuts().keys() == expected.keys(), LEARNS_S)
        for answered in range(1, len(expected) + 1):
            typist.press("^Demo jam", "a")
            typist.wait("the answer", lambda n=answered: [*cuts().values()].count("accepted") >= n)
        typist.press("^Demo jam", "ctrl+e")
        typist.press("^Export", "Return")
        typist.wait("the export", lambda: found("*.wav") and not typist.is_open("^Export"))
        typist.wait("its end", lambda: not list(document.parent.glob("*.part*")))
    finally:
        typist.close()
    (written,) = document.parent.glob("*.wav")
    assert written.read_bytes() == (source_run / "mix.wav").read_bytes()


def learned(taste: Path) -> bytes:
    """Return all numbers of a taste; its head names the recordings, which lie elsewhere here and there."""
    data = taste.read_bytes()
    return data[8 + int.from_bytes(data[:8], "little") :]


def spans(told: str) -> dict[tuple[float, float], str]:
    """Return the state of each proposal, by its span."""
    listed = json.loads(told)["proposals"] if told else []
    return {(one["start_s"], one["stop_s"]): one["state"] for one in listed}
