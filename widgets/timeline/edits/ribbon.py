"""Proposals too narrow for flags: bars whose height is the covered share of their segment of time.

Bars of the three states are stacked, accepted ones at the bottom. In addition to their colour, accepted ones
are hatched and rejected ones dashed, like their spans.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.table import VERDICTS
from widgets import theme
from widgets.timeline.frame import Frame

BAR_PX, LOWEST_PX, HATCH_PX, DASH_PX = 4, 2, 5, 4
FROM_BELOW = (Verdict.ACCEPTED, Verdict.UNDECIDED, Verdict.REJECTED)


def bar_columns(frame: Frame) -> int:
    """Return the width of a bar with its gap, in device pixels."""
    return max(round(theme.px(BAR_PX) * frame.dpr), 2)


def bar_edges(first: int, n_columns: int, samples_per_column: float, wide: int) -> NDArray[np.float64]:
    """Return the borders, in samples, of the bars that columns from `first` on show any part of.

    Their grid is fixed to the recording, so that scrolling does not change them.
    """
    bars = np.arange(first // wide, (first + n_columns - 1) // wide + 2, dtype=np.float64)
    return bars * wide * samples_per_column


def bar_of_columns(first: int, n_columns: int, wide: int) -> NDArray[np.int64]:
    """Return which bar each column shows a part of, counted from the first one, shape (n_columns,)."""
    columns: NDArray[np.int64] = np.arange(first, first + n_columns) // wide - first // wide
    return columns


def bar_heights(shares: NDArray[np.float64], height: int, lowest: int) -> NDArray[np.int64]:
    """Return the number of rows for each state of a bar, from below, so that every state is visible.

    Parameters
    ----------
    shares : coverage by each of `VERDICTS`, 0 to 1, shape (3, bars)
    lowest : rows that anything takes at least

    Returns
    -------
    heights : shape (3, bars) in the order of `FROM_BELOW`, together at most `height`
    """
    stacked = shares[[VERDICTS.index(verdict) for verdict in FROM_BELOW]]
    rows = np.where(stacked > 0, np.maximum(np.rint(stacked * height), lowest), 0).astype(np.int64)
    tops = np.minimum(np.cumsum(rows, axis=0), height)
    return np.diff(tops, axis=0, prepend=0)


def fill_bars(
    pixels: NDArray[np.uint32], frame: Frame, shares: NDArray[np.float64], first: int, wide: int
) -> None:
    """Draw bars into rows of an image, starting at its last one.

    Parameters
    ----------
    pixels : uint32, shape (rows, columns)
    shares : see `bar_heights`, of the bars that these columns show
    first, wide : index of the first column on the recording's grid, and the columns per bar
    """
    height, columns = pixels.shape
    index = np.arange(first, first + columns)
    shown = bar_of_columns(first, columns, wide)
    lowest = max(round(theme.px(LOWEST_PX) * frame.dpr), 1)
    tops = np.cumsum(bar_heights(shares, height, lowest), axis=0)[:, shown]
    tops[:, index % wide == wide - 1] = 0  # the gap between two bars
    tops = tops.astype(np.int16)
    from_below = np.arange(height - 1, -1, -1, dtype=np.int16)[:, None]
    under = np.zeros(columns, np.int16)
    for verdict, top in zip(FROM_BELOW, tops, strict=True):
        if top.any():
            where = (from_below >= under) & (from_below < top)
            np.copyto(pixels, np.uint32(theme.color(frame.theme.verdict(verdict)).rgba()), where=where)
            weak = where & _pattern(verdict, from_below, index, frame.dpr)
            np.copyto(pixels, np.uint32(_weak(frame, verdict)), where=weak)
        under = np.maximum(under, top)


def _pattern(
    verdict: Verdict, rows: NDArray[np.int16], columns: NDArray[np.int64], dpr: float
) -> NDArray[np.bool_]:
    """Return the weaker parts of a bar: diagonals of an accepted one, every second dash of a rejected one.

    Returns
    -------
    weaker : a shape that broadcasts with (rows, columns)
    """
    if verdict is Verdict.ACCEPTED:
        period, thick = max(round(theme.px(HATCH_PX) * dpr), 3), max(round(dpr), 1)
        at = (rows % period).astype(np.uint8) + (columns % period).astype(np.uint8)  # below two periods
        return (at < thick) | ((at >= period) & (at < period + thick))
    if verdict is Verdict.REJECTED:
        period = max(round(theme.px(DASH_PX) * dpr), 2)
        return rows % period >= period / 2
    return np.zeros((1, 1), bool)


def _weak(frame: Frame, verdict: Verdict) -> int:
    return int(theme.mix(frame.theme.verdict(verdict), frame.theme.bg, 0.6).rgba())
