"""Borders of stretched pieces: where the error against one line grows and that against the next falls.

Errors are of log spectra, less their mean of each band inside of the piece, so that sound on the far side of
a border does not count, as it would in a mean around each moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.features.match.searching.features import RATE_HZ
from engine.features.match.stretching.lines import StretchedLine
from engine.features.match.stretching.spectra import (
    HOP_SAMPLES,
    Spectra,
    at_pitch,
    between,
    rows_at,
    two_by_two,
)

Wide = NDArray[np.float64]
Span = tuple[float, float]

_AROUND_S, _FAR_S = 0.5, 0.7
_INSIDE_S = 4.0
_EDGE_SHARE = 0.1
_MOST = 6.0
_LEAST_FRAMES = 3
_BETWEEN = 20.0  # frames of the error of unknown sound: what a gap between two pieces costs
_CHANCE_POWER = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class _Errors:
    """Errors around a border, in medians inside of the piece; and that of sound which is none of it."""

    of_line: Wide
    of_others: float


def with_edges(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    pieces: Sequence[StretchedLine],
    span: Span,
) -> list[StretchedLine]:
    """Return pieces within a span, in order and disjoint, with the borders at which the errors are least."""
    if not pieces:
        return []
    edges: list[tuple[float, float]] = []
    for number in range(len(pieces) + 1):
        before = pieces[number - 1] if number else None
        after = pieces[number] if number < len(pieces) else None
        edges.append(_border(raws, edited, (before, after), span))
    found = []
    for number, piece in enumerate(pieces):
        start, stop = edges[number][1], edges[number + 1][0]
        if stop > start:
            found.append(replace(piece, start=start, stop=stop))
    return found


def _border(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    sides: tuple[StretchedLine | None, StretchedLine | None],
    span: Span,
) -> tuple[float, float]:
    """Return where the piece before ends and the piece after begins; the same where they meet."""
    before, after = sides
    if before is not None and after is not None and after.start - before.stop > 2 * _AROUND_S * RATE_HZ:
        end = _border(raws, edited, (before, None), span)[0]
        return end, _border(raws, edited, (None, after), span)[1]
    frames = _frames_around(before, after, span)
    count = frames[1] - frames[0]
    if count < _LEAST_FRAMES:
        middle = (frames[0] + frames[1]) / 2 * HOP_SAMPLES
        return middle, middle
    places = (frames[0] + np.arange(count + 1) - 0.5) * HOP_SAMPLES
    ended = None if before is None else _errors(raws, edited, before, frames)
    begun = None if after is None else _errors(raws, edited, after, frames)
    none = float(np.mean([one.of_others for one in (ended, begun) if one is not None]))
    unknown = np.arange(count + 1) * none
    past = None if ended is None else np.concatenate([[0.0], np.cumsum(ended.of_line)]) - unknown
    ahead = None if begun is None else np.append(np.cumsum(begun.of_line[::-1])[::-1], 0.0) + unknown
    if past is None or ahead is None:
        gain = past if past is not None else ahead
        edge = _clipped(float(places[int(np.argmin(gain))]) if gain is not None else span[0], span)
        return edge, edge
    together = int(np.argmin(past + ahead))
    apart = int(np.argmin(np.minimum.accumulate(past) + ahead))
    end = int(np.argmin(past[: apart + 1]))
    if past[end] + ahead[apart] + _BETWEEN * none < past[together] + ahead[together]:
        return float(places[end]), float(places[apart])
    return float(places[together]), float(places[together])


def _frames_around(before: StretchedLine | None, after: StretchedLine | None, span: Span) -> tuple[int, int]:
    """Return the frames in which a border may be: near the known one, and within half of either piece."""
    edges = [*([] if before is None else [before.stop]), *([] if after is None else [after.start])]
    around = _AROUND_S * RATE_HZ
    low = max(min(edges) - around, span[0] if before is None else (before.start + before.stop) / 2)
    high = min(max(edges) + around, span[1] if after is None else (after.start + after.stop) / 2)
    return int(np.ceil(max(low, span[0]) / HOP_SAMPLES)), int(np.floor(min(high, span[1]) / HOP_SAMPLES))


def _clipped(edge: float, span: Span) -> float:
    return min(max(edge, span[0]), span[1])


def _errors(
    raws: tuple[Spectra, ...], edited: Spectra, line: StretchedLine, frames: tuple[int, int]
) -> _Errors:
    border = (frames[0] + frames[1]) / 2.0 * HOP_SAMPLES
    edge = _EDGE_SHARE * (line.stop - line.start)
    inside = (
        max(line.start + edge, border - _INSIDE_S * RATE_HZ),
        min(line.stop - edge, border + _INSIDE_S * RATE_HZ),
    )
    core = (
        int(np.ceil(inside[0] / HOP_SAMPLES)),
        max(int(np.ceil(inside[0] / HOP_SAMPLES)) + 2, int(inside[1] / HOP_SAMPLES)),
    )
    apart = _apart(raws, edited, line, core)
    means = np.median(apart, axis=0)
    usual = _squared(apart, means)
    far = round(_FAR_S * RATE_HZ / HOP_SAMPLES)
    chance = np.concatenate(
        [_squared(_apart(raws, edited, line, core, far_frames=by), means) for by in (-far, far)]
    )
    unit = max(float(np.median(usual)), 1e-6)
    others = max(1.5, (float(np.median(chance)) / unit) ** _CHANCE_POWER)
    errors = _squared(_apart(raws, edited, line, frames), means) / unit
    return _Errors(np.minimum(errors, _MOST * others), others)


def _apart(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    line: StretchedLine,
    frames: tuple[int, int],
    far_frames: int = 0,
) -> Wide:
    """Return by how much the spectra of both sides of a line differ, shape (frames, bands)."""
    own = two_by_two(at_pitch(edited.levels(*frames), line.semitones))
    at = line.raw_at(0.0) / HOP_SAMPLES + np.arange(*frames) * line.speed + far_frames
    low, part = rows_at(at)
    begin = int(low[0])
    theirs = two_by_two(at_pitch(raws[line.raw].levels(begin, int(low[-1]) + 2), 0.0))
    found: Wide = (own - between(theirs, low - begin, part)).astype(np.float64)
    return found


def _squared(apart: Wide, means: Wide) -> Wide:
    """Return the mean squared error of each frame, without its level."""
    rest = apart - means
    rest = rest - rest.mean(axis=1, keepdims=True)
    found: Wide = np.mean(rest**2, axis=1)
    return found
