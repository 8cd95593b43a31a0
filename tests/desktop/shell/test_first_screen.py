"""The window before a document is open, and the look it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from desktop.features.taste import dialogs
from desktop.shell.user_settings.preferences import Look
from tests.desktop.conftest import Hands, type_path
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good
from widgets.chrome.start_panel import LargeButton, StartPanel
from widgets.review.queue_head import FilterChips
from widgets.theme import DARK, LIGHT


def beginning(hands: Hands) -> StartPanel:
    return hands.window.findChild(StartPanel)


def button(hands: Hands, words: str) -> LargeButton:
    return next(one for one in beginning(hands).findChildren(LargeButton) if one.text().startswith(words))


def click(hands: Hands, words: str) -> None:
    QTest.mouseClick(button(hands, words), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("size", [(1024, 700), (1600, 1000)])
def test_the_ways_to_begin_are_large_buttons_that_fit(hands: Hands, size: tuple[int, int]) -> None:
    hands.window.resize(*size)
    panel = beginning(hands)
    assert panel.isVisible()
    buttons = panel.findChildren(LargeButton)
    assert [one.text() for one in buttons] == [
        "Import recordings…",
        "Prepare the day…",
        "Open the demo",
        "Open recent…",
        "Learn a taste…",
    ]
    hands.qtbot.waitUntil(lambda: all(one.height() >= 50 for one in buttons))
    for one in buttons:
        assert panel.rect().contains(one.mapTo(panel, one.rect().bottomRight()))
    assert not button(hands, "Open recent").isEnabled(), "nothing was opened yet"


def test_nothing_is_counted_before_there_is_anything(hands: Hands) -> None:
    panel = hands.window.queue_panel
    words = [one.text() for one in panel.findChildren(QPushButton) if one.isVisible()]
    assert words == []
    assert not panel.findChild(FilterChips).isVisible()


def test_what_counts_comes_with_the_first_proposal(hands: Hands, tmp_path: Path) -> None:
    hands.window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav")))
    hands.finish_work()
    assert hands.window.queue_panel.findChild(FilterChips).isVisible()
    assert not beginning(hands).isVisible()


def test_a_click_imports(hands: Hands, tmp_path: Path) -> None:
    recording = good(tmp_path / "jam.wav")
    hands.do_and_answer(lambda: click(hands, "Import"), type_path(recording))
    hands.finish_work()
    assert hands.window.session.path == tmp_path / "jam.offcut"
    assert not beginning(hands).isVisible()


def test_a_click_opens_the_demo_and_the_window_goes_on_meanwhile(hands: Hands) -> None:
    click(hands, "Open the demo")
    assert hands.window.work.is_busy, "it is made by a job"
    hands.qtbot.waitUntil(lambda: hands.window.session.name == "Demo jam", timeout=120_000)
    hands.window.work.cancel()
    hands.finish_work()
    hands.window.session.close()


def test_enter_on_a_button_runs_it(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(dialogs, "ask_learn", lambda *_: asked.append("learn"))
    button(hands, "Learn").setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button(hands, "Learn"), Qt.Key.Key_Return)
    assert asked == ["learn"]


@pytest.mark.parametrize("system", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_the_first_press_of_the_look_key_changes_something_and_says_what(
    hands: Hands, system: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.shell.user_settings.preferences.system_theme", lambda: system)
    look: Look = hands.window.look
    look.choose("system")
    other = "light" if system is DARK else "dark"
    now = "dark" if system is DARK else "light"
    seen = []
    for _ in range(3):
        hands.press("F9")
        seen.append((look.theme.name, hands.window.status_bar.message))
    assert seen == [
        (other, f"{other.capitalize()} look"),
        (now, f"{now.capitalize()} look"),
        (now, f"The system's look, now {now}"),
    ]
