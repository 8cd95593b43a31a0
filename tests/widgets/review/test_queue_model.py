"""Rows come and go one by one where one came or went, and are the rows of a queue made anew."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot

from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.proposals import decide
from engine.document.file.storage import apply_rows
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.review.queue import Grouping, Order, listing, queue
from tests.widgets.review.made_up import demo_state
from widgets.review.queue_view import QueueModel

SOME = demo_state(200)


def by_hand(state: DocumentState, start: int) -> DocumentState:
    edit, _ = edit_by_hand(state, "cut", start, start + state.rate_hz, {"crossfade_ms": 0.0})
    return apply_rows(state, edit.changes)


def lines(model: QueueModel) -> list[object]:
    return [
        model.heading(row) or (model.row(row).spoken, model.row(row).bar) for row in range(model.rowCount())
    ]


@pytest.mark.parametrize("order", ["time", "score", "length"])
@pytest.mark.parametrize("by", ["", "state"])
def test_rows_of_edits_by_hand_are_those_of_a_queue_made_anew(
    qtbot: QtBot,  # noqa: ARG001
    order: Order,
    by: Grouping,
) -> None:
    model, states = QueueModel(), [SOME]
    model.set_listing(SOME, listing(SOME, queue(SOME, order), by))
    resets = QSignalSpy(model.modelReset)
    for place in (0, 77, None, 133, None, None):
        if place is None:
            states.pop()
        else:
            states.append(by_hand(states[-1], place * SOME.rate_hz))
        state = states[-1]
        model.set_listing(state, listing(state, queue(state, order), by))
        anew = QueueModel()
        anew.set_listing(state, listing(state, queue(state, order), by))
        assert lines(model) == lines(anew)
    assert bool(resets.count()) == bool(by), "headings count: a queue in groups is made anew"


def test_one_row_is_put_in_where_it_belongs(qtbot: QtBot) -> None:
    model = QueueModel()
    model.set_listing(SOME, listing(SOME, queue(SOME)))
    more = by_hand(SOME, 60 * SOME.rate_hz)
    ids = queue(more)
    (place,) = (row for row, key in enumerate(ids) if key not in SOME.proposals)
    with qtbot.waitSignal(model.rowsInserted) as inserted, qtbot.assertNotEmitted(model.modelReset):
        model.set_listing(more, listing(more, ids))
    assert inserted.args[1:] == [place, place]
    with qtbot.waitSignal(model.rowsRemoved) as removed, qtbot.assertNotEmitted(model.modelReset):
        model.set_listing(SOME, listing(SOME, queue(SOME)))
    assert removed.args[1:] == [place, place]
    answered = apply_rows(SOME, decide(SOME, list(SOME.proposals)[:1], Verdict.ACCEPTED).changes)
    with qtbot.assertNotEmitted(model.modelReset), qtbot.assertNotEmitted(model.rowsInserted):
        model.set_listing(answered, listing(answered, queue(answered)))
