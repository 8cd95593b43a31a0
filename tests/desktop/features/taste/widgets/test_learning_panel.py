"""Learning at the size of small screens: nothing is empty and nothing is cut off."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop.export.exporting import progress_dialog
from desktop.features.taste.widgets.learning_panel import LearningPanel, LossCurve
from tests.widgets.conftest import Dress
from widgets.chrome.status_bar import StatusBar
from widgets.controls.text_and_icons import ElidedLabel
from widgets.theme import DARK, LIGHT, px

STEP = "Reading recordings, 3 of 5"


def make(qtbot: QtBot, width: int, height: int) -> tuple[QWidget, LearningPanel]:
    beside = QWidget()
    qtbot.addWidget(beside)
    layout = QVBoxLayout(beside)
    panel = LearningPanel(DARK)
    layout.addStretch(1)
    layout.addWidget(panel)
    beside.resize(width, height)
    with qtbot.waitExposed(beside):
        beside.show()
    panel.start("My taste")
    return beside, panel


def _is_whole(label: ElidedLabel) -> bool:
    return not label.is_elided


def assert_whole(qtbot: QtBot, panel: LearningPanel) -> None:
    """Every line is shown in full, and the panel is no higher than what is in it."""
    for label in panel.findChildren(ElidedLabel):
        qtbot.waitUntil(partial(_is_whole, label))
        assert panel.rect().contains(label.geometry())
    curve = panel.findChild(LossCurve)
    assert panel.height() <= px(90) or curve.isVisible(), "no empty box"


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("height", [556, 680, 880])
def test_it_names_the_step_before_the_first_epoch(
    qtbot: QtBot, dress: Dress, height: int, scale: float
) -> None:
    dress(DARK, scale)
    _beside, panel = make(qtbot, px(328), px(height))
    panel.show_step(STEP)
    assert panel.findChildren(ElidedLabel)[1].text() == STEP
    assert panel.findChild(LossCurve).isHidden()
    assert_whole(qtbot, panel)


@pytest.mark.parametrize(("height", "draws"), [(556, False), (680, False), (880, True)])
def test_the_losses_are_drawn_where_there_is_room_and_else_written(
    qtbot: QtBot, dress: Dress, height: int, draws: bool
) -> None:
    dress(LIGHT)
    _beside, panel = make(qtbot, px(328), px(height))
    for epoch in (1, 2, 3):
        panel.add({"epoch": epoch, "loss": 1.0 / epoch, "validation": 1.2 / epoch})
        panel.show_step(f"Learning, epoch {epoch} of 100")
    assert panel.findChild(LossCurve).isVisible() == draws
    step = panel.findChildren(ElidedLabel)[1].text()
    assert ("validation 0.400" in step) != draws
    assert_whole(qtbot, panel)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_step_of_running_work_is_whole_at_the_smallest_width(
    qtbot: QtBot, dress: Dress, scale: float
) -> None:
    dress(DARK, scale)
    bar = StatusBar(DARK, {"job.cancel": "Ctrl .", "edit.undo": "Ctrl Z"})
    qtbot.addWidget(bar)
    bar.resize(px(1024), bar.height())
    with qtbot.waitExposed(bar):
        bar.show()
    bar.set_notice("No audio device")
    bar.set_message("Imported 3 recordings", "Imported 3 recordings")
    bar.set_job(f"Learning My taste · {STEP}", 0.3, 1001.0)
    labels = {each.accessibleName(): each for each in bar.findChildren(ElidedLabel)}
    qtbot.waitUntil(lambda: not labels["Running work"].is_elided)
    assert not labels["Last command"].is_elided


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_check_for_clipping_fits_its_dialog(qtbot: QtBot, dress: Dress, scale: float) -> None:
    dress(DARK, scale)
    parent = QWidget()
    qtbot.addWidget(parent)
    waiting = progress_dialog(parent)
    waiting.show()
    waiting.setValue(300)
    bar = waiting.findChild(QProgressBar)
    assert not bar.isTextVisible(), "its text is higher than the bar"
    assert (bar.value(), bar.maximum()) == (300, 1000)
    for part in waiting.findChildren(QWidget):
        assert waiting.rect().contains(part.geometry())
    waiting.close()
