"""What was learned from decisions as it is shown: the bar, the card's lines, the sentence and its switch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine.document.analysis import ScoreCurve
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.answers import statistics
from engine.review.queue import Learned, listing
from tests.widgets.conftest import Dress
from tests.widgets.review.made_up import show_review
from tests.widgets.review.test_queue_panel import SOME, card_of_panel, make, view_of
from widgets.controls.key_caps import KeyButton
from widgets.review.card import PartBars
from widgets.review.queue_panel import LearnedLine, QueuePanel
from widgets.review.queue_view import RowDelegate
from widgets.review.rows import Surroundings, card_of, chance_text, leading_parts, row_of
from widgets.theme import DARK, LIGHT, Theme, px


def learned(chance: float) -> Learned:
    count = len(SOME.proposals)
    return Learned(np.full(count, chance), np.zeros(count))


def first(verdict: Verdict) -> str:
    return next(key for key in SOME.proposals if SOME.verdict(key) is verdict)


def show(panel: QueuePanel, current: str, known: Learned | None) -> None:
    shown = listing(SOME, tuple(SOME.proposals))
    show_review(panel, SOME, shown, current, "left", statistics(SOME), 0.8, 9, known)


@pytest.mark.parametrize(
    ("chance", "text"), [(0.0, "1 %"), (0.004, "1 %"), (0.5, "50 %"), (0.866, "87 %"), (1.0, "99 %")]
)
def test_nothing_is_ever_certain(chance: float, text: str) -> None:
    assert chance_text(chance) == text


def test_only_the_undecided_have_a_chance() -> None:
    known = learned(0.87)
    assert row_of(SOME, first(Verdict.UNDECIDED), known).chance == 0.87
    assert "cut probability 87 %" in row_of(SOME, first(Verdict.UNDECIDED), known).spoken
    for decided in (Verdict.ACCEPTED, Verdict.REJECTED):
        assert row_of(SOME, first(decided), known).chance is None
    before_any_answer = Learned(None, np.zeros(len(SOME.proposals)))
    for nothing in (None, before_any_answer):
        assert row_of(SOME, first(Verdict.UNDECIDED), nothing).chance is None
        assert card_of(SOME, first(Verdict.UNDECIDED), Surroundings(), nothing).chance == ""


def bar_end(theme: Theme, bar: float | None) -> int:
    """How far the bar of a painted row reaches, in pixels of the score's colour."""
    delegate = RowDelegate(theme)
    width, height = px(372), px(30)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.panel))
    painter = QPainter(image)
    row = replace(row_of(SOME, first(Verdict.UNDECIDED)), bar=bar)
    delegate.paint_row(painter, QRectF(0, 0, width, height), row, hovered=False)
    painter.end()
    wanted = QColor(theme.score_line).rgb()
    return sum(image.pixel(x, height // 2) == wanted for x in range(px(100), px(260)))


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_the_bar_is_as_long_as_the_proposal_is_sure(qtbot: QtBot, dress: Dress, theme: Theme) -> None:  # noqa: ARG001
    dress(theme)
    assert bar_end(theme, None) == 0
    low, middle, high = (bar_end(theme, share) for share in (0.1, 0.5, 0.9))
    assert 0 < low < middle < high
    assert middle - low == pytest.approx(high - middle, abs=1)


def test_the_card_says_the_chance_beside_the_score(qtbot: QtBot, dress: Dress) -> None:
    key = first(Verdict.UNDECIDED)
    panel = make(qtbot, dress(DARK), SOME, key)
    show(panel, key, learned(0.87))
    words = [label.text() for label in card_of_panel(panel).findChildren(QLabel) if label.isVisible()]
    assert "from decisions" in words
    assert any("probability to cut" in text and "87\u00a0%" in text for text in words)
    assert any(f"{SOME.proposals[key].score:.2f}" in text for text in words), "the score stays"
    taller = card_of_panel(panel).height()
    show(panel, key, None)
    assert card_of_panel(panel).height() < taller
    assert "from decisions" not in [
        label.text() for label in card_of_panel(panel).findChildren(QLabel) if label.isVisible()
    ]


def curve_of(*parts: tuple[str, float]) -> ScoreCurve:
    times = np.arange(0, 10_000, 100, dtype=np.int64)
    values = np.tile(np.array([[value for _, value in parts]], np.float32), (len(times), 1))
    values[:50] = 0.0  # only the second half stands out
    return ScoreCurve(times, np.full(100, 0.7, np.float32), "m", tuple(name for name, _ in parts), values)


def test_the_parts_that_lead_come_first() -> None:
    curve = curve_of(("a", 1.0), ("b-c", 9.0), ("d", 0.2), ("e", 3.0), ("f", 2.0))
    found = leading_parts(curve, 6000, 9000)
    assert [part.name for part in found] == ["b c", "e", "f"]
    assert [part.share for part in found] == pytest.approx([1.0, 0.5, 1 / 3])
    assert found[1].spoken == "e, +3.0 standard deviations"
    assert leading_parts(curve, 0, 4000) == (), "what is as usual leads nothing"
    assert leading_parts(curve, 20_000, 30_000)[0].name == "b c", "past the end the last moment counts"
    assert leading_parts(None, 0, 1) == leading_parts(curve_of(), 0, 1) == ()


def test_parts_are_bars_with_words(qtbot: QtBot, dress: Dress) -> None:
    theme = dress(DARK)
    bars = PartBars(theme)
    qtbot.addWidget(bars)
    bars.resize(px(260), px(60))
    bars.set_parts(leading_parts(curve_of(("talk", 6.0), ("level", 3.0)), 6000, 9000))
    bars.show()
    image = bars.grab().toImage()
    wanted = QColor(theme.score_line).rgb()
    filled = [sum(image.pixel(x, y) == wanted for x in range(image.width())) for y in (px(9), px(18) + px(9))]
    assert filled[0] == pytest.approx(2 * filled[1], abs=4)
    assert bars.accessibleName().startswith("Made of: talk")
    bars.set_parts(())
    assert bars.isHidden()


def test_the_line_says_what_was_learned_and_switches(qtbot: QtBot, dress: Dress) -> None:
    line = LearnedLine(dress(DARK), {"review.learn": "Alt L"})
    qtbot.addWidget(line)
    line.resize(px(360), px(40))
    assert line.isHidden(), "nothing to say"
    line.set_learning("You keep quiet passages. From 23 decisions.", is_on=True)
    assert line.isVisibleTo(None)
    switch = line.findChild(KeyButton)
    assert switch is not None
    assert (switch.text(), switch.key) == ("Stop", "Alt L")
    with qtbot.waitSignal(line.command_requested) as asked:
        QTest.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert asked.args == ["review.learn"]
    line.set_learning("Not learning from your decisions.", is_on=False)
    assert (switch.text(), switch.accessibleName()) == ("Learn", "Learn from decisions")


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_long_sentences_wrap_and_are_not_cut(qtbot: QtBot, dress: Dress, scale: float) -> None:
    panel = make(qtbot, dress(LIGHT, scale), SOME, first(Verdict.UNDECIDED))
    said = "You cut what is far from all you kept; “as from another room” counts more. From 1,204 decisions."
    panel.set_learning(said, is_on=True)
    (label,) = (one for one in panel.findChildren(QLabel) if one.text() == said)
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))
    switch = next(b for b in panel.findChildren(KeyButton) if b.text() == "Stop")
    assert switch.width() >= switch.sizeHint().width()


def test_a_chance_is_that_of_its_own_row(qtbot: QtBot, dress: Dress) -> None:
    panel = make(qtbot, dress(DARK), SOME, None)
    ids = table_of(SOME).made.ids
    known = Learned(np.linspace(0.0, 1.0, len(ids)), np.zeros(len(ids)))
    view_of(panel).model().set_listing(SOME, listing(SOME, ids), known)
    for place, key in enumerate(ids):
        chance = view_of(panel).model().row(place).chance
        assert chance == (None if SOME.verdict(key) is not Verdict.UNDECIDED else known.chances[place])
    assert table_of(DocumentState()).made.ids == ()
