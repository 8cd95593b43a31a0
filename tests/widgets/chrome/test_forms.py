"""The forms that ask, the number field, check box and the live loss."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.features.taste.widgets.findings import Findings
from desktop.features.taste.widgets.learn_panel import LearnPanel, LearnRequest, RecordingList
from desktop.features.taste.widgets.learning_panel import LossCurve
from engine.features.taste.anomaly.recipes.config import default_config, parse_config
from engine.features.taste.anomaly.recipes.methods import METHODS
from engine.features.taste.diagnoses.findings import Action, Finding, Remedy, Severity
from tests.as_before import require_sentence
from tests.widgets.conftest import Dress
from widgets.controls.fields import CheckBox, ChoiceField, NumberField
from widgets.controls.key_caps import KeyButton
from widgets.controls.text_and_icons import ICONS_DIR, icon_image
from widgets.theme import DARK, LIGHT

W = TypeVar("W", bound=QWidget)


def shown(qtbot: QtBot, widget: W) -> W:
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def press(qtbot: QtBot, widget: QWidget, word: str) -> None:
    button = next(each for each in widget.findChildren(QPushButton) if each.text().startswith(word))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def field(widget: QWidget, start: str) -> QLineEdit:
    return next(each for each in widget.findChildren(QLineEdit) if each.accessibleName().startswith(start))


@pytest.fixture
def learn(qtbot: QtBot, dress: Dress) -> LearnPanel:
    return shown(qtbot, LearnPanel(dress(DARK)))


def test_learning_asks_for_what_is_missing(learn: LearnPanel, qtbot: QtBot) -> None:
    require_sentence("forms", "learn, no recording", learn.problem())
    with qtbot.waitSignal(learn.files_requested):
        press(qtbot, learn, "Add")
    with qtbot.waitSignal(learn.changed):
        learn.add_files(("/m/a.flac", "/m/b.wav", "/m/a.flac"))
    assert learn.problem() == ""
    field(learn, "Name").clear()
    require_sentence("forms", "learn, no name", learn.problem())
    qtbot.keyClicks(field(learn, "Name"), " Band ")
    field(learn, "Epochs").clear()
    require_sentence("forms", "learn, no epochs", learn.problem())
    qtbot.keyClicks(field(learn, "Epochs"), "12")
    qtbot.keyClick(field(learn, "Seed"), Qt.Key.Key_Up)
    assert learn.values() == LearnRequest(("/m/a.flac", "/m/b.wav"), "Band", 12, 1, "own-faults")


def test_seed_and_epochs_are_folded_away_until_somebody_wants_them(qtbot: QtBot, learn: LearnPanel) -> None:
    for name in ("Epochs", "Seed"):
        assert not field(learn, name).isVisible()
    press(qtbot, learn, "Compare methods")
    assert field(learn, "Seed").isVisible()
    longer = shown(qtbot, LearnPanel(DARK, epochs=128))
    assert field(longer, "Epochs").isVisible(), "a number that was put there for somebody is seen"


def test_lengths_stand_beside_files_and_are_added_up(learn: LearnPanel) -> None:
    def said() -> list[str]:
        return [label.text() for label in learn.findChildren(QLabel)]

    learn.add_files(("/m/a.flac", "/m/b.wav", "/m/odd\nname.wav"))
    assert "3 recordings" in said(), "nothing is added up before all is known"
    learn.set_lengths({"/m/a.flac": 61.0})
    learn.set_lengths({"/m/b.wav": 3600.0, "/m/odd\nname.wav": None})
    assert "3 recordings, 1:01:01 in all" in said()
    files = learn.findChild(RecordingList)
    assert files is not None
    assert files.item(2).text() == "odd name.wav"
    files.setCurrentRow(0)
    files.removed.emit()
    assert "2 recordings, 1:00:00 in all" in said()


def test_a_name_that_no_file_can_have_is_told_before_learning(learn: LearnPanel) -> None:
    learn.add_files(("/m/a.flac",))
    name = field(learn, "Name")
    name.setText("n" * 200)
    assert learn.problem() == ""
    name.setText("🥁" * 80)
    require_sentence("forms", "learn, long name", learn.problem())


def test_another_method_suggests_its_own_epochs(learn: LearnPanel, qtbot: QtBot) -> None:
    learn.add_files(("/m/a.flac",))
    assert learn.values().epochs == METHODS[0].epochs
    choice = learn.findChild(ChoiceField)
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    assert (learn.values().recipe, learn.values().epochs) == (METHODS[1].recipe, METHODS[1].epochs)


def test_the_methods_offered_need_no_raw_recordings_and_begin_with_the_default() -> None:
    assert METHODS[0].recipe == default_config().recipe
    for method in METHODS:
        assert parse_config({"recipe": method.recipe}).epochs == method.epochs


def test_findings_stand_below_the_recordings_without_a_second_button(learn: LearnPanel, qtbot: QtBot) -> None:
    remedy = Remedy("Add recordings…", Action.ADD_RECORDINGS)
    learn.set_findings([Finding("little-audio", Severity.DOUBTFUL, "0:40 is little.", (remedy,))])
    assert [finding.name for finding in learn.findings] == ["little-audio"]
    assert learn.findChild(Findings).findChild(KeyButton) is None
    with qtbot.waitSignal(learn.files_changed):
        learn.add_files(("/m/a.flac",))


@pytest.mark.parametrize("how", ["button", "key"])
def test_recordings_can_be_taken_out(learn: LearnPanel, qtbot: QtBot, how: str) -> None:
    learn.add_files(("/m/a.flac", "/m/b.wav"))
    files = learn.findChild(QListWidget)
    assert files is not None
    files.setCurrentRow(0)
    if how == "button":
        press(qtbot, learn, "Remove")
    else:
        qtbot.keyClick(files, Qt.Key.Key_Delete)
    assert learn.values().edited == ("/m/b.wav",)


def test_dropped_files_are_added(learn: LearnPanel, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "jam 'é'.wav")), QUrl("https://example.org/x.wav")])
    learn.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    assert learn.values().edited == (str(tmp_path / "jam 'é'.wav"),)


@pytest.mark.parametrize(
    ("typed", "value"), [("7", 7), ("0", None), ("", None), ("99", None), ("1", 1), ("20", 20)]
)
def test_number_field_keeps_its_limits(qtbot: QtBot, typed: str, value: int | None) -> None:
    number = shown(qtbot, NumberField(3, 1, 20))
    number.clear()
    qtbot.keyClicks(number, typed)
    assert number.value() == value
    assert bool(number.problem("It")) == (value is None)
    if value is not None:
        qtbot.keyClick(number, Qt.Key.Key_Down)
        assert number.value() == max(1, value - 1)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("epochs", [None, 64])
def test_forms_cut_no_text(qtbot: QtBot, dress: Dress, scale: float, epochs: int | None) -> None:
    form = LearnPanel(dress(LIGHT, scale), epochs)
    form.adjustSize()
    shown(qtbot, form)
    for part in (*form.findChildren(QLabel), *form.findChildren(CheckBox)):
        if part.isVisible() and isinstance(part, QLabel) and part.wordWrap():
            assert part.height() >= part.heightForWidth(part.width()), part.text()
        elif part.isVisible():
            assert part.width() >= part.sizeHint().width(), part.text()


def test_the_check_box_shows_its_state_and_focus(qtbot: QtBot, dress: Dress) -> None:
    box = shown(qtbot, CheckBox(dress(DARK), "WAV"))
    box.clearFocus()
    pictures: list[QImage] = []
    for checked in (False, True):
        box.setChecked(checked)
        pictures.append(box.grab().toImage())
    box.activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    pictures.append(box.grab().toImage())
    assert pictures[0] != pictures[1]
    assert pictures[1] != pictures[2]


def test_the_loss_grows_live(qtbot: QtBot, dress: Dress) -> None:
    curve = LossCurve(dress(DARK))
    curve.resize(480, 320)
    shown(qtbot, curve)
    before = curve.grab().toImage()

    def said() -> str:
        return " ".join(label.text() for label in curve.findChildren(QLabel) if label.isVisible())

    assert "waiting for the first epoch" in said()
    training: list[float] = []
    validation: list[float] = []
    for epoch in range(1, 6):
        training.append(1.0 / epoch)
        validation.append(1.1 / epoch + 0.2 * (epoch > 3))
        curve.set_losses(training, validation)
    assert "training 0.200" in said()
    assert "validation 0.420" in said()
    assert "lowest after epoch 3" in said()
    assert curve.grab().toImage() != before
    curve.set_theme(LIGHT)
    curve.set_losses(training, ())
    assert "validation" not in said()
    assert "lowest after epoch 5" in said()


def test_axes_are_labelled(qtbot: QtBot, dress: Dress) -> None:
    curve = LossCurve(dress(DARK))
    curve.resize(480, 400)
    shown(qtbot, curve)
    curve.set_losses([0.0006, 0.0004], [0.0007, 0.0005])
    assert curve.plot.ticks() == (0.0005,)
    curve.set_losses([10.0, 0.001], [9.0, 0.002])
    ticks = curve.plot.ticks()
    assert {5.0, 0.005} <= set(ticks)
    assert list(ticks) == sorted(ticks, reverse=True)


@pytest.mark.parametrize("path", sorted(ICONS_DIR.glob("*.svg")), ids=lambda path: path.stem)
@pytest.mark.parametrize("side", [14, 48])
def test_every_icon_draws(path: Path, side: int, qapp: object) -> None:
    del qapp
    image = icon_image(path.stem, DARK.accepted, side)
    inked = [
        image.pixelColor(QPoint(x, y))
        for x in range(side)
        for y in range(side)
        if image.pixelColor(x, y).alpha() > 100
    ]
    assert len(inked) >= side / 2
    assert all(abs(ink.red() - 0xE8) <= 3 for ink in inked)
