"""The page as a whole: nothing is cut in any window, and what one view chooses the others show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from desktop.features.taste.widgets.page import Listed, TastePage
from engine.features.taste.overview.results import (
    LearnedFrom,
    MethodStep,
    Origin,
    ScoredRecording,
    SegmentMap,
    TasteFacts,
    WouldCut,
)
from tests.mostly_long import mostly_long
from tests.widgets.conftest import Dress
from widgets.controls.key_caps import EnterButton
from widgets.theme import DARK, LIGHT, Theme

KEYS = {"taste.learn": "Ctrl L", "taste.analyse": "Shift F4", "taste.page": "F4"}
STEPS = tuple(MethodStep(f"Step {k}", "told in a few words that need more than a line") for k in range(6))


def scored(name: str, origin: Origin, seed: int) -> ScoredRecording:
    scores = np.random.default_rng(seed).random(200, dtype=np.float32)
    path = None if origin is Origin.DOCUMENT else Path(f"/{name}.wav")
    return ScoredRecording(name, origin, path, "", 40.0, 0.2 * np.arange(200.0), scores, -20.0)


def filled(theme: Theme) -> TastePage:
    page = TastePage(theme, KEYS)
    kept, here = scored("kept", Origin.KEPT, 1), scored("jam", Origin.DOCUMENT, 2)
    learned = LearnedFrom("kept", Path("/kept.wav"), "", 40.0)
    facts = TasteFacts(
        Path("/a.taste"), "Band 2026", "slicer-ae Band 2026 0000", "slicer-ae", STEPS, (learned,),
        (("latent dim", "64"),), (("parameters", "1,000"),), (2.0, 1.0), (2.5, 1.5), 1000, True, True,
    )  # fmt: skip
    page.set_facts(facts, {"head": "slicer-ae · learned from 1 recording"})
    rng = np.random.default_rng(3)
    shown = SegmentMap(
        rng.random((40, 2), dtype=np.float32),
        np.repeat([0, 1], 20).astype(np.int32),
        np.tile(np.arange(20.0), 2),
        2.0,
        rng.random(40, dtype=np.float32),
        ((kept.key, Origin.KEPT), ("", Origin.DOCUMENT)),
        0.5,
    )
    page.set_map(shown, np.repeat([0, 2], 20).astype(np.uint8))
    page.set_recordings([Listed(one.key, one.name, one.origin, 40.0, one) for one in (here, kept)], "")
    page.set_threshold(0.6)
    return page


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("scale", [1.0, 2.0])
@mostly_long("width", [480, 640, 800, 1200, 1700], keep=(480, 1700))
def test_nothing_is_cut_in_any_window(
    qtbot: QtBot, dress: Dress, width: int, scale: float, is_open: bool
) -> None:
    page = filled(dress(DARK, scale))
    page.research.set_open(is_open)
    qtbot.addWidget(page)
    page.resize(round(width * scale), round(700 * scale))
    with qtbot.waitExposed(page):
        page.show()
    assert page.width() == round(width * scale), "it fits into the window"
    scroll = page.findChild(QScrollArea)
    assert scroll is not None
    assert not scroll.horizontalScrollBar().isVisible()
    for button in page.findChildren(EnterButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.text()
            assert button.mapTo(page, button.rect().bottomRight()).x() <= page.width()
    for label in page.verdict.findChildren(QLabel):
        assert not label.wordWrap() or label.height() >= label.heightForWidth(label.width()), label.text()
    researched = (page.moment, page.losses) if is_open else ()
    for view in (page.map, page.distribution, page.curves, page.ranking, *researched):
        assert view.isVisible()
        assert view.height() >= view.minimumHeight()
        assert view.width() >= 150 * scale


def test_the_wheel_over_a_plot_is_left_to_the_page(qtbot: QtBot, dress: Dress) -> None:
    page = filled(dress(DARK))
    qtbot.addWidget(page)
    page.resize(480, 500)
    with qtbot.waitExposed(page):
        page.show()
    at = page.curves.mapTo(page, page.curves.rect().center())
    assert page.childAt(at) is page.curves, "the plot in it takes no events of the mouse"
    turned = QWheelEvent(
        QPointF(page.curves.rect().center()), QPointF(page.mapToGlobal(at)), QPoint(), QPoint(0, -240),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(page.curves, turned)
    assert not turned.isAccepted(), "it goes on to the page"


def test_a_point_on_the_map_takes_the_others_along(qtbot: QtBot, dress: Dress) -> None:
    page = filled(dress(LIGHT))
    qtbot.addWidget(page)
    shown: list[tuple[str, float]] = []
    page.moment_chosen.connect(lambda *where: shown.append(where))
    with qtbot.waitSignal(page.span_heard) as heard:
        page.map.clicked.emit(5)  # of the kept recording, which begins at 5 s
    assert shown == [("/kept.wav", 6.0)]
    assert heard.args == ["/kept.wav", 5.0, 7.0]
    assert page.current == "/kept.wav"
    assert page.ranking.current == "/kept.wav"
    assert page.curves.accessibleDescription().startswith("kept; 0:06.0")


def test_the_ranking_changes_what_is_seen_of_the_others(qtbot: QtBot, dress: Dress) -> None:
    page = filled(dress(DARK))
    qtbot.addWidget(page)
    before = page.distribution.sentence
    page.ranking.chosen.emit("/kept.wav")
    assert page.distribution.sentence != before
    assert page.curves.accessibleDescription() == "kept"
    with qtbot.waitSignal(page.span_heard) as heard:
        page.ranking.heard.emit()
    kept = scored("kept", Origin.KEPT, 1)
    oddest_s = float(kept.times_s[kept.scores.argmax()])
    assert heard.args[1] <= oddest_s <= heard.args[2]


def test_a_taste_that_keeps_its_last_epoch_says_so_beside_its_losses(qtbot: QtBot, dress: Dress) -> None:
    page = filled(dress(DARK))
    qtbot.addWidget(page)

    def said() -> str:
        return " ".join(label.text() for label in page.findChildren(QLabel))

    assert "its last epoch ranks best" in said()
    page.set_losses("Another", (1.0,), ())
    assert "Another, running" in said()
    page.set_losses("", (1.0,), ())
    assert "its last epoch ranks best" in said()


def test_no_taste_shows_the_ways_to_one(qtbot: QtBot, dress: Dress) -> None:
    page = TastePage(dress(DARK), KEYS)
    qtbot.addWidget(page)
    page.set_facts(None, {})
    page.show_ways(True)
    page.resize(900, 600)
    with qtbot.waitExposed(page):
        page.show()
    asked: list[str] = []
    page.command_requested.connect(asked.append)
    for button in page.no_taste.findChildren(EnterButton):
        button.click()
    assert asked == ["taste.learn", "taste.look"]
    assert not page.map.isVisible()


def test_the_theme_reaches_every_part(qtbot: QtBot, dress: Dress) -> None:
    page = filled(dress(DARK))
    qtbot.addWidget(page)
    page.resize(1300, 900)
    dark = page.grab().toImage()
    page.set_theme(dress(LIGHT))
    assert page.grab().toImage() != dark
    views: tuple[QWidget, ...] = (page.map, page.distribution, page.curves, page.moment)
    for view in views:
        corner = view.grab().toImage().pixelColor(3, 3)
        assert corner.lightness() > 200, view.accessibleName()


def test_what_it_says_comes_first_and_what_it_is_made_of_is_folded_away(qtbot: QtBot, dress: Dress) -> None:
    page = filled(dress(DARK))
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.set_would_cut(WouldCut(12.0, 3))
    with qtbot.waitExposed(page):
        page.show()
    assert page.verdict.sentence.startswith("0:12 of 0:40 minutes would be cut, in 3 cuts.")
    tops = [part.mapTo(page, part.rect().topLeft()).y() for part in (page.verdict, page.curves, page.map)]
    assert tops == sorted(tops)
    for part in (page.facts, page.losses, page.method, page.moment):
        assert not part.isVisible()
    page.research.button.click()
    assert page.losses.isVisible()
    assert page.facts.isVisible()


def test_the_verdict_follows_the_recording_that_is_shown(qtbot: QtBot, dress: Dress) -> None:
    page = filled(dress(DARK))
    qtbot.addWidget(page)
    assert page.verdict.sentence.endswith("minutes sound unlike your edits.")
    page.ranking.chosen.emit("/kept.wav")
    assert page.verdict.sentence.startswith("One of your edits:")
    page.set_recordings([Listed("/room.wav", "room", Origin.SOURCE, 40.0)], "/room.wav")
    assert "press Enter on it" in page.verdict.sentence
    page.set_recordings([], "")
    assert page.verdict.sentence.startswith("Import a recording")


@pytest.mark.parametrize("name", ["n" * 200, "two\nlines 🥁", "many words " * 18])
def test_any_name_leaves_the_page_as_wide_as_its_window(qtbot: QtBot, dress: Dress, name: str) -> None:
    page = filled(dress(DARK))
    qtbot.addWidget(page)
    page.head.set_words(name, "learned from 1:56 in 3 recordings")
    page.verdict.say(name, "12 of 90 minutes would be cut, in 31 cuts.")
    page.curves.set_curves(np.arange(100.0), ((name, np.zeros(100, np.float32)),) * 2, 100.0)
    page.resize(700, 600)
    with qtbot.waitExposed(page):
        page.show()
    page.grab()
    assert page.width() == 700
    assert page.minimumSizeHint().width() <= 700
    lines = page.head.findChildren(QLabel)[0]
    assert "\n" not in lines.text()
