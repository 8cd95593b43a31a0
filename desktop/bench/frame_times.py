"""Duration of frames: data query and painting, without a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter

from widgets.timeline.timeline_view import TimelineView
from widgets.timeline.viewport import Viewport

SCROLL_SHARE = 0.03


def walk(viewport: Viewport, steps: int) -> list[Viewport]:
    """Return windows from the whole recording to single samples and back, with scrolling in between.

    Every second step is a zoom, the one after it a scroll.
    """
    view = viewport.fitted()
    ratio = view.coarsest_samples_per_px / (1 / 16)
    factor = ratio ** (4 / max(steps, 4))
    windows: list[Viewport] = []
    for step in range(steps):
        if step % 2 == 0:
            view = view.zoomed(factor if step < steps // 2 else 1 / factor, view.width_px * 0.37)
        else:
            view = view.scrolled(view.width_px * SCROLL_SHARE)
        windows.append(view)
    return windows


def frame_times(
    view: TimelineView,
    windows: Sequence[Viewport],
    clock: Callable[[], float] = perf_counter,
    settle: Callable[[], None] = lambda: None,
) -> NDArray[np.float64]:
    """Return the time of each frame in ms, shape (n,), while a view shows one window after another.

    A frame has the cost of a wheel step: the columns of every lane, all layers, and the copy to the target.

    Parameters
    ----------
    settle : called before each frame, and not timed
    """
    canvas = view.canvas
    target = QImage(canvas.size() * canvas.devicePixelRatioF(), QImage.Format.Format_RGB32)
    target.setDevicePixelRatio(canvas.devicePixelRatioF())
    times = np.zeros(len(windows))
    for step, window in enumerate(windows):
        settle()
        begun = clock()
        view.canvas.set_viewport(window)
        painter = QPainter(target)
        canvas.paint_onto(painter, canvas.rect())
        painter.end()
        times[step] = (clock() - begun) * 1000
    return times
