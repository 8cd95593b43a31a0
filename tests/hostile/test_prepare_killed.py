"""``offcut prepare`` killed in each step: the next run goes on, and nothing is lost or there twice."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest
import soundfile

from engine.cli.prepare import PREPARE
from engine.core.progress import SILENT
from engine.document.analysis import DAY
from engine.document.document import Document
from engine.document.edits.analyses import known_day
from tests.engine.features.takes.playing import RATE_HZ, joined, passage

CHILD = """
import sys
from argparse import ArgumentParser
from engine.cli.prepare import PREPARE
from engine.core.progress import ReportingProgress

def report(fraction, text, figures):
    print(fraction, flush=True)

parser = ArgumentParser()
PREPARE.add_arguments(parser)
for _ in PREPARE.run(parser.parse_args(sys.argv[1:]), ReportingProgress(report)):
    print("done", flush=True)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings of an evening, the second of which begins where the first one ends."""
    folder = tmp_path_factory.mktemp("evening")
    for name, seeds in (("REC001", (1, 2)), ("REC002", (1, 3))):
        audio, _ = joined(*(passage(seed, 25.0) for seed in seeds))
        soundfile.write(folder / f"{name}.wav", audio, RATE_HZ, "PCM_16")
    return folder


def _prepare(folder: Path, out: Path) -> dict[str, object]:
    parser = ArgumentParser()
    PREPARE.add_arguments(parser)
    (made,) = PREPARE.run(parser.parse_args([str(folder), "--out", str(out)]), SILENT)
    fields: dict[str, object] = made.fields
    return fields


def _kill_at(folder: Path, out: Path, fraction: float) -> None:
    command = [sys.executable, "-c", CHILD, str(folder), "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("done") or float(line) >= fraction:
                break
        run.kill()


def test_a_killed_run_goes_on(folder: Path, tmp_path: Path) -> None:
    whole = _prepare(folder, tmp_path / "whole.offcut")
    out = tmp_path / "killed.offcut"
    for fraction in (0.01, 0.2, 0.35, 0.6, 0.85, 0.99):
        _kill_at(folder, out, fraction)
    made = _prepare(folder, out)
    assert made["songs"] == whole["songs"]
    assert made["proposals"] == whole["proposals"]
    with Document.open(out, to_read=True) as document:
        assert len(document.state.sources) == 2
        assert len({one.name for one in document.state.markers.values()}) == len(document.state.markers)
        assert known_day(document.state, document.analysis(DAY)) is not None
        assert not document.damage
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]
