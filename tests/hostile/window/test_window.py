"""The window and the files and programs around it going wrong: a sentence, nothing lost or left behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from desktop.main_window import MainWindow
from desktop.work.job_lanes import JobLanes
from engine.document import edits
from engine.document.decisions import Verdict
from engine.document.document import Document
from engine.edl.export import ExportRequest
from engine.progress import SILENT
from tests.desktop.conftest import JOB_TIMEOUT_MS, Hands, choose_taste, fill, type_path
from tests.desktop.documents import make_document
from tests.desktop.sound_device import CapturingDevice, alsa_configuration
from tests.desktop.test_main_job import answer_learn
from tests.hostile.bad_files import RATE_HZ, REFUSED, WARNED, good, with_rate
from tests.hostile.status import drop, is_one_sentence, said
from tests.mostly_long import mostly_long
from widgets.forms.taste.learn_panel import LearnRequest


def parts(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.suffix in (".part", ".offcut-journal")]


# What cannot be imported.


@mostly_long("case", REFUSED, keep=("65 channels", "missing"))
def test_a_bad_file_dropped_on_an_empty_window_leaves_nothing_behind(
    hands: Hands, folder: Path, case: str
) -> None:
    make, words = REFUSED[case]
    path = make(folder / "take.wav")
    before = sorted(folder.iterdir())
    drop(hands, path)
    assert str(path) in said(hands.window)
    assert words in said(hands.window)
    assert is_one_sentence(said(hands.window))
    assert not hands.window.session.is_open
    assert sorted(folder.iterdir()) == before
    drop(hands, good(folder / "good.wav"))
    assert [track.name for track in hands.window.session.state.tracks] == ["good"]


@mostly_long("case", REFUSED, keep=("not audio", "65 channels", "missing"))
def test_a_bad_file_leaves_the_open_document_as_it_was(reviewing: Hands, folder: Path, case: str) -> None:
    make, words = REFUSED[case]
    state, content = reviewing.window.session.state, (folder / "jam.offcut").read_bytes()
    path = make(folder / "take.wav")
    reviewing.press_and_answer("Ctrl+O", type_path(path)) if path.is_file() else drop(reviewing, path)
    reviewing.finish_work()
    assert words in said(reviewing.window)
    assert str(path) in said(reviewing.window)
    assert reviewing.window.session.state == state
    assert (folder / "jam.offcut").read_bytes() == content
    reviewing.press("A")
    assert reviewing.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED


def test_bad_files_among_good_ones_are_named_and_the_others_come_in(hands: Hands, folder: Path) -> None:
    bad = REFUSED["not audio"][0](folder / "notes.wav")
    first = good(folder / "a.wav")
    drop(
        hands,
        first,
        bad,
        good(folder / "b.wav", seed=2),
        first,
        folder / "gone.wav",
        good(folder / "c.wav", seed=3),
    )
    told = said(hands.window)
    assert "notes.wav is not audio" in told
    assert "a.wav is in the document already" in told
    assert "gone.wav" in told
    assert [track.name for track in hands.window.session.state.tracks] == ["a", "b", "c"]


def test_nothing_but_bad_files_makes_no_document(hands: Hands, folder: Path) -> None:
    bad = REFUSED["not audio"][0](folder / "notes.wav")
    drop(hands, bad, folder / "gone.wav")
    assert "notes.wav is not audio" in said(hands.window)
    assert not hands.window.session.is_open
    assert not list(folder.glob("*.offcut"))


@mostly_long("case", WARNED, keep=("truncated",))
def test_what_can_be_saved_is_imported_with_a_sentence_that_stays(
    hands: Hands, folder: Path, case: str
) -> None:
    make, words = WARNED[case]
    drop(hands, make(folder / "take.wav"))
    assert len(hands.window.session.state.tracks) == 1
    assert words in said(hands.window)
    assert "take.wav" in said(hands.window)
    assert is_one_sentence(said(hands.window))


def test_sixty_four_channels_are_imported_and_painted(hands: Hands, folder: Path) -> None:
    drop(hands, good(folder / "desk.wav", 1.0, 64))
    window = hands.window
    assert window.session.state.sources[window.session.state.tracks[0].source_id].channels == 64
    picture = window.timeline.canvas.grab().toImage()
    lanes = range(window.timeline.canvas.frame.layout.lanes_top, picture.height(), 3)
    assert (
        len({picture.pixel(x, y) for x in range(9, min(400, picture.width()), 7) for y in lanes}) >= 3
    )  # ground, peaks, loudness
    hands.press_and_answer("Ctrl+E", fill(File="desk out"))
    hands.finish_work()
    assert (folder / "desk out.wav").is_file()


def test_the_same_file_twice(hands: Hands, folder: Path) -> None:
    path = good(folder / "take.wav")
    drop(hands, path, path)
    assert "take.wav is in the document already" in said(hands.window)
    drop(hands, path)
    state = hands.window.session.state
    drop(hands, path)
    assert "take.wav is in the document already" in said(hands.window)
    assert hands.window.session.state == state


def test_two_quick_drops_both_arrive_and_keep_one_rate(hands: Hands, folder: Path) -> None:
    import soundfile

    first, second = good(folder / "a.wav"), folder / "b.wav"
    soundfile.write(second, np.random.default_rng(1).uniform(-0.5, 0.5, (33_075, 2)), 11_025)
    for path in (first, second, first):
        hands.window.timeline.files_dropped.emit([str(path)])
    hands.finish_work()
    state = hands.window.session.state
    assert [track.name for track in state.tracks] == ["a", "b"]
    assert state.rate_hz == RATE_HZ
    assert [state.track_stop_samples(track) for track in state.tracks] == [24_000, 24_000]
    assert any("a.wav is in the document already" in sentence for sentence in hands.refused)
    assert [path.name for path in folder.glob("*.offcut")] == ["a.offcut"]


def test_a_name_that_is_taken_gets_a_number(hands: Hands, folder: Path) -> None:
    (folder / "take.offcut").write_text("a letter")
    drop(hands, good(folder / "take.wav"))
    assert (folder / "take.offcut").read_text() == "a letter"
    assert hands.window.session.path == folder / "take 2.offcut"


# Documents that are none, are damaged, or that somebody else changes.


NO_DOCUMENTS = b"", b"RIFF....WAVE", b"SQLite format 3\x00", b"hello\n" * 100


@mostly_long("content", NO_DOCUMENTS, keep=[b"SQLite format 3\x00"])
def test_what_is_no_document_keeps_the_one_that_is_open(
    reviewing: Hands, folder: Path, content: bytes
) -> None:
    other = folder / "other.offcut"
    other.write_bytes(content)
    state = reviewing.window.session.state
    reviewing.press_and_answer("Ctrl+Shift+O", type_path(other))
    for opened in (lambda: None, lambda: drop(reviewing, other)):
        opened()
        assert f"{other} is not an Offcut document" in said(reviewing.window)
        assert is_one_sentence(said(reviewing.window))
        assert reviewing.window.session.state == state
        assert reviewing.window.session.path == folder / "jam.offcut"
    assert other.read_bytes() == content
    reviewing.press("X")
    assert reviewing.window.session.state.verdict("cut-4000") is Verdict.REJECTED


def test_a_new_document_never_replaces_a_file(reviewing: Hands, folder: Path) -> None:
    before = (folder / "jam.offcut").read_bytes()
    reviewing.press_and_answer("Ctrl+N", type_path(folder / "jam.offcut"))
    assert "jam.offcut exists already" in said(reviewing.window)
    assert (folder / "jam.offcut").read_bytes() == before
    assert reviewing.window.session.path == folder / "jam.offcut"


def test_a_new_document_keeps_the_name_it_was_given(hands: Hands, folder: Path) -> None:
    hands.press_and_answer("Ctrl+N", type_path(folder / "take 1.2"))
    assert hands.window.session.path == folder / "take 1.2.offcut"


def test_a_damaged_analysis_is_heard_again_instead_of_stopping_the_window(hands: Hands, folder: Path) -> None:
    path = folder / "jam.offcut"
    drop(hands, good(folder / "jam.wav"))
    hands.window.session.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE analysis SET arrays = x'00'")
        other.commit()
    hands.window.session.open(path)
    hands.finish_work()
    assert hands.window.session.grid is not None
    assert hands.window.session.listening is not None


def test_another_program_changed_the_document(reviewing: Hands, folder: Path) -> None:
    elsewhere = folder / "elsewhere.offcut"  # a synced folder brings what was decided on another machine
    elsewhere.write_bytes((folder / "jam.offcut").read_bytes())
    with Document.open(elsewhere) as other:
        other.apply(edits.decide(other.state, ["cut-12000"], Verdict.REJECTED))
    (folder / "jam.offcut").write_bytes(elsewhere.read_bytes())
    state = reviewing.window.session.state
    for key in ("A", "Ctrl+Z", "F", "Alt+Right"):
        reviewing.press(key)
        assert "jam.offcut was changed by another program; open it again" in said(reviewing.window)
        assert reviewing.window.session.state == state
    drop(reviewing, folder / "jam.offcut")
    reviewing.press("A")
    assert reviewing.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED


def test_one_document_in_two_windows(reviewing: Hands, folder: Path, qapp: QApplication) -> None:
    second = MainWindow(qapp, QSettings(str(folder / "second.ini"), QSettings.Format.IniFormat))
    second.session.open(folder / "jam.offcut")
    second.commands.run("review.accept")
    reviewing.press("X")
    verdicts = {one: one.session.state.verdict("cut-4000") for one in (reviewing.window, second)}
    (refused,) = (one for one, verdict in verdicts.items() if verdict is Verdict.UNDECIDED)
    (decided,) = (verdict for verdict in verdicts.values() if verdict is not Verdict.UNDECIDED)
    assert "jam.offcut" in said(refused)
    assert is_one_sentence(said(refused))
    second.close()
    second.deleteLater()
    reviewing.window.session.close()
    with Document.open(folder / "jam.offcut") as document:
        assert document.state.verdict("cut-4000") is decided


@pytest.mark.parametrize("gone", ["deleted", "replaced"])
def test_a_document_that_vanishes_while_open_takes_no_decision_silently(
    reviewing: Hands, folder: Path, gone: str
) -> None:
    path = folder / "jam.offcut"
    state, content = reviewing.window.session.state, path.read_bytes()
    path.unlink()
    if gone == "replaced":
        path.write_bytes(content)
    reviewing.press("A")
    assert "jam.offcut" in said(reviewing.window)
    assert "nothing was changed" in said(reviewing.window)
    assert reviewing.window.session.state == state


def test_a_document_held_by_another_program(reviewing: Hands, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "jam.offcut", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        reviewing.press("A")
        assert "jam.offcut could not be written" in said(reviewing.window)
        assert reviewing.window.session.state.verdict("cut-4000") is Verdict.UNDECIDED
        other.execute("ROLLBACK")
    reviewing.press("A")
    assert reviewing.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED


# Recordings and tastes that vanish while the document is open.


def make_gone(path: Path) -> None:
    path.unlink()


def make_short(path: Path) -> None:
    os.truncate(path, 1_000)


@pytest.mark.parametrize("harm", [make_gone, make_short])
def test_a_recording_that_vanishes_while_the_document_is_open(
    reviewing: Hands, folder: Path, harm: Callable[[Path], None]
) -> None:
    window, qtbot = reviewing.window, reviewing.qtbot
    state = window.session.state
    harm(folder / "jam.wav")
    for _ in range(12):
        reviewing.press("+")
    window.timeline.grab()
    for key in ("Space", "C", "D", "Z"):
        window.status_bar.set_message("")
        reviewing.press(key)
        qtbot.waitUntil(lambda: "jam.wav" in said(window), timeout=5_000)
        assert is_one_sentence(said(window))
        qtbot.waitUntil(lambda: not window.transport.is_playing, timeout=5_000)
    before = sorted(folder.iterdir())
    reviewing.press_and_answer("Ctrl+E", fill(File="mix"))
    reviewing.finish_work()
    assert "jam.wav" in said(window)
    assert sorted(folder.iterdir()) == before
    assert window.session.state == state


def test_a_recording_that_is_gone_when_the_document_opens(hands: Hands, folder: Path) -> None:
    path = make_document(folder / "jam.offcut", good(folder / "jam.wav"))
    (folder / "jam.wav").rename(folder / "elsewhere.wav")
    drop(hands, path)
    assert "jam.wav is no longer there" in said(hands.window)
    hands.press("A")
    assert hands.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED
    hands.press("Space")
    hands.qtbot.waitUntil(lambda: "jam" in said(hands.window) and "missing" in said(hands.window))
    (folder / "elsewhere.wav").rename(folder / "jam.wav")
    drop(hands, path)
    assert hands.window.session.media


@pytest.mark.parametrize("harm", [make_gone, make_short, lambda path: path.write_text("no taste")])
def test_a_taste_that_vanishes_or_is_damaged(
    reviewing: Hands, folder: Path, taste: Path, harm: Callable[[Path], None]
) -> None:
    window = reviewing.window
    mine = folder / "mine.taste"
    mine.write_bytes(taste.read_bytes())
    reviewing.press_and_answer("Ctrl+T", *choose_taste(mine))
    reviewing.finish_work()
    assert window.session.curve is not None
    assert window.session.curve.maker.startswith("slicer-ae mine")
    state, content = window.session.state, (folder / "jam.offcut").read_bytes()
    harm(mine)
    reviewing.press("Ctrl+Shift+L")
    reviewing.finish_work()
    assert "mine.taste" in said(window)
    assert is_one_sentence(said(window))
    assert (window.session.state, (folder / "jam.offcut").read_bytes()) == (state, content)


@mostly_long("case", REFUSED, keep=("65 channels",))
def test_learning_from_a_bad_file_leaves_everything_as_it_was(
    reviewing: Hands, folder: Path, case: str
) -> None:
    make, words = REFUSED[case]
    window, state = reviewing.window, reviewing.window.session.state
    edited = (str(good(folder / "edited.wav", 12.0)), str(make(folder / "take.wav")))
    before = sorted(folder.rglob("*"))
    window.learning.learn(LearnRequest(edited, "ours", 1, 0), folder / "ours.taste", False)
    assert not window.learning_panel.isHidden()
    reviewing.finish_work()
    assert window.learning_panel.isHidden()
    assert "take.wav" in said(window)
    assert words in said(window)
    assert (sorted(folder.rglob("*")), window.session.state) == (before, state)


@pytest.mark.long
def test_a_taste_may_be_called_anything(reviewing: Hands, folder: Path) -> None:
    edited = good(folder / "edited.wav", 12.0)
    reviewing.press_and_answer("Ctrl+L", *answer_learn(edited, Name="AC/DC's", Epochs="1"))
    reviewing.finish_work()
    assert (folder / "AC-DC's.taste").is_file()
    assert not reviewing.refused


@pytest.fixture(scope="module")
def taste(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from engine.anomaly.learn import LearnRequest as Learning
    from engine.anomaly.learn import learn
    from engine.lab.recipes.slicer.settings import SlicerConfig

    folder = tmp_path_factory.mktemp("taste")
    config = SlicerConfig(hidden_dims=(4, 8), latent_dim=8, epochs=1, segments_per_epoch=8)
    edited = good(folder / "edited.wav", 12.0)
    return learn(Learning((edited,), config, 0, folder / "small.taste"), SILENT).path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ALSA is Linux's")
def test_a_sound_device_that_goes_away(hands: Hands, folder: Path, tmp_path: Path) -> None:
    device = CapturingDevice(tmp_path)
    window = hands.window
    with alsa_configuration(device.configuration):
        drop(hands, make_document(folder / "jam.offcut", good(folder / "jam.wav", 20.0)))
        hands.press("Space")
        hands.qtbot.waitUntil(lambda: window.transport.playhead_samples > 0.3 * RATE_HZ)
        device.unplug()
        hands.qtbot.waitUntil(lambda: said(window).startswith("No audio device"))
        assert is_one_sentence(said(window))
        assert window.transport.is_playing
        gone_at = window.transport.playhead_samples
        hands.qtbot.waitUntil(lambda: window.transport.playhead_samples > gone_at)
        hands.press("A")
        assert window.session.state.verdict("cut-4000") is Verdict.ACCEPTED
        hands.press("Space")
        assert not window.transport.is_playing
        window.player.close()


# Work that is cancelled, or cut off by something else.


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


# Where nothing can be written.


@pytest.mark.parametrize("name", ["x" * 300, "no such folder/mix"])
def test_an_export_that_cannot_be_named(reviewing: Hands, folder: Path, name: str) -> None:
    before, session = sorted(folder.iterdir()), reviewing.window.session
    out = folder / f"{name}.wav"
    reviewing.window.exporting.write((ExportRequest(session.state, session.media, out),))
    reviewing.finish_work()
    assert is_one_sentence(said(reviewing.window))
    problems: list[str] = []

    def answer(dialog: QWidget) -> None:
        fill(File="y" * 300)(dialog)
        labels = [each for each in dialog.findChildren(QLabel) if each.property("role") == "error"]
        problems.extend(each.text() for each in labels if each.isVisible())
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    reviewing.press_and_answer("Ctrl+E", answer)
    assert problems == ["The name is too long for the disk: choose a shorter one."]
    assert sorted(folder.iterdir()) == before


AS_NOBODY = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from desktop.shell.slots import reporting_refusals
from desktop.main_window import MainWindow
from engine.edl.export import ExportRequest
import unicodedata, engine.edl.export.plan, engine.recordings.listen  # nobody may not read where Python lies
folder = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
application = QApplication([])
window = MainWindow(application, QSettings(str(folder / "open" / "s.ini"), QSettings.Format.IniFormat))
def wait():
    while window.work.is_busy:
        application.processEvents()
told = []
window.status_bar.set_error = told.append
def attempt(do, *values):
    reporting_refusals(do, told.append)(*values)
    wait()
    print(told.pop() if told else "nothing was told", flush=True)
attempt(window.files.drop, [str(folder / "locked" / "take.wav")])
attempt(window.files.drop, [str(folder / "readable" / "take.wav")])
attempt(window.session.open, folder / "locked" / "jam.offcut")
window.session.open(folder / "readable" / "jam.offcut")
wait()
told.clear()
attempt(window.review.decide, "accepted")
session = window.session
for name in ("readable", "locked"):
    request = ExportRequest(session.state, session.media, folder / name / "mix.wav")
    attempt(window.exporting.write, (request,))
window.close()
"""


@pytest.mark.skipif(os.name != "posix", reason="modes mean this on POSIX only")
def test_folders_without_permission(tmp_path: Path) -> None:
    for name in ("locked", "readable", "open"):
        (tmp_path / name).mkdir()
    recording = good(tmp_path / "readable" / "take.wav")
    good(tmp_path / "locked" / "take.wav")
    make_document(tmp_path / "readable" / "jam.offcut", recording)
    (tmp_path / "locked" / "jam.offcut").write_bytes((tmp_path / "readable" / "jam.offcut").read_bytes())
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "readable").chmod(0o555)
    (tmp_path / "locked").chmod(0)
    temporary = Path(tempfile.gettempdir())
    for folder in (tmp_path, *tmp_path.parents):
        if folder != temporary and folder.is_relative_to(temporary):
            folder.chmod(0o755)
    before = (tmp_path / "readable" / "jam.offcut").read_bytes()
    homes = {f"XDG_{name}_HOME": str(tmp_path / "open") for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, **homes, "QT_QPA_PLATFORM": "offscreen"},
        timeout=60,
        check=False,
    )
    for name in ("locked", "readable"):
        (tmp_path / name).chmod(0o755)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    for sentence, words in zip(
        told,
        (
            "locked/take.wav may not be read",
            "readable/take.offcut cannot be made",
            "locked/jam.offcut cannot be read",
            "readable/jam.offcut could not be written",
            "readable/mix.wav cannot be written",
            "locked/mix.wav cannot be written",
        ),
        strict=True,
    ):
        assert words in sentence
        assert sentence.endswith(".")
    assert (tmp_path / "readable" / "jam.offcut").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "readable").iterdir()) == ["jam.offcut", "take.wav"]
