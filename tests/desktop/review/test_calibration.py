"""Learning from decisions in the window: what it shows, what it reorders, and what the taste keeps."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from desktop.main_window import MainWindow
from desktop.review.calibration import PAUSE_MS
from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.document.document import Document
from engine.document.edits.analyses import listening_ids
from engine.document.edits.proposals import replace_proposals, set_analyses
from engine.document.proposals import Proposal
from engine.document.table import table_of
from engine.features.taste.anomaly.taste_header import as_learned, digest_of
from engine.features.taste.stored_answers import read_memory
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands, type_path
from widgets.controls.key_caps import KeyButton

RATE_HZ = 8000
COUNT, EVERY_S, CUT_S = 16, 5, 2
DEMO = Path(__file__).resolve().parents[3] / "resources" / "demo" / "demo.taste"


def make(path: Path, taste: Path, seed: int = 0) -> Path:
    """A document of which every other proposal is quiet, scored by a taste beside it."""
    rng = np.random.default_rng(seed)
    recording = path.with_suffix(".wav")
    sound = rng.normal(0.0, 0.1, COUNT * EVERY_S * RATE_HZ)
    for number in range(1, COUNT, 2):
        sound[number * EVERY_S * RATE_HZ : (number + 1) * EVERY_S * RATE_HZ] *= 0.1
    soundfile.write(recording, sound, RATE_HZ, "FLOAT")
    maker = f"own-faults {taste.stem} {digest_of(taste.read_bytes())}"
    times = np.arange(0, len(sound), RATE_HZ // 4, dtype=np.int64)
    parts = np.tile(np.array([[4.0, 1.0]], np.float32), (len(times), 1))
    curve = ScoreCurve(times, np.full(len(times), 0.6, np.float32), maker, ("far", "rebuilt"), parts)
    grid = BeatGrid(times[::2], np.arange(len(times[::2])) % 4 + 1, 120.0, 1.0, "test")
    powers = np.square(sound).reshape(-1, 1000).mean(axis=1)
    listening = Listening(np.zeros(0, np.int64), (10 * np.log10(powers)).astype(np.float32), 1000, "test")
    name = path.stem[0]
    proposals = [
        Proposal(
            f"{name}{number:02}", "cut", number * EVERY_S * RATE_HZ, (number * EVERY_S + CUT_S) * RATE_HZ,
            0.9 - number / 100, "Odd.", maker, payload={"crossfade_ms": 10.0},
        )
        for number in range(COUNT)
    ]  # fmt: skip
    with Document.create(path) as document:
        document.apply(import_edit(document.state, import_audio(ImportRequest((recording,)), SILENT)))
        ids = listening_ids(document.state) | {"score": "score-test"}
        found = {ids["score"]: curve, ids["listening"]: listening, ids["beats"]: grid}
        document.apply(set_analyses(document.state, ids, "Listened"), found)
        settings = {"threshold": 0.5, "taste": str(taste)}
        document.apply(replace_proposals(document.state, proposals, settings, "Proposed"))
    return path


@pytest.fixture
def taste(tmp_path: Path) -> Path:
    return Path(shutil.copy(DEMO, tmp_path / "band.taste"))


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path, taste: Path) -> Hands:
    hands.window.session.open(make(tmp_path / "jam.offcut", taste))
    hands.finish_work()
    read(hands)
    return hands


def read(hands: Hands) -> None:
    """Wait until the taste was read, which opening a document begins."""
    hands.qtbot.waitUntil(lambda: not hands.window.review.calibrating.is_busy)


def answer(hands: Hands, count: int) -> None:
    """Cut what is quiet and keep the rest, one after the other."""
    for _ in range(count):
        here = hands.window.review.current
        assert here is not None
        hands.press("A" if int(here[1:]) % 2 else "X")
    hands.qtbot.waitUntil(lambda: not hands.window.review.calibrating.is_learning)
    hands.look()


def line(window: MainWindow) -> str:
    """What the line below the queue says."""
    found = window.queue_panel.findChild(QWidget, "learning state")
    assert found is not None
    return found.findChild(QLabel).text() if found.isVisible() else ""


def test_decisions_reorder_what_is_undecided(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("Alt+S")
    before = window.review.ids
    assert list(before) == sorted(before), "by score, falling from the start"
    answer(reviewing, 8)
    decided = {key: window.review.ids.index(key) for key in window.session.state.decisions}
    assert decided == {key: before.index(key) for key in decided}, "nothing decided moves"
    calibrating = window.review.calibrating
    assert calibrating.learned is calibrating.learned, "made once for each state: every view asks for it"
    rest = [key for key in window.review.ids if key not in decided]
    quiet = [int(key[1:]) % 2 for key in rest]
    assert quiet == sorted(quiet, reverse=True), "the quiet come first"
    assert rest != sorted(rest)
    for _ in range(8):
        reviewing.press("Ctrl+Z")
    reviewing.qtbot.waitUntil(lambda: not calibrating.is_learning)
    assert window.review.ids == before, "what is taken back is unlearned"


def test_an_edit_by_hand_takes_nothing_away_of_what_was_learned(reviewing: Hands) -> None:
    window = reviewing.window
    for _ in range(3):
        reviewing.press("A")
    review = window.review
    reviewing.qtbot.waitUntil(lambda: not review.calibrating.is_learning)

    def chances() -> dict[str, float]:
        assert review.learned is not None
        assert review.learned.chances is not None
        table = table_of(window.session.state)
        assert len(review.learned.chances) == len(review.learned.usefulness) == len(table.made.ids)
        found = dict(zip(table.made.ids, review.learned.chances.tolist(), strict=True))
        return {key: found[key] for key in before_ids}

    before_ids = tuple(window.session.state.proposals)
    before = chances()
    window.selecting.select(33 * RATE_HZ, 34 * RATE_HZ)
    reviewing.press("Delete")
    assert len(window.session.state.proposals) == COUNT + 1
    assert chances() == before, "at once"
    reviewing.qtbot.waitUntil(lambda: not review.calibrating.is_learning)
    assert chances() == pytest.approx(before, abs=0.05), "and learned from anew"
    reviewing.press("Ctrl+Z")
    assert chances() == pytest.approx(before, abs=0.05)


def test_it_says_what_it_learned_and_can_be_switched_off(reviewing: Hands) -> None:
    window = reviewing.window
    assert line(window) == "Offcut learns from each decision."
    answer(reviewing, 12)
    assert line(window) == "You cut quiet passages. From 12 decisions."
    window.resize(window.width(), 900)  # with less room the card leaves it out
    reviewing.qtbot.waitUntil(lambda: "from decisions" in shown_words(window))
    assert any(text.startswith("probability to cut") for text in shown_words(window))
    reviewing.press("Alt+S")
    learned = window.review.ids
    reviewing.press("Alt+L")
    assert line(window) == "Not learning from your decisions."
    assert reviewing.said[-1] == "No longer learning from decisions"
    assert "from decisions" not in shown_words(window)
    assert window.review.ids == tuple(sorted(learned)), "the score alone decides"
    switch = next(b for b in window.queue_panel.findChildren(KeyButton) if b.text() == "Learn")
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert window.review.ids == learned


def shown_words(window: MainWindow) -> list[str]:
    return [label.text() for label in window.queue_panel.findChildren(QLabel) if label.isVisible()]


def test_the_switch_outlives_the_window(
    reviewing: Hands, restarted: Callable[[], MainWindow], tmp_path: Path
) -> None:
    reviewing.press("Alt+L")
    reviewing.window.close()
    again = restarted()
    again.session.open(tmp_path / "jam.offcut")
    assert not again.review.calibrating.is_on
    assert again.review.learned is None


def test_the_most_useful_question_comes_first(reviewing: Hands) -> None:
    window = reviewing.window
    for _ in range(3):
        reviewing.press("Alt+S")
    assert window.review.choices.sorting == "useful"
    for _ in range(5):
        answer(reviewing, 1)
        learned, state = window.review.learned, window.session.state
        assert learned is not None
        undecided = [key for key in window.review.ids if key not in state.decisions]
        assert window.review.current == undecided[0]
        useful = [learned.usefulness[int(key[1:])] for key in undecided]
        assert useful == sorted(useful, reverse=True)
    reviewing.press("Alt+L")
    assert window.review.choices.sorting == "score", "nobody learns, so no question is useful"


def test_the_taste_keeps_answers_and_brings_them_along(reviewing: Hands, taste: Path, tmp_path: Path) -> None:
    window = reviewing.window
    answer(reviewing, 12)
    window.session.open(make(tmp_path / "next.offcut", taste, seed=3))
    read(reviewing)
    (kept,) = read_memory(taste, SILENT).reviewed
    assert len(kept.answers) == 12
    assert as_learned(taste.read_bytes()) == DEMO.read_bytes(), "it stays the taste it was"
    reviewing.look()
    assert line(window) == "You cut quiet passages. From 12 decisions."
    learned = window.review.learned
    assert learned is not None
    assert learned.chances is not None
    assert learned.chances[1::2].min() > learned.chances[0::2].max()
    window.session.open(tmp_path / "jam.offcut")
    read(reviewing)
    assert line(window).endswith("From 12 decisions."), "its own answers count once"


def test_closing_the_window_keeps_what_was_learned(reviewing: Hands, taste: Path) -> None:
    answer(reviewing, 3)
    reviewing.window.close()
    (kept,) = read_memory(taste, SILENT).reviewed
    assert len(kept.answers) == 3


def test_a_pause_keeps_what_was_learned(reviewing: Hands, taste: Path) -> None:
    answer(reviewing, 3)
    reviewing.qtbot.waitUntil(lambda: bool(read_memory(taste, SILENT).reviewed), timeout=4 * PAUSE_MS)
    assert len(read_memory(taste, SILENT).reviewed[0].answers) == 3


def test_a_taste_that_cannot_be_written_is_told_once(reviewing: Hands, taste: Path) -> None:
    calibrating = reviewing.window.review.calibrating
    told: list[str] = []
    calibrating.failed.connect(told.append)
    taste.unlink()
    answer(reviewing, 12)
    reviewing.qtbot.waitUntil(lambda: bool(told), timeout=4 * PAUSE_MS)
    assert told[0].startswith("Learning from your decisions is stored in this document only. ")
    assert "band.taste cannot be read" in told[0]
    answer(reviewing, 1)
    assert line(reviewing.window).endswith("From 13 decisions."), "it learns all the same"
    reviewing.window.close()
    assert len(told) == 1


def test_what_came_with_the_program_is_not_written(hands: Hands, tmp_path: Path) -> None:
    before = DEMO.read_bytes()
    path = make(tmp_path / "jam.offcut", DEMO)
    hands.window.session.open(path)
    hands.finish_work()
    read(hands)
    answer(hands, 4)
    hands.window.close()
    assert DEMO.read_bytes() == before


def test_the_card_shows_the_parts_of_the_score(reviewing: Hands) -> None:
    window = reviewing.window
    window.resize(window.width(), 900)  # with less room the card leaves it out
    bars = window.queue_panel.findChild(QWidget, "part bars")
    assert bars is not None
    reviewing.qtbot.waitUntil(bars.isVisible)
    assert (
        bars.accessibleName() == "Made of: far, +4.0 standard deviations; rebuilt, +1.0 standard deviations"
    )


def test_improving_asks_where_and_leaves_the_old_taste_alone(
    reviewing: Hands, taste: Path, tmp_path: Path
) -> None:
    reviewing.press("Ctrl+Shift+I")
    assert "No decisions yet" in reviewing.refused[-1]
    answer(reviewing, 2)
    (tmp_path / "old.taste").write_bytes(b"precious")

    def keep(dialog: QWidget) -> None:
        assert isinstance(dialog, QMessageBox)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    reviewing.press_and_answer("Ctrl+Shift+I", type_path(tmp_path / "old.taste"), keep)
    assert not reviewing.window.work.is_busy
    assert (tmp_path / "old.taste").read_bytes() == b"precious"
    before = taste.read_bytes()
    reviewing.press_and_answer("Ctrl+Shift+I", type_path(tmp_path / "better.taste"))
    assert reviewing.window.work.is_busy
    reviewing.press("Ctrl+.")
    reviewing.finish_work()
    assert not (tmp_path / "better.taste").exists()
    assert not (tmp_path / "better recordings").exists()
    assert as_learned(taste.read_bytes()) == as_learned(before)
