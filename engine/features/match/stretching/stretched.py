"""Find the pieces of an edited file that play a recording faster, slower, higher or lower.

The border of two pieces is where the error against one line grows and that against the next falls. Errors
are of log spectra less the mean of each band inside the piece, so that sound beyond a border does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.features.match.sound import RATE_HZ, Floats
from engine.features.match.stretching.lines import StretchedLine, fitted, measured, with_pitch
from engine.features.match.stretching.spectra import (
    HOP_SAMPLES,
    Spectra,
    at_pitch,
    between,
    rows_at,
    spectra_of,
    two_by_two,
)
from engine.features.match.stretching.tracing import (
    Span,
    decoded,
    goes_on,
    lines_of,
    rough_places,
    window_middles,
)

Wide = NDArray[np.float64]

_AROUND_S, _FAR_S = 0.5, 0.7
_INSIDE_S = 4.0
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
    raws: tuple[Spectra, ...], edited: Spectra, pieces: Sequence[StretchedLine], span: Span
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
    return (own - between(theirs, low - begin, part)).astype(np.float64)


def _squared(apart: Wide, means: Wide) -> Wide:
    """Return the mean squared error of each frame, without its level."""
    rest = apart - means
    rest = rest - rest.mean(axis=1, keepdims=True)
    found: Wide = np.mean(rest**2, axis=1)
    return found


_LEAST_S = 0.8
_SHORTEST_S, _LEAST_SOUNDS_S, _LEAST_ALIKE = 1.0, 0.8, 0.65
_LEAST_ALIKE_IN_TONE = (
    0.68  # other loops of the same instruments reach 0.61, stretched pieces have 0.76 or more
)
_EDGE_S, _EDGE_SHARE = 0.1, 0.1
_KEPT_SEMITONES, _MAYBE_KEPT_SEMITONES, _LESS_ALIKE_AT_PITCH = 0.1, 0.5, 0.0015
_UNCHANGED, _UNCHANGED_S = 0.002, 0.006
_NEAR_SPEED, _SAME_SPEED, _NEAR_SEMITONES = 0.02, 0.001, 0.3
_AGREE_S = 4.0
_LESS_ALIKE = 0.004
_LESS_ALIKE_IN_PART = 0.2
_APART_S, _SAME_LINE_S = 0.5, 0.006
_GROWN = 1.05  # a piece that grew by less is on the same line
_EVERY_WINDOW, _MANY_WINDOWS = 16, 100


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """Lines of stretched sound in an edited file.

    Attributes
    ----------
    raws, edited : spectra of the recordings and of the file
    lines : each as far as it holds; they may overlap
    looked : spans of the edited file; windows whose middles are there were looked at
    refits : pieces that were fitted to their own spans before, as they were and as they are now
    """

    raws: tuple[Spectra, ...]
    edited: Spectra
    lines: tuple[StretchedLine, ...] = ()
    looked: tuple[Span, ...] = ()
    refits: dict[StretchedLine, StretchedLine] = field(default_factory=dict)


def opened_spectra(raws: Sequence[Floats], edited: Floats) -> Traced:
    """Return the spectra of recordings and an edited file, mono at the rate of the search, without lines."""
    return Traced(tuple(spectra_of(raw) for raw in raws), spectra_of(edited))


def traced(known: Traced, spans: Sequence[Span], progress: Progress) -> Traced:
    """Return lines with those of some spans, disjoint and in order, in samples of the edited file.

    In minutes of sound, a few windows are tried first, so that a line that goes on is looked for once.

    Raises
    ------
    Cancelled : the user asked for it
    """
    long = _long_enough(spans)
    every = _outside(window_middles(long), known.looked)
    if len(every) > _MANY_WINDOWS:
        known = with_long_lines(known, spans, progress.part(0.0, 0.4))
        every = _outside(every, [*known.looked, *going_on(known)])
    lines = _with_lines(known, known.lines, every, long, progress.part(0.4, 1.0))
    return replace(known, lines=lines, looked=(*known.looked, *long))


def with_long_lines(known: Traced, spans: Sequence[Span], progress: Progress) -> Traced:
    """Return lines with those that a few windows show, where some spans are minutes of sound.

    Raises
    ------
    Cancelled : the user asked for it
    """
    long = _long_enough(spans)
    every = _outside(window_middles(long), [*known.looked, *going_on(known)])
    if len(every) <= _MANY_WINDOWS:
        return known
    few = every[_EVERY_WINDOW // 2 :: _EVERY_WINDOW]
    looked = [(one, one + 1.0) for one in few.tolist()]
    lines = _with_lines(known, known.lines, few, long, progress)
    return replace(known, lines=lines, looked=(*known.looked, *looked))


def going_on(known: Traced, *, is_changed: bool = False) -> list[Span]:
    """Return the spans of lines that are so long and alike that no other is looked for there.

    Parameters
    ----------
    is_changed : only lines at another speed or pitch
    """
    lines = [one for one in known.lines if goes_on(one) and (not is_changed or _is_sure(one))]
    return [(one.start, one.stop) for one in lines]


def _with_lines(
    known: Traced, lines: tuple[StretchedLine, ...], middles: Wide, spans: Sequence[Span], progress: Progress
) -> tuple[StretchedLine, ...]:
    places = rough_places(known.raws, known.edited, middles, progress.part(0.0, 0.6))
    return (*lines, *lines_of(known.raws, known.edited, places, spans, lines, progress.part(0.6, 1.0)))


def _outside(middles: Wide, spans: Sequence[Span]) -> Wide:
    return middles[[not any(start <= one < stop for start, stop in spans) for one in middles.tolist()]]


def _long_enough(spans: Sequence[Span]) -> list[Span]:
    return [(start, stop) for start, stop in spans if stop - start >= _LEAST_S * RATE_HZ]


def stretched_pieces(known: Traced, spans: Sequence[Span], progress: Progress) -> list[StretchedLine]:
    """Return the pieces of some spans of an edited file that play recordings at another speed or pitch.

    Parameters
    ----------
    spans : disjoint, in order, in samples of the edited file

    Returns
    -------
    pieces : in order and disjoint; a shift of 0 semitones at the same pitch

    Raises
    ------
    Cancelled : the user asked for it
    """
    raws, target = known.raws, known.edited
    found: list[StretchedLine] = []
    long = _long_enough(spans)
    for number, span in enumerate(long):
        progress.check_cancelled()
        progress.report(number / len(long), "Following stretched sound")
        rough = _fewest(known, [_refitted(known, one) for one in decoded(raws, target, known.lines, span)])
        found += with_edges(raws, target, rough, span)
    found = [_at_kept_pitch(raws, target, _refitted(known, one)) for one in found]
    agreed = [_as_others(raws, target, one, found) for one in found]
    return [one for one in agreed if _is_sure(one)]


def is_explained(known: Traced, piece: StretchedLine, span: Span) -> bool:
    """Return whether a span of the edited file is about as alike along a piece as all of that."""
    if not piece.start <= (span[0] + span[1]) / 2 < piece.stop:
        return False
    part = measured(known.raws, known.edited, piece, span, (piece.start, piece.stop))
    return part.alike >= max(_LEAST_ALIKE, piece.alike - _LESS_ALIKE_IN_PART)


def may_be_copy(piece: StretchedLine) -> bool:
    """Return whether a piece has about the speed and pitch of its recording, and may be a copy in noise."""
    return abs(piece.speed - 1.0) < _UNCHANGED and abs(piece.semitones) < _MAYBE_KEPT_SEMITONES


def _core(piece: StretchedLine) -> Span:
    edge = min(_EDGE_S * RATE_HZ, _EDGE_SHARE * (piece.stop - piece.start))
    return piece.start + edge, piece.stop - edge


def _refitted(known: Traced, piece: StretchedLine) -> StretchedLine:
    """Return a piece whose line and pitch are fitted to its own span, and how alike both sides are there."""
    found = known.refits.get(piece)
    if found is None:
        core, within = _core(piece), (piece.start, piece.stop)
        line = fitted(known.raws, known.edited, piece, core, reach_frames=3.0, within=within)
        line = with_pitch(known.raws, known.edited, line, within)
        line = replace(line, start=piece.start, stop=piece.stop)
        found = known.refits[piece] = measured(known.raws, known.edited, line, core, within)
    return found


def _fewest(known: Traced, pieces: Sequence[StretchedLine]) -> list[StretchedLine]:
    """Return pieces, in order, those that the line of a longer neighbour explains as well as parts of that.

    A recording that repeats itself has many lines that are equally alike; the file goes on along one of them.
    """
    found = list(pieces)
    sizes = sorted((one.stop - one.start for one in pieces), reverse=True)
    for size in sizes:
        at = next((number for number, one in enumerate(found) if one.stop - one.start == size), None)
        if at is None:
            continue
        fitted_size = size
        for step in (1, -1):
            while 0 <= at + step < len(found) and _goes_on_through(known, found[at], found[at + step]):
                other = found.pop(at + step)
                at -= step < 0
                start, stop = min(found[at].start, other.start), max(found[at].stop, other.stop)
                found[at] = replace(found[at], start=start, stop=stop)
                if stop - start > _GROWN * fitted_size:
                    found[at], fitted_size = _refitted(known, found[at]), stop - start
        if found[at].stop - found[at].start > fitted_size:
            found[at] = _refitted(known, found[at])
    return found


def _goes_on_through(known: Traced, piece: StretchedLine, other: StretchedLine) -> bool:
    gap = max(piece.start, other.start) - min(piece.stop, other.stop)
    if gap > _APART_S * RATE_HZ or other.stop - other.start > piece.stop - piece.start:
        return False
    core, within = _core(other), (other.start, other.stop)
    same = fitted(
        known.raws,
        known.edited,
        replace(piece, start=other.start, stop=other.stop),
        core,
        reach_frames=1.0,
        is_speed_known=True,
        within=within,
    )
    off = abs(same.raw_at(same.at) - piece.raw_at(same.at))
    return off < _SAME_LINE_S * RATE_HZ and measured(known.raws, known.edited, piece, core, within).alike >= (
        other.alike - _LESS_ALIKE
    )


def _at_kept_pitch(raws: tuple[Spectra, ...], edited: Spectra, piece: StretchedLine) -> StretchedLine:
    """Return a piece at the pitch of its recording if it is as alike there: noise has no pitch of its own."""
    if abs(piece.semitones) > _MAYBE_KEPT_SEMITONES:
        return piece
    same = replace(piece, semitones=0.0)
    core, within = _core(piece), (piece.start, piece.stop)
    same = measured(raws, edited, same, core, within)
    is_same = abs(piece.semitones) <= _KEPT_SEMITONES or same.alike >= piece.alike - _LESS_ALIKE_AT_PITCH
    return same if is_same else piece


def _as_others(
    raws: tuple[Spectra, ...], edited: Spectra, piece: StretchedLine, pieces: Sequence[StretchedLine]
) -> StretchedLine:
    """Return a piece at a likely speed if it is as alike there.

    Files are often warped as a whole, at the speed of their longer pieces; and where the pitch alone is
    changed, the speed stays.
    """
    length = piece.stop - piece.start
    others = [
        other
        for other in pieces
        if other is not piece
        and abs(other.speed / piece.speed - 1.0) < _NEAR_SPEED
        and abs(other.semitones - piece.semitones) < _NEAR_SEMITONES
        and other.stop - other.start >= length
    ]
    lengths = np.array([other.stop - other.start for other in others])
    if lengths.sum() >= _AGREE_S * RATE_HZ:
        weights = lengths**3  # the inverse of the variance of a slope
        speed = float(np.average([other.speed for other in others], weights=weights))
        speed = 1.0 if piece.semitones and abs(speed - 1.0) < _SAME_SPEED else speed
    elif piece.semitones and abs(piece.speed - 1.0) < _NEAR_SPEED:
        speed = 1.0
    else:
        return piece
    middle = (piece.start + piece.stop) / 2
    turned = replace(piece, at=middle, there=piece.raw_at(middle), speed=speed)
    core, within = _core(piece), (piece.start, piece.stop)
    same = fitted(raws, edited, turned, core, reach_frames=3.0, is_speed_known=True, within=within)
    same = measured(raws, edited, replace(same, start=piece.start, stop=piece.stop), core, within)
    return same if same.alike >= piece.alike - _LESS_ALIKE else piece


def _is_sure(piece: StretchedLine) -> bool:
    """Return whether a piece is long and alike enough, and not simply a copy."""
    length_s = (piece.stop - piece.start) / RATE_HZ
    if length_s < _SHORTEST_S or piece.sounds_s < _LEAST_SOUNDS_S:
        return False
    if piece.alike < _LEAST_ALIKE or piece.alike_in_tone < _LEAST_ALIKE_IN_TONE:
        return False
    changed_s = abs(piece.speed - 1.0) * length_s
    is_faster = abs(piece.speed - 1.0) > _UNCHANGED and changed_s > _UNCHANGED_S
    return is_faster or piece.semitones != 0.0
