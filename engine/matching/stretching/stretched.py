"""Find the pieces of an edited file that play a recording faster, slower, higher or lower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.matching.searching.features import RATE_HZ, Floats
from engine.matching.stretching.coarse import rough_places
from engine.matching.stretching.edges import with_edges
from engine.matching.stretching.lines import StretchedLine, fitted, measured, with_pitch
from engine.matching.stretching.spectra import Spectra, spectra_of
from engine.matching.stretching.tracing import Span, decoded, lines_of
from engine.progress import Progress

_LEAST_S = 0.8
_SHORTEST_S, _LEAST_SOUNDS_S, _LEAST_ALIKE = 1.0, 0.8, 0.65
_EDGE_S, _EDGE_SHARE = 0.1, 0.1
_KEPT_SEMITONES = 0.2
_UNCHANGED, _UNCHANGED_S = 0.002, 0.006
_NEAR_SPEED, _NEAR_SEMITONES = 0.02, 0.3
_AGREE_S = 4.0
_LESS_ALIKE = 0.004


def stretched_pieces(
    raws: Sequence[Floats], edited: Floats, spans: Sequence[Span], progress: Progress
) -> list[StretchedLine]:
    """Return the pieces of some spans of an edited file that play recordings at another speed or pitch.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search
    spans : disjoint, in order, in samples of the edited file

    Returns
    -------
    pieces : in order and disjoint; a shift of 0 semitones at the same pitch

    Raises
    ------
    Cancelled : the user asked for it
    """
    long = [(start, stop) for start, stop in spans if stop - start >= _LEAST_S * RATE_HZ]
    if not long:
        return []
    known, target = tuple(spectra_of(raw) for raw in raws), spectra_of(edited)
    places = rough_places(known, target, long, progress.part(0.0, 0.5))
    lines = lines_of(known, target, places, long, progress.part(0.5, 0.9))
    found: list[StretchedLine] = []
    rest = progress.part(0.9, 1.0)
    for number, span in enumerate(long):
        rest.check_cancelled()
        rest.report(number / len(long), "Following stretched sound")
        rough = [_refitted(known, target, one) for one in decoded(known, target, lines, span)]
        found += with_edges(known, target, rough, span)
    found = [_refitted(known, target, one) for one in found]
    agreed = [_as_others(known, target, one, found) for one in found]
    return [_rounded(one) for one in agreed if _is_sure(one)]


def _core(piece: StretchedLine) -> Span:
    edge = min(_EDGE_S * RATE_HZ, _EDGE_SHARE * (piece.stop - piece.start))
    return piece.start + edge, piece.stop - edge


def _refitted(raws: tuple[Spectra, ...], edited: Spectra, piece: StretchedLine) -> StretchedLine:
    """Return a piece whose line and pitch are fitted to its own span, and how alike both sides are there."""
    core = _core(piece)
    line = fitted(raws, edited, piece, core, reach_frames=3.0)
    line = with_pitch(raws, edited, line)
    return measured(raws, edited, replace(line, start=piece.start, stop=piece.stop), core)


def _as_others(
    raws: tuple[Spectra, ...], edited: Spectra, piece: StretchedLine, pieces: Sequence[StretchedLine]
) -> StretchedLine:
    """Return a piece at the speed of longer ones if it is as alike: files are often warped as a whole."""
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
    if lengths.sum() < _AGREE_S * RATE_HZ:
        return piece
    weights = lengths**3  # the inverse of the variance of a slope
    speed = float(np.average([other.speed for other in others], weights=weights))
    middle = (piece.start + piece.stop) / 2
    turned = replace(piece, at=middle, there=piece.raw_at(middle), speed=speed)
    same = fitted(raws, edited, turned, _core(piece), reach_frames=3.0, is_speed_known=True)
    same = measured(raws, edited, replace(same, start=piece.start, stop=piece.stop), _core(piece))
    return same if same.alike >= piece.alike - _LESS_ALIKE else piece


def _is_sure(piece: StretchedLine) -> bool:
    """Return whether a piece is long and alike enough, and not simply a copy."""
    length_s = (piece.stop - piece.start) / RATE_HZ
    if length_s < _SHORTEST_S or piece.alike < _LEAST_ALIKE or piece.sounds_s < _LEAST_SOUNDS_S:
        return False
    changed_s = abs(piece.speed - 1.0) * length_s
    is_faster = abs(piece.speed - 1.0) > _UNCHANGED and changed_s > _UNCHANGED_S
    return is_faster or abs(piece.semitones) > _KEPT_SEMITONES


def _rounded(piece: StretchedLine) -> StretchedLine:
    return replace(piece, semitones=0.0) if abs(piece.semitones) <= _KEPT_SEMITONES else piece
