"""``offcut score`` on folders, the way a script calls it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.cli.main import main
from tests.engine.features.taste.archive.conftest import BAD, RECORDINGS

ROOT = Path(__file__).resolve().parents[5]


def score(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, list[str]]:
    """Return the exit status, what was printed, and the sentences of standard error."""
    status = main(["score", *map(str, words)])
    out, err = capsys.readouterr()
    return status, out, err.splitlines()


def test_a_folder_is_scored_and_what_cannot_be_read_is_told(
    taste_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = folder.parent / "scores.csv"
    status, out, said = score(capsys, taste_path, folder, "--threshold", "0.55", "--csv", table, "--json")
    files = json.loads(out)["files"]
    assert [entry["path"] for entry in files] == [str(folder / name) for name in RECORDINGS]
    assert status == 1
    assert [sentence.split(" is ")[0] for sentence in said[:1]] == [f"offcut score: {folder / BAD}"]
    assert said[1:] == ["offcut score: 1 file of 5 could not be scored; see above."]
    for entry in files:
        oddest = np.sort(entry["scores"])[3 * len(entry["scores"]) // 4 :]
        assert entry["score"] == pytest.approx(oddest.mean(), abs=1e-6)
        assert entry["prediction"] == ("anomalous" if entry["score"] >= 0.55 else "kept")
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["path"], float(row["score"]), row["prediction"]) for row in rows] == [
        (entry["path"], entry["score"], entry["prediction"]) for entry in files
    ]


def test_a_folder_says_of_each_file_what_naming_it_says(
    taste_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / BAD).unlink()
    tables = [folder.parent / name for name in ("folder.csv", "files.csv")]
    named = [folder / name for name in RECORDINGS]
    for how in ((), ("--json",)):
        by_folder = score(capsys, taste_path, folder, *how)
        assert by_folder == (0, *score(capsys, taste_path, *named, *how)[1:])
    score(capsys, taste_path, folder, "--csv", tables[0])
    score(capsys, taste_path, *named, "--csv", tables[1])
    assert tables[0].read_bytes() == tables[1].read_bytes()


def test_a_list_of_nothing_is_still_json(
    taste_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, said = score(capsys, taste_path, folder / BAD, "--threshold", "0.5", "--json")
    assert (status, json.loads(out), len(said)) == (1, {"files": []}, 2)


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["{f}/empty"], 1, "empty holds no audio files"),
        (["{f}/archive", "--threshold", "1.5"], 2, "The threshold cannot be 1.5"),
        (["{f}/archive", "--workers", "0"], 2, "0 processes cannot score"),
        (["{f}/archive", "--workers", "2", "--cluster", "tcp://127.0.0.1:9"], 2, "workers of its own"),
        (["{f}/archive", "--cluster", "nowhere"], 2, "No cluster answers at 'nowhere'"),
        (["{f}/archive", "--cluster", "tcp://127.0.0.1:9"], 2, "No cluster answers at 'tcp://127.0.0.1:9'"),
        (["{f}/archive", "--csv", "{f}/taken.csv"], 1, "taken.csv already exists"),
    ],
)
def test_wrong_use_is_one_sentence(
    taste_path: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
    sentence: str,
) -> None:
    (folder.parent / "empty").mkdir()
    (folder.parent / "taken.csv").write_text("mine")
    found, out, said = score(capsys, taste_path, *(word.format(f=folder.parent) for word in words))
    assert (found, len(said), out) == (status, 1, "")
    assert sentence in said[0]
    assert (folder.parent / "taken.csv").read_text() == "mine"


def test_a_cluster_scores_as_one_process_does(
    taste_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "tests.engine.features.taste.archive.local_cluster", "score"]
    arguments = [str(taste_path), str(folder), "--threshold", "0.5"]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    _, here, said = score(capsys, *arguments, "--json")
    assert json.loads(done.stdout) == json.loads(here)
    assert [line for line in done.stderr.splitlines() if line.startswith("offcut score:")] == said
