"""Edits of another program's project in the window: preview, import, one step of undo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QMessageBox, QWidget

from engine.cli.main import main
from engine.core.progress import Progress
from engine.document.proposals import Verdict
from tests.desktop.conftest import JOB_TIMEOUT_MS, Hands, type_path
from tests.engine.exchange.imports.published.inputs_session import head, track, tracks
from tests.engine.features.takes.playing import RATE_HZ, passage


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A REAPER project and a file of labels of a recording from which five seconds are cut."""
    soundfile.write(tmp_path / "raw.wav", passage(4, 20.0), RATE_HZ, "PCM_16")
    other = tmp_path / "other.offcut"
    assert main(["new", str(other), str(tmp_path / "raw.wav")]) == 0
    assert main(["edit", str(other), "cut", "--start-s", "8", "--stop-s", "13"]) == 0
    assert main(["export", str(other), "--out", str(tmp_path / "edits.rpp")]) == 0
    (tmp_path / "labels.txt").write_text("2.0\t4.0\tcough\n", encoding="utf-8")
    return tmp_path / "edits.rpp"


@pytest.fixture
def raw(hands: Hands, project: Path) -> Hands:
    """The window on another document of the recording."""
    document = project.with_name("raw.offcut")
    assert main(["new", str(document), str(project.with_name("raw.wav"))]) == 0
    hands.window.session.open(document)
    hands.finish_work()
    return hands


def press(key: Qt.Key) -> Callable[[QWidget], None]:
    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QMessageBox)
        QTest.keyClick(dialog, key)

    return answer


def choose(hands: Hands, path: Path, *answers: Callable[[QWidget], None]) -> None:
    """Run the command, type the path, and answer what is asked before the file is read."""
    hands.do_and_answer(lambda: hands.window.commands.run("file.import_edits"), type_path(path), *answers)


def answer(hands: Hands, *answers: Callable[[QWidget], None]) -> None:
    """Answer what is asked once the file was read."""
    answered: list[QWidget] = []

    def noted(one: Callable[[QWidget], None]) -> Callable[[QWidget], None]:
        def do(dialog: QWidget) -> None:
            answered.append(dialog)
            one(dialog)

        return do

    def wait() -> None:
        hands.qtbot.waitUntil(lambda: len(answered) == len(answers), timeout=JOB_TIMEOUT_MS)

    hands.do_and_answer(wait, *map(noted, answers))


def spans_s(hands: Hands) -> list[tuple[float, float]]:
    proposals = hands.window.session.state.proposals.values()
    return sorted((one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ) for one in proposals)


def test_a_project_of_another_program_becomes_accepted_edits(raw: Hands, project: Path) -> None:
    session = raw.window.session
    before = session.state
    choose(raw, project)
    answer(raw, press(Qt.Key.Key_Return))
    raw.finish_work()
    assert spans_s(raw) == [(8.0, 13.0)]
    assert all(session.state.verdict(name) is Verdict.ACCEPTED for name in session.state.proposals)
    raw.press("Ctrl+Z")
    assert session.state == before


def test_a_clip_at_another_speed_adds_proposals_and_accepts_nothing(raw: Hands, project: Path) -> None:
    text = project.read_text("utf-8")
    project.write_text(text.replace("PLAYRATE 1 1", "PLAYRATE 1.25 1", 1), encoding="utf-8")
    session = raw.window.session
    choose(raw, project)
    answer(raw, press(Qt.Key.Key_Return))
    raw.finish_work()
    assert session.state.proposals
    assert {session.state.verdict(name) for name in session.state.proposals} == {Verdict.UNDECIDED}


def test_escape_at_the_preview_changes_nothing(raw: Hands, project: Path) -> None:
    state = raw.window.session.state
    choose(raw, project)
    answer(raw, press(Qt.Key.Key_Escape))
    raw.finish_work()
    assert raw.window.session.state is state


def test_labels_are_cuts_or_keeps(raw: Hands, project: Path) -> None:
    choose(raw, project.with_name("labels.txt"), press(Qt.Key.Key_K))
    answer(raw, press(Qt.Key.Key_Return))
    raw.finish_work()
    assert spans_s(raw) == [(0.0, 2.0), (4.0, 20.1)]


def test_the_frame_rate_of_a_list_that_does_not_say_it_is_asked_for(raw: Hands, project: Path) -> None:
    events = (
        ("00:00:00:00 00:00:04:00", "00:00:10:12 00:00:20:02"),
        ("00:00:00:00", "00:00:04:00", "00:00:13:14"),
    )
    lines = [
        f"{number:03d}  RAW A C {source} {start} {stop}\n* FROM CLIP NAME: raw.wav"
        for number, source, start, stop in zip((1, 2), events[0], events[1], events[1][1:], strict=False)
    ]
    path = project.with_name("list.edl")
    path.write_text("\n".join(lines), encoding="utf-8")
    asked: list[str] = []

    def choose_24(dialog: QWidget) -> None:
        assert isinstance(dialog, QInputDialog)
        asked.append(dialog.textValue())
        dialog.setTextValue("24")
        dialog.accept()

    choose(raw, path)
    answer(raw, choose_24, press(Qt.Key.Key_Return))
    assert asked == ["25"]
    assert spans_s(raw) == [(4.0, 10.5)]


def test_the_progress_has_ended_when_the_preview_asks(raw: Hands, project: Path) -> None:
    busy: list[bool] = []

    def look(dialog: QWidget) -> None:
        busy.append(raw.window.work.is_busy)
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    choose(raw, project)
    answer(raw, look)
    assert busy == [False]


def test_an_import_does_not_wait_for_a_long_job(raw: Hands, project: Path) -> None:
    release = Event()

    def long_job(_request: object, _progress: Progress) -> None:
        release.wait(JOB_TIMEOUT_MS / 1000)

    raw.window.work.compute(long_job, None, "Waiting", lambda _: None)
    try:
        choose(raw, project)
        answer(raw, press(Qt.Key.Key_Return))
        assert spans_s(raw) == [(8.0, 13.0)]
    finally:
        release.set()
        raw.finish_work()


def test_a_dropped_list_is_read_as_edits(raw: Hands, project: Path) -> None:
    path = project.with_name("spoken.srt")
    path.write_text("1\n00:00:02,000 --> 00:00:04,000\nfirst words\n", encoding="utf-8")
    raw.window.timeline.files_dropped.emit([str(path)])
    answer(raw, press(Qt.Key.Key_Return))
    assert [one.name for one in raw.window.session.state.markers.values()] == ["first words"]


def test_a_session_text_becomes_regions_without_a_question(raw: Hands, project: Path) -> None:
    path = project.with_name("session.txt")
    path.write_text(head() + tracks(track(("take one", "0:02.0", "0:04.0"))), encoding="utf-8")
    choose(raw, path)
    answer(raw, press(Qt.Key.Key_Return))
    raw.finish_work()
    (region,) = raw.window.session.state.markers.values()
    assert (region.start_samples, region.stop_samples, region.name) == (2 * RATE_HZ, 4 * RATE_HZ, "take one")
    assert spans_s(raw) == []
