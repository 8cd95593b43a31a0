"""The painted views of the page: what keys and clicks mean there, and what they say."""

from __future__ import annotations

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.features.taste.widgets.method import MethodPicture, MomentView
from desktop.features.taste.widgets.ranking import RankedRow, Ranking
from desktop.features.taste.widgets.scores import (
    STEP,
    Differences,
    Distribution,
    ScoreCurves,
    columns_of,
    densities,
)
from desktop.features.taste.widgets.segment_map import Colouring, SegmentMapView
from engine.features.taste.overview.results import (
    Difference,
    MethodStep,
    Moment,
    Origin,
    SegmentMap,
    SegmentState,
)
from tests.widgets.conftest import Dress
from widgets.theme import DARK, LIGHT

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def shown(qtbot: QtBot, widget: QWidget, width: int = 400, height: int = 300) -> QWidget:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def cross() -> SegmentMap:
    """Five stretches: one in the middle, and one to each side of it."""
    points = np.array([[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]], np.float32)
    return SegmentMap(
        points,
        np.zeros(5, np.int32),
        np.arange(5, dtype=np.float64),
        2.0,
        np.array([0.5, 0.1, 0.9, 0.3, 0.4], np.float32),
        (("", Origin.DOCUMENT),),
        1.0,
    )


@pytest.fixture
def a_map(qtbot: QtBot, dress: Dress) -> SegmentMapView:
    view = SegmentMapView(dress(DARK))
    view.set_map(cross(), np.array([0, 1, 2, 3, 4], np.uint8))
    shown(qtbot, view)
    return view


def test_arrows_walk_the_map_and_enter_hears(qtbot: QtBot, a_map: SegmentMapView) -> None:
    walked: list[int] = []
    a_map.chosen.connect(walked.append)
    QTest.keyClick(a_map, Qt.Key.Key_Home)  # the least odd
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(a_map, key)
    assert walked == [1, 0, 4, 0, 2], "nothing lies right of the last one"
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        with qtbot.waitSignal(a_map.heard):
            QTest.keyClick(a_map, key)


def test_a_click_chooses_the_nearest_and_none_where_nothing_is(a_map: SegmentMapView) -> None:
    clicked: list[int] = []
    a_map.clicked.connect(clicked.append)
    middle = a_map.place(0.5, 0.5).toPoint()
    QTest.mouseClick(a_map, LEFT, NO_KEYS, middle + QPoint(3, -2))
    QTest.mouseClick(a_map, LEFT, NO_KEYS, QPoint(3, 3))
    assert clicked == [0]
    assert a_map.current == 0


def test_the_map_tells_states_without_colour(a_map: SegmentMapView) -> None:
    assert "1 accepted" in a_map.accessibleDescription()
    by_state = a_map.grab().toImage()
    a_map.set_colouring(Colouring.SCORE)
    assert a_map.grab().toImage() != by_state
    a_map.set_states(np.full(5, SegmentState.REJECTED, np.uint8))
    assert "5 rejected" in a_map.accessibleDescription()


def test_every_state_has_a_sign_of_its_own(a_map: SegmentMapView) -> None:
    a_map.set_colouring(Colouring.SCORE)  # the same colours in all states
    box = QRect(a_map.place(0.45, 0.55).toPoint(), a_map.place(0.55, 0.45).toPoint())
    signs = []
    for state in SegmentState:
        a_map.set_states(np.full(5, state, np.uint8))
        signs.append(a_map.grab(box).toImage())
    assert all(sign != other for number, sign in enumerate(signs) for other in signs[:number])


@pytest.mark.parametrize("colouring", list(Colouring))
def test_many_points_share_a_few_drawn_signs(
    a_map: SegmentMapView, rng: np.random.Generator, colouring: Colouring
) -> None:
    count = 20_000
    many = SegmentMap(
        rng.random((count, 2), dtype=np.float32),
        np.zeros(count, np.int32),
        np.arange(count, dtype=np.float64),
        2.0,
        rng.random(count, dtype=np.float32),
        (("", Origin.DOCUMENT),),
        1.0,
    )
    a_map.set_colouring(colouring)
    a_map.set_map(many, rng.integers(0, len(SegmentState), count).astype(np.uint8))
    a_map.grab()
    items = [item for item in a_map.plot.listDataItems() if isinstance(item, pyqtgraph.ScatterPlotItem)]
    assert sum(len(item.data) for item in items) == count
    assert max(len(item.fragmentAtlas) for item in items) <= 32


@pytest.mark.parametrize("size", [(300, 300), (900, 300), (300, 900)])
def test_all_points_are_inside_the_map_at_any_size(a_map: SegmentMapView, size: tuple[int, int]) -> None:
    a_map.resize(*size)
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert a_map.rect().contains(a_map.place(*corner).toPoint())


def test_densities_add_up_and_nothing_has_none(rng: np.random.Generator) -> None:
    assert densities(rng.random(500, dtype=np.float32)).sum() == pytest.approx(1.0)
    assert densities(np.array([-1.0, 2.0], np.float32)).sum() == pytest.approx(1.0)
    assert not densities(np.zeros(0, np.float32)).any()


@pytest.fixture
def a_distribution(qtbot: QtBot, dress: Dress, rng: np.random.Generator) -> Distribution:
    view = Distribution(dress(LIGHT))
    view.set_scores(rng.random(200, dtype=np.float32) / 2, rng.random(300, dtype=np.float32), "Jam")
    view.set_threshold(0.6)
    shown(qtbot, view)
    return view


def test_the_line_says_what_it_means(a_distribution: Distribution) -> None:
    assert a_distribution.sentence.endswith("0 % of your edits")
    assert a_distribution.accessibleDescription() == a_distribution.sentence
    a_distribution.set_threshold(0.0)
    assert "100 % of the recording and 100 % of your edits" in a_distribution.sentence


def test_without_kept_scores_the_line_speaks_of_the_recording_alone(
    a_distribution: Distribution, rng: np.random.Generator
) -> None:
    a_distribution.set_scores(np.zeros(0, np.float32), rng.random(300, dtype=np.float32), "Jam")
    assert a_distribution.sentence.endswith("of the recording")


def test_arrows_step_the_threshold(qtbot: QtBot, a_distribution: Distribution) -> None:
    for key, wanted in (
        (Qt.Key.Key_Right, 0.6 + STEP),
        (Qt.Key.Key_Left, 0.6 - STEP),
        (Qt.Key.Key_Home, 0.0),
        (Qt.Key.Key_End, 1.0),
    ):
        with qtbot.waitSignal(a_distribution.threshold_stepped) as stepped:
            QTest.keyClick(a_distribution, key)
        assert stepped.args == [pytest.approx(wanted)]


def test_the_line_is_dragged_and_a_drag_given_up(qtbot: QtBot, a_distribution: Distribution) -> None:
    at = QPoint(round(a_distribution.place(0.6).x()) + 2, 100)
    there = QPoint(round(a_distribution.place(0.3).x()), 100)
    moved: list[object] = []
    a_distribution.threshold_moved.connect(moved.append)
    QTest.mousePress(a_distribution, LEFT, NO_KEYS, at)
    QTest.mouseMove(a_distribution, there)
    qtbot.waitUntil(lambda: moved[-1] == pytest.approx(0.3, abs=0.01))
    assert a_distribution.cancel_drag()
    assert moved[-1] is None
    assert a_distribution.threshold == 0.6
    with qtbot.assertNotEmitted(a_distribution.threshold_dragged):
        QTest.mouseRelease(a_distribution, LEFT, NO_KEYS, there)
    QTest.mousePress(a_distribution, LEFT, NO_KEYS, at)
    QTest.mouseMove(a_distribution, there)
    with qtbot.waitSignal(a_distribution.threshold_dragged) as dragged:
        QTest.mouseRelease(a_distribution, LEFT, NO_KEYS, there)
    assert dragged.args == [pytest.approx(0.3, abs=0.01)]


@pytest.mark.parametrize("score", [0.0, 0.02, 0.97, 1.0])
def test_the_label_of_the_line_is_inside_the_plot(a_distribution: Distribution, score: float) -> None:
    a_distribution.set_threshold(score)
    QTest.mousePress(a_distribution, LEFT, NO_KEYS, QPoint(round(a_distribution.place(score).x()), 100))
    assert a_distribution.threshold == pytest.approx(score, abs=0.01)
    a_distribution.set_outlook("12 cuts, 3:10 minutes")
    a_distribution.grab()
    (label,) = [item for item in a_distribution.plot.items() if isinstance(item, pyqtgraph.TextItem)]
    assert label.toPlainText() == f"{a_distribution.threshold:.2f} 12 cuts, 3:10 minutes"
    box = label.sceneBoundingRect()
    assert box.left() >= a_distribution.place(0.0).x() - 2
    assert box.right() <= a_distribution.place(1.0).x() + 2


def test_a_click_beside_the_line_asks_for_such_a_moment(qtbot: QtBot, a_distribution: Distribution) -> None:
    with qtbot.waitSignal(a_distribution.score_chosen) as chosen:
        QTest.mouseClick(a_distribution, LEFT, NO_KEYS, QPoint(round(a_distribution.place(0.2).x()), 100))
    assert chosen.args == [pytest.approx(0.2, abs=0.01)]


def rows() -> list[RankedRow]:
    return [
        RankedRow("a", "Alpha", Origin.KEPT, 60.0, 0.4, 0.5, 0.0),
        RankedRow("b", "beta", Origin.FILE, 5.0, 0.7, 0.6, 0.5),
        RankedRow("c", "Gamma", Origin.SOURCE, 30.0),
        RankedRow("", "Demo", Origin.DOCUMENT, 90.0, 0.5, 0.9, 0.2),
    ]


def test_the_ranking_sorts_by_keys_and_keeps_what_is_chosen(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    ranking = Ranking()
    ranking.set_rows(rows(), "b")
    shown(qtbot, ranking)
    assert ranking.keys() == ["", "b", "a", "c"], "the oddest first, what is not scored last"
    QTest.keyClick(ranking, Qt.Key.Key_Right)
    assert ranking.keys() == ["b", "", "a", "c"]
    QTest.keyClick(ranking, Qt.Key.Key_Right)  # round to the names
    assert ranking.keys() == ["a", "b", "", "c"]
    assert ranking.current == "b"
    with qtbot.waitSignal(ranking.chosen) as chosen:
        QTest.keyClick(ranking, Qt.Key.Key_Down)
    assert chosen.args == [""]
    with qtbot.waitSignal(ranking.heard):
        QTest.keyClick(ranking, Qt.Key.Key_Return)


def test_a_click_on_the_head_sorts(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    ranking = Ranking()
    ranking.set_rows(rows(), "")
    shown(qtbot, ranking, 600)
    header = ranking.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(2) + 10, header.height() // 2)
    QTest.mouseClick(header.viewport(), LEFT, NO_KEYS, place)
    lengths = ranking.keys()
    QTest.mouseClick(header.viewport(), LEFT, NO_KEYS, place)
    assert ranking.keys() == lengths[::-1]
    assert sorted(lengths) == ["", "a", "b", "c"]


def test_a_moment_of_the_curve_is_gone_to_by_keys_and_clicks(qtbot: QtBot, dress: Dress) -> None:
    curves = ScoreCurves(dress(DARK))
    times_s = np.arange(0.0, 60.0, 0.2)
    scores = (np.sin(times_s) / 2 + 0.5).astype(np.float32)
    curves.set_curves(times_s, (("a", scores), ("b", scores[::-1].copy())), 60.0, ((10.0, 14.0),))
    shown(qtbot, curves, 500, 150)
    gone: list[float] = []
    curves.chosen.connect(gone.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Home):
        QTest.keyClick(curves, key)
    assert gone == [1.0, 60.0, 59.0, 0.0]
    with qtbot.waitSignal(curves.clicked) as clicked:
        QTest.mouseClick(curves, LEFT, NO_KEYS, QPoint(round(curves.place(30.0).x()), 70))
    assert clicked.args == [pytest.approx(30.0, abs=0.5)]


def test_differences_are_walked_and_heard(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    view = Differences()
    view.set_differences(("a", "b"), [Difference(1.0, 5.0, 0.9, 0.1), Difference(9.0, 13.0, 0.2, 0.7)])
    shown(qtbot, view)
    gone: list[int] = []
    view.chosen.connect(gone.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(view, key)
    assert gone[-1] == 1
    with qtbot.waitSignal(view.heard) as heard:
        QTest.keyClick(view, Qt.Key.Key_Space)
    assert heard.args == [1]


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [180, 420, 1000])
def test_the_boxes_hold_their_words(qtbot: QtBot, dress: Dress, width: int, scale: float) -> None:
    picture = MethodPicture(dress(DARK, scale))
    picture.set_steps([MethodStep(f"Step {k}", "of a few words that have to be broken") for k in range(6)])
    shown(qtbot, picture, round(width * scale), 50)
    boxes = picture._boxes(picture.width())
    assert len(boxes) == 6
    assert max(box.rect.right() for box in boxes) <= picture.width() + 1
    assert max(box.rect.bottom() for box in boxes) <= picture.height()
    assert "then Step 5" in picture.accessibleDescription()


def test_a_moment_is_told_in_words(qtbot: QtBot, dress: Dress, rng: np.random.Generator) -> None:
    view = MomentView(dress(DARK))
    frames = rng.normal(-30, 10, (100, 32)).astype(np.float32)
    times_s, scores = np.linspace(9.0, 15.0, 20), rng.random(20, dtype=np.float32)
    view.set_moment(
        Moment("", "Jam", 12.0, 9.0, 15.0, frames, frames + 3, times_s, scores, 0.83, {"unlike kept": 2.5})
    )
    shown(qtbot, view)
    assert view.accessibleDescription() == "Jam at 0:12.0: score 0.83, unlike kept +2.5"
    assert not view.grab().isNull()


@pytest.mark.parametrize("make", [SegmentMapView, Distribution, ScoreCurves, MomentView])
def test_an_empty_view_says_what_to_do_and_shows_its_focus(qtbot: QtBot, dress: Dress, make) -> None:  # type: ignore[no-untyped-def]
    view = make(dress(LIGHT))
    shown(qtbot, view)
    view.clearFocus()
    without = view.grab().toImage()
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    assert view.grab().toImage() != without
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Return):
        QTest.keyClick(view, key)
    assert view.accessibleName()


def test_many_scores_are_drawn_by_columns_as_a_plain_loop_finds_them(rng: np.random.Generator) -> None:
    times_s = np.sort(rng.random(5_000)) * 5400.0
    values = rng.random(5_000)
    columns = columns_of(times_s, values, 5400.0, 300)
    edges = np.linspace(0.0, 5400.0, 301)
    for at_s, mean, low, high in zip(columns.times_s, columns.mean, columns.low, columns.high, strict=True):
        number = int(np.searchsorted(edges, at_s)) - 1
        inside = values[(times_s >= edges[number]) & (times_s < edges[number + 1])]
        assert mean == pytest.approx(inside.mean())
        assert low <= inside.min()
        assert high >= inside.max()
    few = columns_of(times_s[:500], values[:500], 5400.0, 300)
    assert len(few.times_s) == 500
    np.testing.assert_array_equal(few.low, few.high)


@pytest.mark.parametrize("duration_s", [0.5, 120.0, 5400.0, 86_400.0])
def test_scores_of_any_length_are_drawn_with_times_below(
    qtbot: QtBot, dress: Dress, duration_s: float
) -> None:
    curves = ScoreCurves(dress(LIGHT))
    times_s = np.linspace(0.0, duration_s, 40_000)
    scores = np.random.default_rng(1).random(40_000, dtype=np.float32)
    curves.set_curves(times_s, (("a", scores), ("b", scores)), duration_s)
    shown(qtbot, curves, 700, 160)
    image = curves.grab().toImage()
    foot = [image.pixelColor(x, image.height() - 8).lightness() for x in range(image.width())]
    assert min(foot) < 150, "times are written below"
