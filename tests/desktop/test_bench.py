"""What measures the window works: on a small document, each part in a program of its own."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.bench.document import Load, document_of, made_up_document
from engine.lab.bench.measured import Measured

SPECTROGRAMS = """
import sys
from pathlib import Path
from desktop.bench import timeline
timeline.FRAMES = 40
for one in timeline.spectrograms(Path(sys.argv[1]), "small"):
    print((one.metric, one.value))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where documents are, the small one smaller than it is when speed is measured."""
    document_of(tmp_path, "small").parent.mkdir()
    made_up_document(tmp_path / "small", Load(tracks=2, length_s=30, proposals=120, is_sparse=True))
    return tmp_path


def measure(part: str, folder: Path) -> dict[str, Measured]:
    """Run a part as the benchmark does, in this test's folders."""
    lines = printed("-m", "desktop.bench.timeline", part, str(folder), "small")
    return {one.metric: one for one in (Measured(**json.loads(line)) for line in lines)}


def printed(*arguments: str) -> list[str]:
    """Return what a program of its own prints."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout.splitlines()


@pytest.mark.long
def test_opening_deciding_and_memory_are_measured(folder: Path) -> None:
    assert 0 < measure("opening", folder)["warm_open_to_picture_s"].value < 30
    found = measure("decisions", folder)
    assert len(found) == 4
    assert all(0 < measured.value < 5_000 and measured.baseline == 50.0 for measured in found.values())


@pytest.mark.long
def test_a_part_that_fails_is_told_with_its_reason(folder: Path) -> None:
    document_of(folder, "small").unlink()
    with pytest.raises(subprocess.CalledProcessError) as failed:
        measure("opening", folder)
    assert "bench.offcut" in failed.value.stderr.splitlines()[-1]


@pytest.mark.long
def test_lanes_with_spectrograms_are_measured_as_they_are_made_and_scrolled(folder: Path) -> None:
    found = dict(map(ast.literal_eval, printed("-c", SPECTROGRAMS, str(folder))))
    assert found["small_2_spectrograms_times_real_time"] > 0.0
    for view in ("source", "result"):
        assert 0.0 < found[f"small_{view}_frame_with_2_spectrograms_p99_ms"] < 1_000.0
