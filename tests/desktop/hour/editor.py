"""Hands that press keys by the clock, take pictures, and write down what they waited for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from desktop.main_window import MainWindow
from tests.desktop.conftest import Hands

LONG = "OFFCUT_HOUR_MINUTES" in os.environ
MINUTES = float(os.environ.get("OFFCUT_HOUR_MINUTES", "2"))
PICTURES = os.environ.get("OFFCUT_HOUR_PICTURES")
SIZES = (QSize(1024, 700), QSize(1600, 1000))


def press_enter(dialog: QWidget) -> None:
    """Answer a dialog as it stands."""
    QTest.keyClick(dialog, Qt.Key.Key_Return)


@dataclass
class Point:
    """Something that the hour tries: how many keys it took, and what the slowest of them was waited for."""

    name: str
    keys: int = 0
    slowest_ms: float = 0.0
    slowest_key: str = ""
    took_s: float = 0.0
    said: str = ""


class Editor:
    """A person at the window, who counts."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self.points: list[Point] = []
        self._folder = Path(PICTURES) if PICTURES else None

    @property
    def window(self) -> MainWindow:
        return self.hands.window

    @contextmanager
    def point(self, name: str) -> Iterator[Point]:
        """Try one thing."""
        point = Point(name)
        self.points.append(point)
        begun = time.perf_counter()
        yield point
        point.took_s = time.perf_counter() - begun
        point.said = self.said

    @property
    def said(self) -> str:
        """What the bar under everything says."""
        return self.window.status_bar._done.text()

    def press(self, *keys: str) -> None:
        """Press keys one after another and wait for what each does to be painted."""
        for key in keys:
            begun = time.perf_counter()
            self.hands.press(key)
            QApplication.processEvents()
            self._count(key, begun)

    def ask(self, key: str, *answers: Callable[[QWidget], None]) -> None:
        """Press a key that opens dialogs, and answer them."""
        self.points[-1].keys += 1
        self.hands.press_and_answer(key, *answers)

    def find(self, words: str, *answers: Callable[[QWidget], None]) -> None:
        """Run a command by the palette, which is how one does what one knows no key for."""
        self.press("Ctrl+Shift+P")
        field = self.window.palette_popup.findChild(QLineEdit)
        field.insert(words)
        self.points[-1].keys += len(words) + 1
        self.hands.do_and_answer(lambda: QTest.keyClick(field, Qt.Key.Key_Return), *answers)

    def _count(self, key: str, begun: float) -> None:
        point, took_ms = self.points[-1], (time.perf_counter() - begun) * 1_000
        point.keys += 1
        if took_ms > point.slowest_ms:
            point.slowest_ms, point.slowest_key = took_ms, key

    def picture(self, name: str, of: QWidget | None = None) -> None:
        """Take a picture in both looks and sizes, where pictures are asked for."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        window, size_then, look_then = self.window, self.window.size(), self.window.look.choice
        for size, look in product(SIZES, ("dark", "light")):
            window.resize(size)
            window.look.choose(look)
            self.settle()
            scale = round(100 * window.devicePixelRatioF())
            path = self._folder / f"{name}-{look}-{size.width()}-{scale}.png"
            assert (of or window).grab().save(str(path))
        window.look.choose(look_then)
        window.resize(size_then)
        self.settle()

    def settle(self) -> None:
        """Wait until what is read on other threads has been drawn."""
        window = self.window
        self.hands.qtbot.waitUntil(
            lambda: not (window.recordings.wave_tiles.is_busy or window.spectrograms.is_busy), timeout=60_000
        )
        QApplication.processEvents()

    def write_report(self, title: str) -> None:
        """Write a table of what was tried, where pictures are asked for."""
        if self._folder is None:
            return
        rows = [
            f"| {one.name} | {one.keys} | {one.slowest_ms:.0f} ms `{one.slowest_key}` "
            f"| {one.took_s:.1f} s | {one.said} |"
            for one in self.points
        ]
        head = ("| tried | keys | slowest key | took | the last it said |", "|---|---|---|---|---|")
        text = "\n".join([f"## {title}", "", *head, *rows, ""])
        (self._folder / f"{title}.md").write_text(text)
