"""The Taste page in the real window, by keys: a taste that was learned, a document, dropped files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollBar, QWidget

from desktop.features.taste.threshold import USUAL_SCORE
from desktop.features.taste.widgets.page import TastePage
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses, set_settings
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.document_cuts import propose
from engine.features.taste.overview.results import Origin, SegmentState
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.listen import listen_to_document
from tests.desktop.conftest import Hands, choose_taste, type_path
from tests.desktop.shell.test_accessibility import handled, name_of
from tests.engine.conftest import RATE_HZ, TINY, music

KEPT_S, RAW_S = 20.0, 24.0
NOISE_S = (10, 16)
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a kept recording, a raw one with noise in it, and two tastes."""
    folder = tmp_path_factory.mktemp("material")
    raw = music(RAW_S, 5)
    noise = np.random.default_rng(4).standard_normal((NOISE_S[1] - NOISE_S[0]) * RATE_HZ)
    raw[NOISE_S[0] * RATE_HZ : NOISE_S[1] * RATE_HZ] = 0.2 * noise
    soundfile.write(folder / "kept.wav", music(KEPT_S), RATE_HZ, "FLOAT")
    soundfile.write(folder / "raw.wav", raw, RATE_HZ, "FLOAT")
    for name, config in (("tiny", TINY), ("other", TINY.model_copy(update={"epochs": 1}))):
        learn(LearnRequest((folder / "kept.wav",), config, 3, folder / f"{name}.taste"), SILENT)
    return folder


@pytest.fixture(scope="module")
def listened(material: Path) -> Path:
    """A document that was listened to with that taste."""
    path, taste = material / "jam.offcut", material / "tiny.taste"
    imported = import_audio(ImportRequest((material / "raw.wav",)), SILENT)
    with Document.create(path) as document:
        document.apply(import_edit(document.state, imported))
        settings = {"taste": str(taste), "minimum_kept_s": 2.0}
        document.apply(set_settings(document.state, settings, "Chose taste tiny"))
        heard = listen_to_document(AnalysisRequest(document.state, imported.media.paths, taste), SILENT)
        found = {heard.ids[kind]: analysis for kind, analysis in heard.analyses.items()}
        document.apply(set_analyses(document.state, heard.ids, "Listened"), found)
        curve, grid, listening, nearest = (
            document.analysis(kind) for kind in ("score", "beats", "listening", "nearest")
        )
        document.apply(propose(document.state, curve, grid, listening, {}, "", nearest).edit)
    return path


@pytest.fixture
def tasting(hands: Hands, listened: Path, tmp_path: Path) -> Hands:
    """The page over that document."""
    hands.window.tasting.said.connect(hands.said.append)
    hands.window.tasting.refused.connect(hands.refused.append)
    hands.window.session.open(Path(shutil.copy(listened, tmp_path / "jam.offcut")))
    hands.finish_work()
    hands.press("F4")
    finish(hands)
    return hands


def finish(hands: Hands) -> None:
    """Wait until the page knows all it wants to know."""
    window = hands.window
    hands.qtbot.waitUntil(lambda: not window.tasting.is_busy and not window.work.is_busy, timeout=60_000)


def page_of(hands: Hands) -> TastePage:
    return hands.window.tasting.page


def drop(hands: Hands, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    page_of(hands).dropEvent(
        QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, NO_KEYS, QDropEvent.Type.Drop)
    )


def test_the_page_takes_the_place_of_the_timeline_and_gives_it_back(tasting: Hands) -> None:
    window = tasting.window
    assert window.tasting.is_open
    assert not window.timeline.isVisible()
    assert not window.queue_panel.isVisible()
    tasting.press("Esc")
    assert window.timeline.isVisible()
    assert QApplication.focusWidget() is window.timeline
    tasting.press("F4")
    assert page_of(tasting).isVisible()
    tasting.press("F4")
    assert window.timeline.isVisible()
    assert not tasting.refused


def test_nothing_is_decided_while_the_queue_is_not_seen(tasting: Hands) -> None:
    window = tasting.window
    assert window.session.state.proposals
    before = window.session.state
    for key in ("A", "X", "V", "F"):
        tasting.press(key)
    assert window.session.state is before
    tasting.press("Esc")
    tasting.press("A")
    assert window.session.state.decisions


def test_what_the_taste_is_is_shown(tasting: Hands) -> None:
    page, facts = page_of(tasting), tasting.window.tasting.facts
    assert facts is not None
    assert "Squeeze" in page.method.accessibleDescription()
    assert "kept 0:20" in page.facts.accessibleDescription()
    assert "seed 3" in page.facts.accessibleDescription()
    assert "4 epochs" in page.losses.accessibleDescription()
    assert page.ranking.keys() == ["", str(facts.recordings[0].path)], "the raw one is odder"
    assert "of your edits" in page.distribution.sentence
    assert "sounds like your edits." in page.verdict.sentence
    assert page.verdict.sentence.endswith("1 question."), "a taste of 20 s knows none of it"


def test_the_oddest_stretch_is_gone_to_shown_and_heard(tasting: Hands) -> None:
    window, page = tasting.window, page_of(tasting)
    assert page.curves.hasFocus()
    page.map.setFocus()
    tasting.press("End")
    finish(tasting)
    moment = page.moment.moment
    assert moment is not None
    assert NOISE_S[0] - 1 <= moment.at_s <= NOISE_S[1] + 1, "it is the noise"
    assert moment.rebuilt_db is not None
    tasting.press("Return")
    assert window.transport.is_playing
    tasting.press("Esc")
    assert not window.transport.is_playing
    assert window.tasting.is_open, "the first Esc ends the sound"
    tasting.press("Home")
    tasting.press("Left")
    finish(tasting)
    assert page.moment.moment != moment


def test_a_kept_stretch_is_heard_beside_the_timeline(tasting: Hands) -> None:
    window, page = tasting.window, page_of(tasting)
    playhead = window.transport.playhead_samples
    page.map.setFocus()
    page.map.set_current(0)  # kept ones come first
    tasting.press("Space")
    finish(tasting)
    tasting.qtbot.waitUntil(lambda: window.transport.is_playing)
    assert any(sentence.startswith("kept at") for sentence in tasting.said)
    assert window.transport.playhead_samples == playhead
    assert page.current.endswith("kept.wav")


def test_what_a_moment_is_most_like_is_heard(tasting: Hands) -> None:
    window, page = tasting.window, page_of(tasting)
    button = next(one for one in page.findChildren(QPushButton) if one.text() == "Play nearest reference")
    assert not button.isEnabled()
    page.map.setFocus()
    tasting.press("End")
    finish(tasting)
    assert button.isEnabled()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    tasting.press("Return")
    finish(tasting)
    tasting.qtbot.waitUntil(lambda: window.transport.is_playing)
    assert tasting.said[-1].startswith("kept at")


def test_arrows_on_the_distribution_propose_anew_and_one_undo_takes_all_back(tasting: Hands) -> None:
    window, page = tasting.window, page_of(tasting)
    before = window.session.state
    page.distribution.setFocus()
    for key in ("Right", "Right", "Left"):
        tasting.press(key)
    assert window.session.state.settings["threshold_mode"] == "score"
    assert window.review.threshold == pytest.approx(page.distribution.threshold, abs=1e-6)
    tasting.press("Ctrl+Z")
    assert window.session.state.settings == before.settings
    assert page.distribution.threshold == pytest.approx(window.review.threshold)


def test_a_drag_on_the_distribution_is_a_drag_of_the_threshold(tasting: Hands) -> None:
    window, view = tasting.window, page_of(tasting).distribution
    window.analysing.propose({"threshold_mode": "score", "score": 0.6})
    before = window.session.state
    there = QPoint(round(view.place(0.75).x()), 60)
    QTest.mousePress(view, LEFT, NO_KEYS, QPoint(round(view.place(0.6).x()), 60))
    QTest.mouseMove(view, there)
    tasting.qtbot.waitUntil(lambda: bool(window.timeline.canvas.outlook))
    assert window.session.state is before
    QTest.mouseRelease(view, LEFT, NO_KEYS, there)
    tasting.qtbot.waitUntil(
        lambda: window.session.state.settings["score"] == pytest.approx(0.75, abs=0.01), timeout=10_000
    )


def test_a_drag_is_given_up_by_escape(tasting: Hands) -> None:
    window, view = tasting.window, page_of(tasting).distribution
    before, at = window.session.state, view.threshold
    assert at is not None
    QTest.mousePress(view, LEFT, NO_KEYS, QPoint(round(view.place(at).x()), 60))
    QTest.mouseMove(view, QPoint(round(view.place(0.9).x()), 60))
    tasting.qtbot.waitUntil(lambda: view.threshold == pytest.approx(0.9, abs=0.01))
    tasting.press("Esc")
    assert view.threshold == at
    assert window.session.state is before
    assert window.tasting.is_open


def test_a_decision_changes_the_signs_on_the_map(tasting: Hands) -> None:
    page = page_of(tasting)
    undecided = np.sum(page.map.states == SegmentState.UNDECIDED)
    assert undecided
    tasting.press("Esc")
    tasting.press("A")
    tasting.press("F4")
    finish(tasting)
    assert np.sum(page.map.states == SegmentState.ACCEPTED)
    assert np.sum(page.map.states == SegmentState.UNDECIDED) < undecided


def test_a_dropped_file_is_scored_mapped_and_heard(tasting: Hands, tmp_path: Path) -> None:
    window, page = tasting.window, page_of(tasting)
    take = tmp_path / "take 9.wav"
    soundfile.write(take, music(15.0, 9), RATE_HZ, "FLOAT")
    drop(tasting, take)
    finish(tasting)
    assert page.current == str(take)
    assert str(take) in [row.key for row in page.ranking.rows()]
    assert page.curves.accessibleDescription() == "take 9"
    page.ranking.setFocus()
    tasting.press("Return")
    finish(tasting)
    tasting.qtbot.waitUntil(lambda: window.transport.is_playing)
    assert page.moment.moment is not None
    assert page.moment.moment.key == str(take)
    assert len(window.session.state.sources) == 1, "the document is as it was"


def test_a_dropped_file_that_is_no_recording_is_told_and_forgotten(tasting: Hands, tmp_path: Path) -> None:
    bad = tmp_path / "letter.wav"
    bad.write_text("no sound", encoding="utf-8")
    keys = page_of(tasting).ranking.keys()
    drop(tasting, bad)
    finish(tasting)
    assert any("letter.wav" in sentence for sentence in tasting.refused)
    assert page_of(tasting).ranking.keys() == keys


def test_two_tastes_are_compared_and_their_differences_heard(tasting: Hands, material: Path) -> None:
    window, page = tasting.window, page_of(tasting)
    tasting.do_and_answer(
        lambda: window.commands.run("taste.compare"), *choose_taste(material / "other.taste")
    )
    finish(tasting)
    assert page.differences.count()
    assert "tiny, other" in page.curves.accessibleDescription()
    page.differences.setFocus()
    tasting.press("Down")
    tasting.press("Return")
    assert window.transport.is_playing
    tasting.press("Esc")
    drop(tasting, material / "other.taste")
    finish(tasting)
    assert window.tasting.facts is not None
    assert window.tasting.facts.name == "other"
    assert not page.differences.isVisible()
    assert window.analysing.taste == material / "tiny.taste", "the document keeps its own"


def test_a_file_is_analysed_without_a_document(hands: Hands, material: Path) -> None:
    window = hands.window
    window.tasting.refused.connect(hands.refused.append)
    hands.press_and_answer("Shift+F4", type_path(material / "raw.wav"))
    assert "‹taste.learn›" in hands.refused[-1]
    assert page_of(hands).no_taste.isVisible()
    hands.do_and_answer(lambda: window.commands.run("taste.look"), *choose_taste(material / "tiny.taste"))
    finish(hands)
    hands.press_and_answer("Shift+F4", type_path(material / "raw.wav"))
    finish(hands)
    page = page_of(hands)
    assert page.current == str(material / "raw.wav")
    assert "of the recording" in page.distribution.sentence
    page.distribution.setFocus()
    hands.press("Left")
    assert page.distribution.threshold == pytest.approx(USUAL_SCORE - 0.01, abs=5e-4)
    hands.press("Return")
    finish(hands)
    hands.qtbot.waitUntil(lambda: window.transport.is_playing)
    assert not window.session.is_open


def test_a_damaged_taste_is_told_and_the_one_before_stays(tasting: Hands, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.taste"
    damaged.write_bytes(b"no taste")
    drop(tasting, damaged)
    finish(tasting)
    assert any("damaged.taste is not a taste" in sentence for sentence in tasting.refused)
    assert tasting.window.tasting.facts is not None
    assert tasting.window.tasting.facts.name == "tiny"
    assert page_of(tasting).map.states.size


def test_a_taste_learned_without_a_document_is_looked_at(hands: Hands, material: Path) -> None:
    hands.press("F4")
    hands.window.learning.learned.emit(material / "tiny.taste")
    finish(hands)
    assert hands.window.tasting.facts is not None
    assert not page_of(hands).no_taste.isVisible()
    assert page_of(hands).map.states.size


def test_learning_is_followed_live(tasting: Hands) -> None:
    learning, page = tasting.window.learning, page_of(tasting)
    shown = page.losses.accessibleDescription()
    learning.started.emit("Band")
    for epoch in (1, 1, 2):
        learning.progressed.emit({"epoch": epoch, "loss": 1.0 / epoch, "validation": 2.0 / epoch})
    assert page.losses.accessibleDescription().startswith("2 epochs")
    learning.ended.emit()
    assert page.losses.accessibleDescription() == shown


def test_another_document_brings_its_own(tasting: Hands, tmp_path: Path) -> None:
    tasting.window.session.create(tmp_path / "empty.offcut")
    finish(tasting)
    page = page_of(tasting)
    assert page.no_taste.isVisible()
    assert page.ranking.keys() == []


def test_everything_has_a_name_and_tab_goes_round(tasting: Hands) -> None:
    page = page_of(tasting)
    page.research.button.click()
    parts = [one for one in handled(page) if not isinstance(one, QScrollBar)]
    assert all(name_of(one) for one in parts), [one for one in parts if not name_of(one)]
    page.head.buttons["taste.learn"].setFocus(Qt.FocusReason.TabFocusReason)
    found: list[QWidget] = []
    for _ in range(60):
        QTest.keyClick(tasting.window.focusWidget(), Qt.Key.Key_Tab)
        found.append(tasting.window.focusWidget())
    views = (page.map, page.distribution, page.ranking, page.moment, page.curves, page.facts)
    assert all(view in found for view in views)


def test_sources_of_a_document_are_scored_when_asked_for(
    hands: Hands, material: Path, tmp_path: Path
) -> None:
    path = tmp_path / "two.offcut"
    files = (material / "raw.wav", material / "kept.wav")
    imported = import_audio(ImportRequest(files), SILENT)
    with Document.create(path) as document:
        document.apply(import_edit(document.state, imported))
        document.apply(set_settings(document.state, {"taste": str(material / "tiny.taste")}, "Chose"))
    hands.window.session.open(path)
    hands.finish_work()
    hands.press("F4")
    finish(hands)
    page = page_of(hands)
    sources = [row.key for row in page.ranking.rows() if row.origin is Origin.SOURCE]
    assert sources == [str(material / "raw.wav")], "what was kept is ranked already"
    page.ranking.setFocus()
    for _ in page.ranking.rows():
        hands.press("Down")
    hands.press("Return")
    finish(hands)
    scored = next(row for row in page.ranking.rows() if row.key == sources[0])
    assert scored.mean is not None
