"""``offcut import-edits`` on a document: what it reports, what it stores, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from engine.cli.main import main
from engine.document.document import Document
from engine.document.proposals import BY_IMPORT, Verdict
from tests.engine.features.takes.playing import RATE_HZ, passage


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A document of twenty seconds with a cut by hand, exported as an EDL and as labels."""
    soundfile.write(tmp_path / "raw.wav", passage(4, 20.0), RATE_HZ, "PCM_16")
    path = tmp_path / "jam.offcut"
    assert main(["new", str(path), str(tmp_path / "raw.wav")]) == 0
    assert main(["edit", str(path), "cut", "--start-s", "5", "--stop-s", "8"]) == 0
    assert main(["export", str(path), "--out", str(tmp_path / "jam.edl"), str(tmp_path / "jam.txt")]) == 0
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, object]:
    capsys.readouterr()
    assert main(["import-edits", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_the_document_has_is_not_stored_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, project, project.with_suffix(".edl"))
    assert (told["is_stored"], told["edits"], told["unchanged"], told["longer_s"]) == (False, {}, 1, 0.0)


def test_another_edit_takes_the_place_of_the_accepted_one(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = project.with_suffix(".txt")
    labels.write_text("1.0\t2.5\tcough\n4.0\t4.0\tchorus\n")
    for more, is_stored in ((("--dry-run",), False), ((), True)):
        told = run(capsys, project, labels, "--labels", "cuts", *more)
        assert (told["is_stored"], told["edits"], told["returned"], told["markers"]) == (
            is_stored,
            {"cut": 1},
            1,
            1,
        )
        assert told["longer_s"] == pytest.approx(1.5)
    with Document.open(project) as document:
        state = document.state
        (made,) = (one for one in state.proposals.values() if one.maker == BY_IMPORT)
        assert (made.start_samples, made.stop_samples) == (RATE_HZ, round(2.5 * RATE_HZ))
        assert state.verdict(made.id) is Verdict.ACCEPTED
        assert [one.name for one in state.markers.values()] == ["chorus"]
        document.undo()
        assert BY_IMPORT not in {one.maker for one in document.state.proposals.values()}
        assert not document.state.markers, "one step takes all of it back"


def test_keeps_cut_the_rest(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = project.with_suffix(".txt")
    labels.write_text("1.0\t2.5\tverse\n")
    told = run(capsys, project, labels, "--labels", "keeps", "--dry-run")
    assert told["edits"] == {"cut": 2}
    length_s = soundfile.info(project.with_name("raw.wav")).duration
    assert told["longer_s"] == pytest.approx(1.5 - (length_s - 3.0), abs=0.001)


@pytest.mark.parametrize(
    ("name", "status"), [("jam.txt", 2), ("none.edl", 1), ("raw.wav", 1), ("other.edl", 1)]
)
def test_refusals_leave_the_document_as_it_was(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, status: int
) -> None:
    (project.parent / "other.edl").write_text(
        "TITLE: x\n001  NO  A  C  00:00:00:00 00:00:01:00 00:00:00:00\n"
    )
    with Document.open(project, to_read=True) as document:
        before = document.state
    capsys.readouterr()
    assert main(["import-edits", str(project), str(project.parent / name)]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    with Document.open(project, to_read=True) as document:
        assert document.state == before
