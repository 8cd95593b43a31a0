"""What sounds where in the window by keys: heard, shown, kept, told in the queue; and more like it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QRadioButton, QWidget

from engine.document.document import Document
from engine.document.proposals import BY_EXAMPLE, Verdict
from engine.sound.edl.build import in_place
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands
from tests.engine.recordings.room import FIRST_SNEEZE, RATE_HZ
from tests.hostile.status import said

SNEEZE = "sneezing"


@pytest.fixture
def room(hands: Hands, room_copy: Path) -> Hands:
    """The window on a room in which somebody sneezes."""
    hands.window.session.open(room_copy)
    hands.finish_work()
    hands.window.repairing.said.connect(hands.said.append)
    return hands


def hear(hands: Hands) -> None:
    hands.press("Shift+H")
    hands.finish_work()


def choose(words: str) -> Callable[[QWidget], None]:
    """Answer the form by the keys of its choice, and Enter."""

    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        (button,) = (one for one in dialog.findChildren(QRadioButton) if words in one.text())
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        QTest.keyClick(button, Qt.Key.Key_Return)

    return answer


def test_what_sounds_is_heard_shown_and_still_there_after_opening_again(room: Hands) -> None:
    window = room.window
    canvas = window.timeline.canvas
    assert canvas.frame.layout.sounds_top == canvas.frame.layout.edits_top, "no lane before anybody listened"
    assert window.timeline.heads.sounds.isHidden()
    undo = window.session.undo_label
    hear(room)
    assert room.said[-1].startswith("Detected 4 sounds: sneezing (4)")
    assert window.session.undo_label == undo
    path = window.session.path
    assert path is not None
    for _ in range(2):
        sounds = window.session.sounds
        assert sounds is not None
        layout = canvas.frame.layout
        assert layout.sounds_top < layout.edits_top
        assert window.timeline.heads.sounds.isVisible()
        assert "sneezing 4" in window.timeline.heads.sounds.toolTip()
        written = canvas.shown.sounds.written(canvas.frame)
        assert {word for _, word, _ in written} == {SNEEZE}
        assert sum(1 + more for *_, more in written) == 4
        middle = QPointF(canvas.viewport.x_at(int(sounds.spans_samples[0].mean())), layout.sounds_top + 4)
        assert SNEEZE in canvas.shown.sounds.tip_at(canvas.frame, middle)
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=middle.toPoint())
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle.toPoint())
        assert window.selecting.span == tuple(sounds.spans_samples[0].tolist())
        window.session.open(path)
        room.finish_work()


def test_keys_go_from_sound_to_sound(room: Hands) -> None:
    window = room.window
    room.press("Alt+O")
    assert "No sounds detected yet" in said(window)
    hear(room)
    sounds = window.session.sounds
    assert sounds is not None
    starts = sounds.spans_samples[:, 0].tolist()
    window.transport.seek(0)
    for key, place in (("Alt+O", 0), ("Alt+O", 1), ("Alt+I", 0), ("Alt+O", 1), ("Alt+O", 2), ("Alt+O", 3)):
        room.press(key)
        assert window.transport.playhead_samples == starts[place]
        assert window.selecting.span == tuple(sounds.spans_samples[place].tolist())
    assert room.said[-1].startswith("Sneezing at 0:46.")
    room.press("Alt+O")
    assert "No sound is named after the playhead" in said(window)


def test_each_cut_of_the_queue_says_what_sounds_there(room: Hands) -> None:
    window = room.window
    hear(room)
    sounds = window.session.sounds
    assert sounds is not None
    start, stop = sounds.spans_samples[1].tolist()
    window.selecting.select(start - RATE_HZ, stop + RATE_HZ)
    room.press("Delete")
    window.selecting.select(2 * RATE_HZ, 4 * RATE_HZ)
    room.press("Delete")
    state = window.session.state
    with_sneeze, without = sorted(state.proposals, key=lambda key: -state.proposals[key].start_samples)
    panel = window.queue_panel
    model = panel._view.model()
    rows = {key: model.row(model.position_of(key)) for key in state.proposals}
    assert (rows[with_sneeze].heard, rows[without].heard) == (SNEEZE, "")
    assert rows[with_sneeze].spoken.endswith(f", {SNEEZE} detected")
    window.review.choose(with_sneeze)
    room.look()
    assert f"Detected: {SNEEZE} (" in panel._card._reason.text()
    window.review.choose(without)
    room.look()
    assert "Detected" not in panel._card._reason.text()
    window.review.search("sneezing")
    assert window.review.ids == (with_sneeze,)
    window.review.search("")
    while window.review.choices.grouping != "sound":
        window.review.group()
    assert [group.name for group in window.review.listing.groups] == [SNEEZE, "nothing that has a name"]


@pytest.mark.long
def test_a_cut_whose_edges_move_away_says_it_no_more(room: Hands) -> None:
    window = room.window
    hear(room)
    sounds = window.session.sounds
    assert sounds is not None
    start, stop = sounds.spans_samples[0].tolist()
    window.selecting.select(start - RATE_HZ, stop + RATE_HZ)
    room.press("Delete")
    (key,) = window.session.state.proposals
    window.review.choose(key)
    room.look()
    assert "Detected" in window.queue_panel._card._reason.text()
    window.review.drag(key, start - RATE_HZ, start)
    room.look()
    assert "Detected" not in window.queue_panel._card._reason.text()


def test_more_like_the_selection_fills_the_queue_with_cuts(room: Hands) -> None:
    window = room.window
    window.selecting.select(*FIRST_SNEEZE)
    room.press_and_answer("Shift+E", choose("Cut the time"))
    room.finish_work()
    state = window.session.state
    assert {one.maker for one in state.proposals.values()} == {BY_EXAMPLE}
    assert len(state.proposals) > 1
    assert not state.decisions
    assert window.review.current in state.proposals
    assert room.said[-1] == "Found 1 place more like 0:08.0: 2 edits proposed"
    room.press("Ctrl+Z")
    assert not window.session.state.proposals


def test_more_like_the_selection_is_taken_out_and_heard(room: Hands) -> None:
    window = room.window
    before = heard(room)
    window.selecting.select(*FIRST_SNEEZE)
    room.press_and_answer("Shift+E", choose("Remove the sound"))
    room.finish_work()
    state = window.session.state
    assert {one.kind for one in state.proposals.values()} == {"repair"}
    np.testing.assert_array_equal(heard(room), before)
    for key in list(state.proposals):
        window.review.choose(key)
        room.press("A")
    state = window.session.state
    assert {state.verdict(key) for key in state.proposals} == {Verdict.ACCEPTED}
    after = heard(room)
    assert np.square(after[slice(*FIRST_SNEEZE)]).sum() < 0.5 * np.square(before[slice(*FIRST_SNEEZE)]).sum()


def heard(hands: Hands) -> np.ndarray:
    state, media = hands.window.session.state, hands.window.session.media
    return render(state, in_place(state), media, 0, state.length_samples)


def test_hearing_can_be_given_up_and_changes_nothing(room: Hands) -> None:
    window = room.window
    room.press("Shift+H")
    assert window.work.is_busy
    window.work.cancel()
    room.finish_work()
    assert window.session.sounds is None
    assert room.said[-1] == "Cancelled: Detecting sounds"
    assert window.timeline.canvas.frame.layout.sounds_top == window.timeline.canvas.frame.layout.edits_top


def test_what_cannot_be_done_is_one_sentence(hands: Hands, room_once: Path) -> None:
    for key in ("Shift+H", "Shift+E", "Alt+O", "Alt+I"):
        hands.press(key)
        assert "import a recording first" in said(hands.window)
    hands.window.session.open(room_once)
    hands.finish_work()
    hands.press("Shift+E")
    assert "No selection" in said(hands.window)
    hands.window.selecting.select(0, RATE_HZ)
    hands.do_and_answer(lambda: hands.press("Shift+E"), QWidget.close)
    assert not hands.window.work.is_busy


def test_an_older_hearing_goes_with_what_was_heard(room: Hands) -> None:
    """Sounds that another document was opened with are not shown over this one."""
    hear(room)
    window = room.window
    path = window.session.path
    assert path is not None
    other = path.with_name("other.offcut")
    Document.create(other).close()
    window.session.open(other)
    canvas = window.timeline.canvas
    assert not canvas.shown.sounds.is_shown
    assert canvas.frame.layout.sounds_top == canvas.frame.layout.edits_top
    assert window.timeline.heads.sounds.isHidden()
