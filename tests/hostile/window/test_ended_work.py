"""Work that is cancelled, fails, or is cut off: nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.features.taste.widgets.learn_panel import LearnRequest
from desktop.shell.work.job_lanes import JobLanes
from engine.exchange.export import ExportRequest
from tests.desktop.conftest import JOB_TIMEOUT_MS, Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good, with_rate
from tests.hostile.status import drop, said
from tests.mostly_long import mostly_long


def parts(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.suffix in (".part", ".offcut-journal")]


@mostly_long("work", ["import", "learn", "listen", "export"], keep=["import", "learn"])
def test_cancel_leaves_everything_as_it_was(reviewing: Hands, folder: Path, taste: Path, work: str) -> None:
    window = reviewing.window
    long = good(folder / "long.wav", 240.0, 2, seed=3)
    converted = with_rate(good(folder / "converted.wav", 30.0, 64), 11_025)
    if work == "listen":
        drop(reviewing, make_document(folder / "long.offcut", long))
    if work == "export":
        drop(reviewing, make_document(folder / "wide.offcut", good(folder / "wide.wav", 60.0, 64)))
    state, before = window.session.state, sorted(folder.rglob("*"))
    content = window.session.path.read_bytes()
    start = {
        "import": lambda: window.recordings.import_files((converted,)),
        "learn": lambda: window.learning.learn(
            LearnRequest((str(long),), "long", 5_000, 0), folder / "long.taste", False
        ),
        "listen": lambda: window.analysing.listen(taste),
        "export": lambda: window.exporting.write(
            (ExportRequest(state, window.session.media, folder / "out.wav"),)
        ),
    }[work]
    window.work.progressed.connect(lambda _title, fraction, _left: fractions.append(fraction))
    fractions: list[float] = []
    start()
    reviewing.qtbot.waitUntil(lambda: any(fractions), timeout=JOB_TIMEOUT_MS)
    reviewing.press("Ctrl+Period")
    reviewing.finish_work()
    assert said(window).startswith("Cancelled: ")
    assert window.session.state == state
    assert window.session.path.read_bytes() == content
    assert sorted(folder.rglob("*")) == before
    assert window.learning_panel.isHidden()


def test_an_unexpected_failure_ends_the_job_even_where_no_log_can_be_kept(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a file"))
    lanes = JobLanes()
    job = lanes.io.submit(lambda _progress: 1 // 0, title="Dividing")
    with hands.qtbot.waitSignal(job.failed, timeout=5_000) as told:
        pass
    assert "Dividing failed unexpectedly (ZeroDivisionError" in told.args[0]
    assert "could not be saved" in told.args[0]
    lanes.close()


def test_closing_the_window_while_a_job_runs(reviewing: Hands, folder: Path) -> None:
    window = reviewing.window
    long = good(folder / "long.wav", 30.0)
    window.learning.learn(LearnRequest((str(long),), "long", 5_000, 0), folder / "long.taste", False)
    reviewing.qtbot.waitUntil(lambda: not window.learning_panel.isHidden())
    window.close()
    assert not list(folder.glob("*.taste"))
    assert not parts(folder)


@pytest.mark.long
def test_learning_goes_on_while_a_recording_is_imported(hands: Hands, folder: Path) -> None:
    edited = good(folder / "edited.wav", 12.0, seed=4)
    hands.window.learning.learn(LearnRequest((str(edited),), "ours", 1, 0), folder / "ours.taste", False)
    drop(hands, good(folder / "take.wav"))
    assert (folder / "ours.taste").is_file(), hands.refused
    assert not [sentence for sentence in hands.said if sentence.startswith("Cancelled")]
    assert hands.window.analysing.taste == folder / "ours.taste"
    assert hands.window.session.curve is not None


def test_undo_of_the_import_while_it_is_listened_to(hands: Hands, folder: Path, taste: Path) -> None:
    drop(hands, good(folder / "take.wav"))
    hands.window.analysing.listen(taste)
    hands.window.session.undo()
    hands.window.session.undo()
    assert not hands.window.session.state.tracks
    hands.finish_work()
    assert not hands.window.session.state.tracks
    assert not hands.refused
    hands.window.session.redo()
    assert len(hands.window.session.state.tracks) == 1
