"""What may wait: done once for a row of wishes, and in a turn of its own."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

from widgets.controls.later import AT_MOST_MS, Later


def test_a_row_of_wishes_is_met_once(qtbot: QtBot) -> None:
    done: list[float] = []
    parent = QObject()
    later = Later(lambda: done.append(time.monotonic()), parent)
    for _ in range(5):
        later.ask()
    assert later.is_due
    assert not done
    qtbot.waitUntil(lambda: bool(done))
    assert len(done) == 1
    assert not later.is_due


def test_whoever_asks_again_and_again_is_heard_now_and_then(qtbot: QtBot) -> None:
    done: list[float] = []
    parent = QObject()
    later = Later(lambda: done.append(time.monotonic()), parent)
    begun = time.monotonic()

    def asked_until_done() -> bool:
        later.ask()
        return bool(done)

    qtbot.waitUntil(asked_until_done)
    assert done[0] - begun >= 0.8 * AT_MOST_MS / 1000


def test_at_once_leaves_nothing_due() -> None:
    done: list[int] = []
    parent = QObject()
    for is_next in (False, True):
        later = Later(lambda: done.append(1), parent, is_next=is_next)
        later.ask()
        later.now()
        assert not later.is_due
    assert done == [1, 1]


def test_the_next_one_waits_for_a_turn_of_its_own(qtbot: QtBot) -> None:
    done: list[int] = []
    parent = QObject()
    later = Later(lambda: done.append(1), parent, is_next=True)
    later.ask()
    QCoreApplication.processEvents()
    assert not done, "the turn that paints"
    qtbot.waitUntil(lambda: bool(done))
