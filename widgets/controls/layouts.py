"""Rows, columns and labels, written as a list of their parts."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget

from widgets.theme import px

Part = QWidget | QLayout | int | tuple[QWidget | QLayout, int] | tuple[QWidget, int, Qt.AlignmentFlag]
"""A widget or a layout, also with its share of the free space and alignment; a number is empty space."""
Margins = tuple[float, float, float, float]
Box = TypeVar("Box", bound=QBoxLayout)


def row(
    *parts: Part, gap: float | None = None, margins: Margins = (0, 0, 0, 0), owner: QWidget | None = None
) -> QHBoxLayout:
    """Return a layout of parts from the left.

    Parameters
    ----------
    gap : pixels between two parts at 100 %; None for that of the surrounding layout
    margins : left, top, right and bottom, in pixels at 100 %
    owner : the widget whose layout it is; None for a part of another layout
    """
    return _filled(QHBoxLayout() if owner is None else QHBoxLayout(owner), parts, gap, margins)


def column(
    *parts: Part, gap: float | None = None, margins: Margins = (0, 0, 0, 0), owner: QWidget | None = None
) -> QVBoxLayout:
    """Return a layout of parts from the top; see `row`."""
    return _filled(QVBoxLayout() if owner is None else QVBoxLayout(owner), parts, gap, margins)


def _filled(layout: Box, parts: tuple[Part, ...], gap: float | None, margins: Margins) -> Box:
    layout.setContentsMargins(*map(px, margins))
    if gap is not None:
        layout.setSpacing(px(gap))
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
            continue
        if isinstance(part, tuple) and len(part) == 3:
            layout.addWidget(part[0], part[1], part[2])
            continue
        content, stretch = part if isinstance(part, tuple) else (part, 0)
        if isinstance(content, QLayout):
            layout.addLayout(content, stretch)
        else:
            layout.addWidget(content, stretch)
    return layout


def label(text: str = "", role: str = "", *, wraps: bool = False, name: str = "") -> QLabel:
    """Return a text with a role of the style sheet.

    Parameters
    ----------
    name : for screen readers
    """
    made = QLabel(text)
    if role:
        made.setProperty("role", role)
    made.setWordWrap(wraps)
    made.setAccessibleName(name)
    return made
