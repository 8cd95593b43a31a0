"""What listing a hundred thousand proposals costs beside what nothing can do without."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

import pytest

from engine.cli.main import main
from engine.document.document import Document
from engine.document.edits import tracks as track_edits
from engine.document.edits.proposals import decide, replace_proposals
from engine.document.proposals import ReferenceExample, Verdict
from tests.counting import calls_of
from tests.engine.document.conftest import a_cut, a_source
from tests.sources import each_alone

ROOT = Path(__file__).resolve().parents[2]
COUNT = 100_000
# Reads every row of the document and writes the same answer, with nothing checked and no objects made.
PLAIN = """
import json, sqlite3, sys
from tests.sources import each_alone
rows = sqlite3.connect(sys.argv[1]).execute("SELECT * FROM proposal").fetchall()
rows += sqlite3.connect(sys.argv[1]).execute("SELECT * FROM decision").fetchall()
with open(sys.argv[2], encoding="utf-8") as stream:
    answer = json.load(stream)
print(json.dumps(answer))
"""
MOST_TIMES_PLAIN = 4.0


def made(path: Path, count: int) -> Path:
    """Make a document of so many cuts, each other one accepted."""
    with Document.create(path) as document:
        document.apply(
            track_edits.add_tracks(document.state, each_alone([a_source("one", count + 9)], ["Jam"]))
        )
        kept = ReferenceExample("/band/kept.wav", 1.0, 2.0, 0.5)
        cuts = [replace(a_cut(second, second + 0.5), nearest_kept=kept) for second in range(count)]
        document.apply(replace_proposals(document.state, cuts, {}, "Proposed"))
        document.apply(decide(document.state, [one.id for one in cuts[::2]], Verdict.ACCEPTED))
    return path


@pytest.fixture(scope="module")
def long_path() -> Iterator[Path]:
    disk = Path("/dev/shm")
    with TemporaryDirectory(dir=disk if disk.is_dir() else None) as folder:
        yield made(Path(folder) / "long.offcut", COUNT)


def _cpu_s(out: Path, *words: str | Path) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with out.open("w", encoding="utf-8") as stream:
        subprocess.run([sys.executable, *words], stdout=stream, check=True, cwd=ROOT, env=environment)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_listing_costs_few_calls_a_proposal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = [
        calls_of(lambda path=path: main(["proposals", str(path), "--json"]))
        for path in (made(tmp_path / "short.offcut", 500), made(tmp_path / "long.offcut", 1_500))
    ]
    assert capsys.readouterr().err == ""
    assert calls[1] - calls[0] < 300 * 1_000


@pytest.mark.alone
def test_listing_costs_a_few_times_what_reading_and_writing_cost(long_path: Path) -> None:
    listed, plain = long_path.with_suffix(".json"), long_path.with_suffix(".plain")
    verb = "import sys; from engine.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = ("-c", verb, "proposals", long_path, "--json")
    ratios = []
    while len(ratios) < 3 and min(ratios, default=MOST_TIMES_PLAIN) >= MOST_TIMES_PLAIN:
        listing_s = _cpu_s(listed, *words)
        ratios.append(listing_s / _cpu_s(plain, "-c", PLAIN, long_path, listed))
    assert json.loads(listed.read_text("utf-8")) == json.loads(plain.read_text("utf-8"))
    with closing(sqlite3.connect(long_path)) as raw:
        count = raw.execute("SELECT count(*) FROM proposal").fetchone()
    assert (len(json.loads(listed.read_text("utf-8"))["proposals"]),) == count
    assert min(ratios) < MOST_TIMES_PLAIN, ratios
