"""Coverage of lanes by proposals: the tint over lanes, the fading of removed waveforms, and bars.

Bars show proposals too narrow for flags; their height is the covered share of their segment of time. Bars of
the three states are stacked, accepted ones at the bottom. In addition to their colour, accepted ones are
hatched and rejected ones dashed, like their spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from engine.document.proposals import Verdict
from engine.document.table import VERDICTS
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.edits.spans import Spans
from widgets.timeline.frame import Frame, Layout

Shares = tuple[tuple[frozenset[str] | None, NDArray[np.float64], NDArray[np.float64]], ...]
"""Tracks, or None for all, whose lanes are covered alike; the coverage by `VERDICTS`; that by removals."""


def areas_of(layout: Layout, lanes: Sequence[str], tracks: Sequence[str]) -> list[tuple[int, int]]:
    """Return the vertical spans of some tracks' visible lanes; no tracks means all.

    Parameters
    ----------
    lanes : ids of the tracks, in the order of their lanes
    """
    if not tracks:
        return [(layout.lanes_top, layout.lanes_bottom)]
    edges = zip(lanes, layout.lane_tops, layout.lane_tops[1:], strict=False)
    seen = (
        (max(top, layout.lanes_top), min(bottom, layout.lanes_bottom))
        for track, top, bottom in edges
        if track in tracks
    )
    return [(top, bottom) for top, bottom in seen if top < bottom]


def shares_of(
    spans: Spans,
    found: NDArray[np.int64],
    edges: NDArray[np.float64],
    lanes: Sequence[str],
    without: str | None,
) -> Shares:
    """Return lanes with equal coverage, that coverage, and the coverage by those that remove their span.

    Parameters
    ----------
    found : indices of the spans in view, shape (m,)
    without : id of the span that does not count
    """
    if not spans.tracks[found].any():
        return ((None, *_shares(spans, edges, without, None)),)
    alike: dict[tuple[bool, ...], list[str]] = {}
    for track in lanes:
        alike.setdefault(tuple(spans.of_track(track).tolist()), []).append(track)
    return tuple((frozenset(tracks), *_shares(spans, edges, without, sets)) for sets, tracks in alike.items())


def _shares(
    spans: Spans, edges: NDArray[np.float64], without: str | None, sets: tuple[bool, ...] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shares = spans.shares(edges, without, sets=sets)
    return shares, shares if spans.drops.all() else spans.shares(edges, without, sets=sets, drops=True)


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
            weak = theme.mix(frame.theme.verdict(verdict), frame.theme.bg, 0.6).rgba()
            np.copyto(pixels, np.uint32(weak), where=where & _pattern(verdict, from_below, index, frame.dpr))
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


PIXELS = NDArray[np.uint32]
WEAK_TO_STRONG = (Verdict.REJECTED, Verdict.ACCEPTED, Verdict.UNDECIDED)
TINT = 0.12
FADES_ACCEPTED, FADES_UNDECIDED = 0.7, 0.4
"""Strength of the fading of removed waveforms."""


def fading(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fading of waveforms for the coverage of columns by each verdict, shape (columns,)."""
    accepted, undecided = (shares[VERDICTS.index(each)] for each in (Verdict.ACCEPTED, Verdict.UNDECIDED))
    fades: NDArray[np.float64] = np.maximum(accepted * FADES_ACCEPTED, undecided * FADES_UNDECIDED)
    return fades


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """Colours over columns, mixed once for all that is seen through them.

    Attributes
    ----------
    over : float32, shape (columns, 4), colour added to blue, green, red and alpha
    clear : float32, shape (columns, 1), transparency of the overlay
    ground : float32, shape (4,), colour at full fading
    fades : float32, shape (columns, 1), strength of the fading
    """

    over: NDArray[np.float32]
    clear: NDArray[np.float32]
    ground: NDArray[np.float32]
    fades: NDArray[np.float32]

    @classmethod
    def of(cls, tokens: Theme, shares: NDArray[np.float64], fades: NDArray[np.float64]) -> Veil:
        """Blend the tints of all verdicts, weighted by the coverage of a column.

        Parameters
        ----------
        shares : coverage by each of `VERDICTS`, 0 to 1, shape (3, columns)
        fades : see `fading`
        """
        over = np.zeros((shares.shape[1], 4), np.float32)
        clear = np.ones((shares.shape[1], 1), np.float32)
        for verdict in WEAK_TO_STRONG:
            alpha = (TINT * shares[VERDICTS.index(verdict), :, None]).astype(np.float32)
            if alpha.any():
                over += alpha * (_parts(tokens.verdict(verdict)) - over)
                clear -= alpha * clear
        return cls(over, clear, _parts(tokens.bg), fades.astype(np.float32)[:, None])

    @property
    def is_clear(self) -> bool:
        """Whether nothing is covered."""
        return not self.over.any()

    def tinted(self, rows: PIXELS) -> PIXELS:
        """Return opaque colours of columns, shape (n, columns), seen through the tint."""
        return rows if self.is_clear else _through(rows, self.over, self.clear)

    def inked(self, rows: PIXELS) -> PIXELS:
        """Return the same for waveforms, which fade where audio is removed."""
        if self.is_clear:
            return rows
        fades = self.fades * self.clear
        return _through(rows, self.over + fades * self.ground, self.clear - fades)


def _through(rows: PIXELS, over: NDArray[np.float32], clear: NDArray[np.float32]) -> PIXELS:
    below = rows[..., None].view(np.uint8)
    mixed = below * clear
    mixed += over
    np.rint(mixed, out=mixed)
    made: PIXELS = mixed.astype(np.uint8).view(np.uint32)[..., 0]
    made |= np.uint32(0xFF000000)
    return made


def _parts(token: str) -> NDArray[np.float32]:
    """Return blue, green, red and alpha of a token in memory order, 0 to 255."""
    return np.array([QColor(token).rgba()], np.uint32).view(np.uint8).astype(np.float32)
