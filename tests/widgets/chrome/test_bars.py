"""The two bars: what they say, what their buttons ask for, and that nothing is cut at any width or scale."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.chrome.made_up import KEYS
from tests.widgets.conftest import Dress
from widgets.chrome.around_timeline import SelectionBar
from widgets.chrome.status_bar import StatusBar
from widgets.chrome.top_bar import TopBar
from widgets.controls.key_caps import KeyButton
from widgets.controls.text_and_icons import ElidedLabel
from widgets.theme import BAR, DARK, LIGHT, px


def make_top(qtbot: QtBot, width: int) -> TopBar:
    bar = TopBar(DARK, KEYS)
    qtbot.addWidget(bar)
    bar.set_document("Thursday jam", "saved")
    bar.set_time(197.052, (99, 2), 124.0)
    bar.set_taste("Band 2026")
    bar.resize(width, bar.height())
    with qtbot.waitExposed(bar):
        bar.show()
    return bar


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def named(widget: QWidget, name: str) -> KeyButton:
    return next(each for each in widget.findChildren(KeyButton) if each.accessibleName() == name)


def assert_fits(bar: QWidget) -> None:
    """Nothing stands outside the bar, on another part, or in less room than it needs."""
    parts = [each for each in bar.findChildren(QWidget) if each.parent() is bar and each.isVisible()]
    right = 0
    for part in sorted(parts, key=lambda each: each.x()):
        assert part.x() >= right
        right = part.x() + part.width()
        if not isinstance(part, ElidedLabel | QProgressBar):
            wanted = part.sizeHint() if part.layout() is None else part.minimumSizeHint()
            assert part.width() >= wanted.width(), part.accessibleName()
        assert part.height() <= bar.height()
    assert right <= bar.width()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("width", [1000, 1280, 1600, 2400])
def test_the_top_bar_gives_way_without_cutting(qtbot: QtBot, dress: Dress, scale: float, width: int) -> None:
    dress(LIGHT, scale)
    bar = make_top(qtbot, width)
    assert bar.height() == px(BAR)
    assert_fits(bar)
    bar.set_document("A name that is much longer than any bar could ever show " * 3, "read only")
    assert_fits(bar)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [1000, 1024, 1280, 1600, 2400])
def test_no_button_moves_by_a_pixel(qtbot: QtBot, dress: Dress, scale: float, width: int) -> None:
    dress(DARK, scale)
    bar = make_top(qtbot, round(width * scale))
    seen = []
    for name, state, seconds, bar_beat, tempo_bpm, is_playing, taste in (
        ("T", "saved", 0.0, None, 0.0, False, None),
        ("Thursday rehearsal", "saved", 59.9, (1, 1), 60.0, True, "Band 2026"),
        ("A name of a document " * 10, "read only", 3_600.0, (99, 4), 117.4, True, None),
        ("", "", 86_399.999, (9_999, 12), 999.9, False, "Band 2026"),
    ):
        bar.set_document(name, state)
        bar.set_time(seconds, bar_beat, tempo_bpm)
        bar.set_playing(is_playing)
        bar.set_taste(taste)
        bar.set_view("result" if is_playing else "source")
        qtbot.waitUntil(lambda: not bar.testAttribute(Qt.WidgetAttribute.WA_PendingResizeEvent))
        bar.grab()
        seen.append([(each.isVisible(), each.geometry().getRect()) for each in bar.findChildren(KeyButton)])
        assert_fits(bar)
    assert all(places == seen[0] for places in seen)


def test_the_top_bar_says_time_bar_and_tempo(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_top(qtbot, 1600)
    assert words(bar) == ["Thursday jam", "saved", "3:17.052", "bar 99 | 2  124.0 BPM"]
    bar.set_time(3.0)
    assert words(bar) == ["Thursday jam", "saved", "0:03.000"]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("To the start", "transport.to_start"),
        ("Play", "transport.toggle"),
        ("Loop", "transport.loop"),
        ("View of the result", "transport.source_result"),
        ("Taste page: Band 2026", "taste.page"),
        ("Export…", "file.export"),
        ("Find a command", "help.palette"),
    ],
)
def test_top_bar_buttons_ask(qtbot: QtBot, dress: Dress, name: str, command: str) -> None:
    dress(DARK)
    bar = make_top(qtbot, 1600)
    with qtbot.waitSignal(bar.command_requested) as asked:
        qtbot.mouseClick(named(bar, name), Qt.MouseButton.LeftButton)
    assert asked.args == [command]


def test_the_view_moves_when_it_has_changed(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_top(qtbot, 1600)
    source, result = named(bar, "View of the source"), named(bar, "View of the result")
    with qtbot.assertNotEmitted(bar.command_requested):
        qtbot.mouseClick(source, Qt.MouseButton.LeftButton)
    assert source.isChecked()
    with qtbot.waitSignal(bar.command_requested):
        qtbot.mouseClick(result, Qt.MouseButton.LeftButton)
    assert source.isChecked(), "the bar shows what is, not what was asked for"
    bar.set_view("result")
    assert (source.isChecked(), result.isChecked()) == (False, True)


def test_loop_shows_what_is(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_top(qtbot, 1600)
    loop = named(bar, "Loop")
    qtbot.mouseClick(loop, Qt.MouseButton.LeftButton)
    assert not loop.isChecked()
    bar.set_looping(True)
    assert loop.isChecked()


def test_playing_and_no_audio(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_top(qtbot, 1600)
    bar.set_playing(True)
    assert named(bar, "Stop").isEnabled()
    bar.set_enabled(audio=False)
    assert not named(bar, "Stop").isEnabled()
    assert named(bar, "Find a command").isEnabled()


def make_status(qtbot: QtBot, width: int) -> StatusBar:
    bar = StatusBar(DARK, KEYS)
    qtbot.addWidget(bar)
    bar.resize(width, bar.height())
    with qtbot.waitExposed(bar):
        bar.show()
    return bar


def test_the_status_bar_says_what_undo_takes_back(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_status(qtbot, 1600)
    bar.set_message("Accepted cut 2:31.0", "Accepted cut 2:31.0")
    assert words(bar) == ["Accepted cut 2:31.0", "Ctrl Z undoes it"]
    bar.set_message("Next proposal", "Accepted cut 2:31.0")
    assert words(bar) == ["Next proposal", "Ctrl Z undoes: Accepted cut 2:31.0"]
    bar.set_message("Undid everything")
    assert words(bar) == ["Undid everything"]


def test_a_short_message_after_a_long_one_leaves_no_gap_before_undo(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_status(qtbot, 1600)
    bar.set_message("Demo: A accepts a cut, X rejects it, C plays it", "Imported 2 tracks")
    bar.set_message("Next proposal", "Next proposal")
    labels = {each.accessibleName(): each for each in bar.findChildren(ElidedLabel)}
    done, undo = labels["Last command"], labels["Undo step"]
    qtbot.waitUntil(lambda: undo.x() - done.x() < done.fontMetrics().horizontalAdvance(done.text()) + px(20))


def test_errors_are_red_until_the_next_message(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_status(qtbot, 1600)
    done = next(each for each in bar.findChildren(QLabel) if each.accessibleName() == "Last command")
    bar.set_error("jam.wav cannot be read.")
    assert done.palette().windowText().color().name() == DARK.error
    bar.set_message("Imported 2 recordings")
    assert done.palette().windowText().color().name() == DARK.text


def test_no_undo_of_something_else_stands_beside_an_error(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_status(qtbot, 1600)
    undo = next(each for each in bar.findChildren(QLabel) if each.accessibleName() == "Undo step")
    bar.set_message("Cut 2.0 s, by hand", "Cut 2.0 s, by hand")
    assert undo.text().endswith("undoes it")
    bar.set_error("No selection.")
    assert not undo.text()


def test_running_work_shows_time_left_and_cancel(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_status(qtbot, 1600)
    assert not bar.findChild(QProgressBar).isVisible()
    bar.set_job("Learning Band 2026 · epoch 63 of 100", 0.63, 24.2)
    assert words(bar) == ["Learning Band 2026 · epoch 63 of 100", "0:24 left"]
    assert bar.findChild(QProgressBar).value() == 630
    with qtbot.waitSignal(bar.command_requested) as asked:
        qtbot.mouseClick(named(bar, "Cancel the running work"), Qt.MouseButton.LeftButton)
    assert asked.args == ["job.cancel"]
    bar.set_job("Reading", 0.05)
    assert words(bar) == ["Reading", "starting"]
    bar.set_job("Reading", 2.0)
    assert words(bar) == ["Reading"]
    bar.clear_job()
    assert words(bar) == []


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [1000, 1600])
def test_the_status_bar_gives_way_without_cutting(
    qtbot: QtBot, dress: Dress, scale: float, width: int
) -> None:
    dress(DARK, scale)
    bar = make_status(qtbot, width)
    bar.set_message("Accepted cut 2:31.0 – 2:44.6", "Accepted cut 2:31.0 – 2:44.6")
    bar.set_job("Learning Band 2026 · epoch 63 of 100 · loss 0.041", 0.63, 24.0)
    qtbot.waitUntil(lambda: bar.findChild(QProgressBar).width() >= px(64))
    assert_fits(bar)


def test_running_work_gives_way_before_what_was_done(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    bar = make_status(qtbot, 800)
    bar.set_message("Accepted cut 2:31.0 – 2:44.6", "Accepted cut 2:31.0 – 2:44.6")
    bar.set_job("Learning Band 2026 · epoch 63 of 100 · loss 0.041 · " * 3, 0.63, 24.0)
    labels = {each.accessibleName(): each for each in bar.findChildren(ElidedLabel)}
    qtbot.waitUntil(lambda: labels["Running work"].width() < labels["Running work"].sizeHint().width())
    for name in ("Last command", "Undo step"):
        assert labels[name].width() >= labels[name].sizeHint().width()


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_long_sentence_takes_two_lines_of_the_status_bar(qtbot: QtBot, dress: Dress, scale: float) -> None:
    dress(DARK, scale)
    bar = make_status(qtbot, px(1024))
    done = next(each for each in bar.findChildren(ElidedLabel) if each.accessibleName() == "Last command")
    sentence = (
        "/home/zoe/Music/rehearsals/2026-11/odd.offcut is damaged (what it says of proposal is not what was "
        "written) and was left as it is: take a backup or another copy."
    )
    bar.set_error(sentence)
    assert not done.is_elided
    assert 2 * done.fontMetrics().lineSpacing() <= done.height() == bar.contentsRect().height()
    bar.set_error(" ".join([sentence] * 3))
    assert done.is_elided
    bar.set_error("z" * 240)
    assert not done.is_elided, "a word that is longer than a line is broken too"


@pytest.mark.parametrize("width", [420, 632, 696, 1280])
def test_the_selection_bar_shows_what_is_selected_at_any_width(qtbot: QtBot, width: int) -> None:
    bar = SelectionBar(DARK, {"hand.cut": "Del", "hand.tracks": "Alt T"})
    qtbot.addWidget(bar)
    bar.resize(width, bar.height())
    bar.show()
    words, length = "Selected 0:30.000 – 0:32.000 (0:02.000)", "2.0 s"
    bar.show_selection(words, "all tracks", length)
    said = next(one for one in bar.findChildren(ElidedLabel) if one.accessibleName() == "Selected span")
    QApplication.processEvents()
    assert said.text() == (words if width == 1280 else length)
    assert not said.is_elided
    shown = [button for button in bar.findChildren(KeyButton) if button.isVisible()]
    assert shown[0].text() == "Cut"
    assert all(bar.rect().contains(button.geometry()) for button in shown)
    assert bar.minimumSizeHint().width() <= 420
