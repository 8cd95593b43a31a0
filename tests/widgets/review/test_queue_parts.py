"""The parts around the queue: groups and selection at ten thousand rows, history, scores, many at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.document.analysis import ScoreCurve
from engine.document.file.history import StepLabel
from engine.document.proposals import Proposal
from engine.review.answers import statistics
from engine.review.queue import listing
from tests.timing import slowness
from tests.widgets.conftest import Dress
from tests.widgets.review.made_up import show_review
from tests.widgets.review.test_queue_panel import MANY, SOME, button, card_of_panel, make, view_of
from widgets.controls.key_caps import KeyButton
from widgets.review.card import ScoreSpark, _window
from widgets.review.history_panel import HistoryPanel
from widgets.review.queue_head import FilterChips
from widgets.review.queue_panel import BulkBar
from widgets.theme import DARK, LIGHT, QUEUE, ROW, px

FRAME_MS = 16


def cpu_ms(work: Callable[[], object]) -> float:
    """The time of this thread, so that a busy machine does not count."""
    before = time.thread_time()
    work()
    return 1000 * (time.thread_time() - before)


@pytest.mark.alone
@pytest.mark.parametrize("by", ["state", "maker"])
def test_ten_thousand_rows_in_groups_are_quick(qtbot: QtBot, dress: Dress, by: str) -> None:
    panel = make(qtbot, dress(DARK), MANY, "cut-3333")
    ids, figures, view = tuple(MANY.proposals), statistics(MANY), view_of(panel)

    def show(number: int) -> None:
        folded = {"accepted"} if number % 2 else set()
        shown = listing(MANY, ids, by, folded)
        show_review(panel, MANY, shown, ids[number], "left", figures, 0.8, 9)
        panel.set_scope(frozenset(ids[:number]), number, "selected")

    spent_ms = [cpu_ms(lambda number=number: show(number)) for number in (3334, 9000, 5, 9999)]
    assert max(spent_ms) < 50 * slowness()
    bar = view.verticalScrollBar()

    def walk() -> list[float]:
        frames_ms = []
        for step in np.linspace(0, bar.maximum(), 200).astype(int):
            bar.setValue(int(step))
            frames_ms.append(cpu_ms(view.viewport().repaint))
        return frames_ms

    # The best of some walks, as in the bench: what other programs leave of the caches costs this thread time.
    frames_ms = np.min([walk() for _ in range(3)], axis=0)
    print(f"{by}: set_review {max(spent_ms):.1f} ms, repaint p99 {np.percentile(frames_ms, 99):.1f} ms")
    assert np.percentile(frames_ms, 99) < FRAME_MS * slowness()


def test_headings_stand_between_the_rows_and_are_no_proposals(qtbot: QtBot, dress: Dress) -> None:
    panel = make(qtbot, dress(LIGHT), SOME, "cut-12")
    view, model = view_of(panel), view_of(panel).model()
    show_review(
        panel,
        SOME,
        listing(SOME, tuple(SOME.proposals), "state", {"accepted"}),
        "cut-37",
        "left",
        statistics(SOME),
        0.8,
        9,
    )
    headings = {row: group for row in range(model.rowCount()) if (group := model.heading(row))}
    assert [group.name for group in headings.values()] == ["undecided", "accepted", "rejected"]
    assert next(iter(headings)) == 0
    assert all(view.visualRect(model.index(row)).height() == px(ROW) for row in headings)
    accepted = next(row for row, group in headings.items() if group.name == "accepted")
    assert model.heading(accepted + 1) is not None, "a folded group has no rows"
    assert model.data(model.index(accepted)).endswith("proposals, folded")
    with qtbot.assertNotEmitted(panel.proposal_chosen), qtbot.waitSignal(panel.group_toggled) as folded:
        QTest.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(model.index(accepted)).center()
        )
    assert folded.args == ["accepted"]
    with qtbot.waitSignal(panel.proposal_chosen) as chosen:  # the arrow steps over two headings
        QTest.keyClick(view, Qt.Key.Key_Down)
    assert chosen.args == [model.id_at(accepted + 2)]


def test_selected_rows_have_a_bar_besides_their_colour(qtbot: QtBot, dress: Dress) -> None:
    panel = make(qtbot, dress(DARK), SOME, "cut-12")
    view = view_of(panel)
    panel.set_scope(frozenset({"cut-14"}), 1, "selected")
    image = view.viewport().grab().toImage()

    def left_of(key: str) -> QColor:
        place = view.visualRect(view.model().index(view.model().position_of(key)))
        return image.pixelColor(place.topLeft() + QPoint(1, 5))

    assert left_of("cut-14") == QColor(DARK.undecided)
    assert left_of("cut-15") == QColor(DARK.panel)
    model = view.model()
    assert model.data(model.index(14)).endswith(", selected")
    assert not model.data(model.index(15)).endswith(", selected")


@pytest.mark.parametrize("count", [1, 99, 10_000])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_answers_for_many_always_fit(qtbot: QtBot, dress: Dress, count: int, scale: float) -> None:
    dress(LIGHT, scale)
    bar = BulkBar(LIGHT, {"review.accept_many": "Alt A", "review.undecided_many": "Alt U"})
    qtbot.addWidget(bar)
    bar.resize(px(QUEUE) - px(8), px(64))
    bar.set_scope(count, "selected")
    bar.show()
    for each in bar.findChildren(KeyButton):
        assert f" {count:,} selected" in each.text()
        assert each.width() >= each.sizeHint().width()
        assert "Alt" in each.toolTip() or "Accept" not in each.text()
    bar.set_scope(0, "")
    assert bar.isHidden()


@pytest.mark.parametrize("width", [120, 250, 344])
def test_chips_stay_in_one_row_that_scrolls_to_the_chosen_one(qtbot: QtBot, dress: Dress, width: int) -> None:
    dress(DARK)
    chips = FilterChips(DARK)
    qtbot.addWidget(chips)
    kinds = {"cut": 9000, "keep": 3, "mute": 20, "repeat": 40, "move": 8, "slip": 1000}
    chips.set_counts({"undecided": 6666, "decided": 3334, "flagged": 12, "all": 10_000, **kinds})
    chips.resize(width, chips.sizeHint().height())
    chips.show()
    shown = [each for each in chips.findChildren(QPushButton) if each.isVisible()]
    places = [each.geometry() for each in shown]
    assert len(places) == 10
    assert len({(place.top(), place.height()) for place in places}) == 1
    assert not any(a.intersects(b) for a in places for b in places if a is not b)
    bar, arrow = chips.horizontalScrollBar(), px(22)
    for name in ("all", "keep", "move", "slip", "undecided"):
        chips.set_filter(name)
        hidden_px = bar.value() + (arrow if bar.value() else 0)
        cut_off = [each.text() for each in shown if each.x() < hidden_px < each.geometry().right()]
        assert cut_off == [], "the first chip next to the arrow is whole"
        (chosen,) = (each for each in shown if each.isChecked())
        left = chosen.mapTo(chips, chosen.rect().topLeft()).x()
        assert left >= 0
        assert left + chosen.width() <= width or chosen.width() > width - 60
    start = bar.value()
    more = [each for each in chips.findChildren(QWidget) if each.accessibleName() == "More filters"]
    forward = next(each for each in more if each.isVisible())
    qtbot.mouseClick(forward, Qt.MouseButton.LeftButton)
    assert bar.value() > start
    chips.set_filter("keep")
    assert 0 < bar.value() < bar.maximum()


def test_kinds_have_chips_only_where_there_are_several(qtbot: QtBot, dress: Dress) -> None:
    panel = make(qtbot, dress(DARK), SOME, "cut-12")
    assert not any(
        each.text().startswith("Cuts") and each.isVisible() for each in panel.findChildren(QPushButton)
    )
    other = Proposal("m", "slip", 0, 100, 0.5, "A cough.", "demo")
    mixed = replace(SOME, proposals={**SOME.proposals, "m": other})
    show_review(panel, mixed, listing(mixed, ("m",)), "m", "left", statistics(mixed), 0.8, 0)
    assert button(panel, "Cuts 38").isVisible()
    with qtbot.waitSignal(panel.filter_chosen) as chosen:
        qtbot.mouseClick(button(panel, "Slips 1"), Qt.MouseButton.LeftButton)
    assert chosen.args == ["slip"]


def test_ten_thousand_steps_are_shown_at_once(qtbot: QtBot, dress: Dress) -> None:
    panel = HistoryPanel(dress(DARK))
    qtbot.addWidget(panel)
    panel.resize(px(QUEUE), px(220))
    panel.show()
    steps = tuple(StepLabel(number, f"Step {number}", number > 7000, number) for number in range(1, 10_001))
    assert cpu_ms(lambda: panel.set_steps(steps)) < 50 * slowness()
    rows = panel.findChild(QListView)
    assert rows is not None
    assert rows.model().rowCount() == 10_001
    assert rows.currentIndex().row() == 7000
    assert rows.viewport().rect().contains(rows.visualRect(rows.currentIndex()))
    assert cpu_ms(rows.viewport().repaint) < FRAME_MS * slowness()
    with qtbot.waitSignal(panel.step_chosen) as chosen:
        above = rows.visualRect(rows.model().index(6999, 0)).center()
        QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=above)
    assert chosen.args == [6999]
    panel.set_theme(dress(LIGHT))
    came: list[tuple[int, int]] = []
    rows.model().rowsInserted.connect(lambda _parent, first, last: came.append((first, last)))
    answered = (*steps[:7000], StepLabel(10_001, "Accepted cut", False, 1))
    panel.set_steps(answered)
    assert came == [(7001, 7001)]
    labels = [rows.model().index(line, 0).data() for line in (0, 1, 7000, 7001)]
    assert labels == ["Empty document", "Step 1", "Step 7000", "Accepted cut"]
    assert (rows.model().rowCount(), rows.currentIndex().row()) == (7_002, 7_001)
    panel.set_steps(())
    assert rows.model().rowCount() == 1


def slow_window(curve: ScoreCurve, first: int, last: int) -> list[tuple[float, float]]:
    """Every score in the window, one at a time."""
    pairs = zip(curve.times_samples.tolist(), curve.scores.tolist(), strict=True)
    return [((at - first) / (last - first), score) for at, score in pairs if first <= at < last]


@pytest.mark.parametrize(("first", "last"), [(0, 900), (-500, 200), (450, 455), (5000, 6000)])
def test_few_scores_are_all_shown(first: int, last: int) -> None:
    curve = ScoreCurve(np.arange(0, 1000, 7), np.linspace(0, 1, 143, dtype=np.float32), "test")
    expected = np.array(slow_window(curve, first, last)).reshape(-1, 2)
    np.testing.assert_allclose(_window(curve, first, last), expected)


def test_of_many_scores_the_highest_are_kept() -> None:
    scores = np.full(100_000, 0.2, np.float32)
    scores[77_777] = 0.9
    points = _window(ScoreCurve(np.arange(100_000), scores, "test"), 0, 100_000)
    assert len(points) <= 400
    assert points[:, 1].max() == np.float32(0.9)
    assert abs(points[points[:, 1].argmax(), 0] - 0.77777) < 1 / 400


@pytest.mark.parametrize("curve", [None, ScoreCurve(np.zeros(0, np.int64), np.zeros(0, np.float32), "test")])
def test_without_scores_the_card_keeps_its_room(qtbot: QtBot, curve: ScoreCurve | None) -> None:
    spark = ScoreSpark(DARK)
    qtbot.addWidget(spark)
    spark.set_scores(curve, (100, 200), 1000, 0.5)
    assert spark.isHidden()


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("height", [420, 520, 700, 1_000])
def test_the_answers_stay_in_view_however_low_the_panel(
    qtbot: QtBot, dress: Dress, height: int, scale: float
) -> None:
    dress(DARK, scale)
    panel = make(qtbot, DARK, SOME, "cut-12")
    panel.resize(px(QUEUE), round(height * scale))
    view = view_of(panel)
    qtbot.waitUntil(lambda: panel.height() == round(height * scale))
    panel.grab()
    seen = view.viewport().rect()
    for name in ("Accept", "Reject"):
        answer = button(panel, name)
        place = answer.rect().translated(answer.mapTo(view.viewport(), QPoint()))
        assert seen.contains(place), f"{name} at {place} in {seen}"
    panel.resize(px(QUEUE), px(1_000))
    panel.grab()
    card = card_of_panel(panel)
    assert not card._given_up, "all of it is there again where it has room"
    assert button(panel, "Edges").isVisible()
