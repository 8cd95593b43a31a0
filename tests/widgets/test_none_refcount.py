"""PySide6 6.12.0 loses a reference to None with every call that returns nothing, until Python 3.11 dies."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtGui import QImage, QPainter

CALLS = 500


@pytest.mark.usefixtures("qapp")
def test_painting_keeps_the_references_to_none() -> None:
    image = QImage(16, 16, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        painter.drawLine(0, 0, 15, 15)
    after = sys.getrefcount(None)
    painter.end()
    assert after > before - CALLS // 2
