"""Size of the window: the last one, or the largest that fits the screen."""

from __future__ import annotations

from PySide6.QtCore import QSettings, QSize
from PySide6.QtWidgets import QMainWindow, QStyle, QWidget

_FIRST = QSize(1600, 1000)
_GEOMETRY = "geometry"


def room_for(window: QWidget) -> QSize:
    """Return the available size of a screen within the frame of a window.

    How thick the frame will be is not known before the window is shown; its title bar is about as high as the
    style draws one.
    """
    frame = QSize(0, window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight))
    return window.screen().availableSize() - frame


def restore_size(window: QMainWindow, settings: QSettings) -> None:
    """Restore the last size of the window; the first time, use the largest that fits."""
    geometry = settings.value(_GEOMETRY)
    if geometry is None or not window.restoreGeometry(geometry):
        window.resize(_FIRST.boundedTo(room_for(window)))


def keep_size(window: QMainWindow, settings: QSettings) -> None:
    """Remember how large the window is left."""
    settings.setValue(_GEOMETRY, window.saveGeometry())
