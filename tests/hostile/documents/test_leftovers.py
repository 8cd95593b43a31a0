"""What a killed writer leaves is swept by the next one; what a living one holds is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.files.safe_write import PartFile, check_target, replacing, sweep

ROOT = Path(__file__).resolve().parents[3]

# Each writes until the test has seen half a file, then waits to be killed.
EXPORT = """
import sys
from pathlib import Path
import numpy as np
from engine.exchange.export import ExportRequest, export
from engine.core.progress import ReportingProgress
from tests.engine.sound.edl.recordings import recording
folder = Path(sys.argv[1])
(folder / "in").mkdir(exist_ok=True)
recorded = recording(folder / "in", [np.zeros(400_000)])
def hold(fraction, _text, _figures):
    if fraction > 0.3:
        print("half", flush=True)
        sys.stdin.read()
export(ExportRequest(recorded.state, recorded.media, folder / "take.wav", True), ReportingProgress(hold))
"""
CONFORM = """
import sys
from pathlib import Path
import numpy as np
import soundfile
from engine.sound.conform import conformed_path
from engine.sound.reader import content_hash
from engine.document.tracks import Source
from engine.core.progress import ReportingProgress
path = Path(sys.argv[1]) / "other rate.wav"
if not path.exists():
    soundfile.write(path, np.zeros(400_000), 44_100)
def hold(fraction, _text, _figures):
    if fraction > 0.3 and len(sys.argv) < 3:
        print("half", flush=True)
        sys.stdin.read()
source = Source("s", str(path), content_hash(path), 44_100, 1, 400_000, "WAV", "PCM_16")
print(conformed_path(source, 48_000, ReportingProgress(hold)).name, flush=True)
"""

needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")


def start(script: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    """Start a writer and wait until it has written half or ended."""
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(folder), *more],
        cwd=ROOT,
        env={**os.environ, "OFFCUT_CACHE": str(folder / "cache")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline()
    return writer


def end(writer: subprocess.Popen[str]) -> None:
    writer.kill()
    writer.communicate()


def parts(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.part"))


@needs_kill
@pytest.mark.parametrize("script", [EXPORT, CONFORM], ids=["export", "conform"])
def test_the_next_write_sweeps_what_a_killed_one_left(tmp_path: Path, script: str) -> None:
    end(start(script, tmp_path))
    assert len(parts(tmp_path)) == 1
    if script == CONFORM:
        end(start(CONFORM, tmp_path, "go on"))
        assert len(list((tmp_path / "cache").rglob("*.wav"))) == 1
    else:
        with replacing(tmp_path / "other.wav") as part:
            assert parts(tmp_path) == [part]
    assert not parts(tmp_path)


@needs_kill
def test_a_living_writer_keeps_its_file(tmp_path: Path) -> None:
    first, second = start(EXPORT, tmp_path), start(EXPORT, tmp_path)
    try:
        assert len(parts(tmp_path)) == 2
        assert sweep(tmp_path) == 0
        end(first)
        assert sweep(tmp_path) == 1
        assert len(parts(tmp_path)) == 1
        second.communicate("")
        assert (tmp_path / "take.wav").stat().st_size > 400_000
    finally:
        end(first)
        end(second)
    assert not parts(tmp_path)


def test_files_of_one_process_are_told_apart(tmp_path: Path) -> None:
    held = PartFile(tmp_path / "mix.wav")
    assert sweep(tmp_path) == 0
    held.let_go()
    held.let_go()
    assert sweep(tmp_path) == 1


@pytest.mark.parametrize("name", ["mix.part", ".mix.wav.part", ".mix.wav.0123abcX.part", "mix.0123abcd.part"])
def test_other_peoples_files_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not ours")
    (tmp_path / ".folder.0123abcd.part").mkdir()
    (tmp_path / ".link.0123abcd.part").symlink_to(tmp_path / name)
    assert sweep(tmp_path) == 0
    assert sweep(tmp_path / "missing") == 0
    assert len(list(tmp_path.iterdir())) == 3


def test_checking_a_target_leaves_nothing(tmp_path: Path) -> None:
    check_target(tmp_path / "mix.wav")
    assert not list(tmp_path.iterdir())
