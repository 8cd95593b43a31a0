"""Masks painted on in the window: by mouse and keys, undone stroke by stroke, heard as they are accepted."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktop.main_window import MainWindow
from engine.features.repair.finders.requests import RepairPreview
from engine.features.repair.separation.paint import Range, Stroke
from engine.sound.edl.build import in_place
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands, named_field
from tests.engine.recordings.yard import FIRST_BARK, RATE_HZ
from widgets.timeline.sound.brush import SIZES_PX, USUAL_PX


@pytest.fixture
def yard(yard: Hands) -> Hands:
    """The window on the yard, both tracks as spectrograms."""
    window = yard.window
    window.repairing.refused.connect(yard.said.append)
    yard.press("Alt+Shift+W")
    yard.qtbot.waitUntil(lambda: len(window.timeline.canvas.pictured[0]) == 2, timeout=20_000)
    return yard


def place(window: MainWindow, at_s: float, share: float, lane: int = 0) -> QPoint:
    """Return where a moment and a height of a lane, 0 at its bottom to 1 at its top, are drawn."""
    canvas = window.timeline.canvas
    row = canvas.pictured[0][lane]
    dpr = canvas.frame.dpr
    y = (row.bottom - share * (row.bottom - row.top)) / dpr
    return QPoint(round(canvas.x_of(round(at_s * RATE_HZ))), round(y))


def drag(
    hands: Hands,
    start: tuple[float, float],
    stop: tuple[float, float],
    lane: int = 0,
    held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Draw the brush from one moment and height to another, and wait for what becomes of it."""
    canvas = hands.window.timeline.canvas
    first, last = place(hands.window, *start, lane), place(hands.window, *stop, lane)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, held, first)
    for step in range(1, 6):
        QTest.mouseMove(canvas, first + (last - first) * step / 5)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, held, last)
    hands.finish_work()


def current(hands: Hands) -> RepairPreview:
    return hands.window.repairing._previews.required()


def heard(hands: Hands) -> np.ndarray:
    state, media = hands.window.session.state, hands.window.session.media
    return render(state, in_place(state), media, 0, state.length_samples)


def begin(hands: Hands, words: str = "") -> None:
    """Open the panel, with a preview of words where there are some, and take the brush."""
    hands.press("W")
    if words:
        QTest.keyClicks(hands.window.repair_panel.words.line, words)
        hands.press("Return")
        hands.finish_work()
    hands.window.timeline.setFocus()
    hands.press("B")
    assert hands.window.repairing.painting.is_on


def test_a_mask_is_painted_without_words_and_accepted_as_it_was_heard(yard: Hands) -> None:
    window, before = yard.window, heard(yard)
    begin(yard)
    drag(yard, (3.0, 0.3), (3.6, 0.9))
    made = current(yard)
    (stroke,) = made.settings.paint
    assert isinstance(stroke, Stroke)
    near = window.session.state.tracks[0].id
    assert stroke.tracks == (near,), "on the track of its lane alone"
    assert {track for *_, track in made.result.windows} == {near}
    yard.press("1")
    assert window.transport.is_auditioning, "the keys of the panel work while painting"
    window.transport.stop()
    assert yard.said[-1] == f"Target, A: {made.result.change.words}"
    yard.press("A")
    after = heard(yard)
    assert after[: FIRST_BARK[0]].tobytes() == before[: FIRST_BARK[0]].tobytes()
    assert after[FIRST_BARK[1] :].tobytes() == before[FIRST_BARK[1] :].tobytes()
    assert not np.array_equal(after, before)
    assert [one.reason for one in window.session.state.proposals.values()] == [made.result.change.words]
    assert made.result.change.named == "the painted mask"
    assert not window.repairing.painting.is_on
    yard.press("Ctrl+Z")
    np.testing.assert_array_equal(heard(yard), before)


def test_strokes_add_take_and_are_undone_one_by_one(yard: Hands) -> None:
    window, painting = yard.window, yard.window.repairing.painting
    begin(yard, "dog")
    words_alone = current(yard).result.audio[0].samples
    assert not window.session.state.proposals
    drag(yard, (2.9, 0.2), (3.9, 0.9))
    more = current(yard)
    drag(yard, (2.9, 0.2), (3.9, 0.9), held=Qt.KeyboardModifier.AltModifier)
    less = current(yard)
    assert [one.takes for one in less.settings.paint] == [False, True]
    loud = [float(np.abs(each.result.audio[0].samples).sum()) for each in (more, less)]
    assert loud[0] < loud[1], "what is taken from the mask is heard again"
    assert len(window.repairing._previews._held) == 1, "strokes are no other preview to compare with"
    yard.press("Ctrl+Z")
    yard.finish_work()
    assert current(yard).settings.paint == more.settings.paint
    np.testing.assert_array_equal(current(yard).result.audio[0].samples, more.result.audio[0].samples)
    yard.press("Ctrl+Z")
    yard.finish_work()
    np.testing.assert_array_equal(current(yard).result.audio[0].samples, words_alone)
    yard.press("Ctrl+Z")
    assert yard.refused[-1].startswith("Nothing painted is left to undo")
    assert len(window.timeline.canvas.pictured[0]) == 2, "and no edit of the document was undone"
    yard.press("Ctrl+Shift+Z")
    yard.finish_work()
    assert len(painting.paint) == 1
    yard.press("C")
    yard.finish_work()
    assert painting.paint == ()
    yard.press("Ctrl+Z")
    assert len(painting.paint) == 1, "to clear is a step too"
    yard.press("Esc")
    assert not painting.is_on
    assert window.repair_panel.isVisible()
    yard.finish_work()


def test_what_is_painted_last_is_what_is_heard_and_accepted(yard: Hands) -> None:
    window = yard.window
    begin(yard, "dog")
    canvas = window.timeline.canvas
    first, last = place(window, 3.0, 0.3), place(window, 3.5, 0.7)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, first)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, last)
    assert window.work.is_busy
    yard.press("A")
    assert yard.refused[-1].startswith("The preview does not include the last stroke")
    yard.press("3")
    assert not window.transport.is_auditioning, "not without the stroke"
    yard.finish_work()
    assert window.transport.is_auditioning
    window.transport.stop()
    change = current(yard).result.changes
    yard.press("A")
    assert {one.named for one in change} == {"dog as painted", "dog"}, "painted on one track alone"
    reasons = {one.reason for one in window.session.state.proposals.values()}
    assert reasons == {one.words for one in change}


def test_the_brush_is_resized_and_turned_by_keys(yard: Hands) -> None:
    canvas, painting = yard.window.timeline.canvas, yard.window.repairing.painting
    yard.press("W")
    yard.window.timeline.setFocus()
    yard.press("B")
    yard.press("BracketRight")
    assert canvas.brush is not None
    assert canvas.brush.radius_px > USUAL_PX
    for _ in SIZES_PX:
        yard.press("BracketLeft")
    assert canvas.brush.radius_px == SIZES_PX[0]
    yard.press("X")
    assert canvas.brush.takes
    assert "subtracts" in yard.window.repair_panel.painting._said.text()
    drag(yard, (0.5, 0.3), (1.0, 0.5))
    assert yard.said[-1].startswith("That is outside the selection")
    assert painting.paint == ()
    yard.press("B")
    assert canvas.brush is None
    assert painting.leave() is False


def test_a_range_is_painted_by_keys_alone(yard: Hands) -> None:
    window, before = yard.window, heard(yard)

    def answer(dialog: QWidget) -> None:
        for label, value in (("From, Hz", "2000"), ("To, Hz", "6000")):
            named_field(dialog, label).setText(value)
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    yard.press("W")
    window.timeline.setFocus()
    yard.press_and_answer("Shift+B", answer)
    yard.finish_work()
    (painted,) = current(yard).settings.paint
    assert painted == Range(*FIRST_BARK, 2000.0, 6000.0)
    yard.press("A")
    after = heard(yard)
    inner = slice(FIRST_BARK[0] + 2000, FIRST_BARK[1] - 2000)
    spectra = [np.abs(np.fft.rfft(each[inner].sum(axis=1))) for each in (before, after)]
    hz = np.fft.rfftfreq(len(before[inner]), 1 / RATE_HZ)
    for low, high, least, most in ((2200, 5800, 0.0, 0.02), (100, 1800, 0.9, 1.1), (6300, 7800, 0.9, 1.1)):
        band = (hz > low) & (hz < high)
        left = np.sqrt((spectra[1][band] ** 2).sum() / (spectra[0][band] ** 2).sum())
        assert least <= left <= most, (low, high, left)


def test_painting_needs_a_spectrogram(yard: Hands) -> None:
    yard.press("W")
    yard.window.timeline.setFocus()
    yard.press("Alt+Shift+W")
    yard.press("B")
    assert yard.refused[-1].startswith("Painting needs a spectrogram")
    assert not yard.window.repairing.painting.is_on
