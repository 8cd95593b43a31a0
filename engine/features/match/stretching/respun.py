"""Pieces whose pitch changes with their speed, as of a tape: at their own speed they are copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.features.match.searching.features import RATE_HZ, Floats
from engine.features.match.speed import speed_along
from engine.features.match.stretching.lines import StretchedLine

_LIKE_TAPE_SEMITONES = 0.25
_LEAST_SEMITONES = 0.02
_SAME_SPEED = 1e-4
_AROUND_S = 0.3
_EVERY_S, _EDGE_S = 1.0, 0.4


@dataclass(frozen=True, slots=True)
class Respun:
    """A span [start, stop) of an edited file that plays recordings at one speed, in samples of the search."""

    start: float
    stop: float
    speed: float


def respun_spans(
    raws: Sequence[Floats], edited: Floats, pieces: Sequence[StretchedLine], within: tuple[float, float]
) -> tuple[Respun, ...]:
    """Return the parts of a span in which neighbouring pieces were sped up or slowed down with their pitch.

    Pieces at one speed are on one tape, and so is the sound between them, if no other piece is there.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search
    pieces : in order and disjoint
    within : of the edited file
    """
    found: list[Respun] = []
    is_next = False
    for piece in pieces:
        if not within[0] <= (piece.start + piece.stop) / 2 < within[1]:
            continue
        speed = _speed(raws, edited, piece) if _is_like_tape(piece) else None
        if speed is None:
            is_next = False
            continue
        last = found[-1] if is_next else None
        is_next = True
        start = max(within[0], piece.start - _AROUND_S * RATE_HZ)
        stop = min(within[1], piece.stop + _AROUND_S * RATE_HZ)
        if last is not None and abs(last.speed / speed - 1.0) < _SAME_SPEED:
            longer = last.speed if last.stop - last.start > stop - start else speed
            found[-1] = Respun(last.start, stop, longer)
        else:
            found.append(Respun(start, stop, speed))
    return tuple(found)


def _is_like_tape(piece: StretchedLine) -> bool:
    semitones = 12.0 * float(np.log2(piece.speed))
    return abs(semitones) > _LEAST_SEMITONES and abs(piece.semitones - semitones) < _LIKE_TAPE_SEMITONES


def _speed(raws: Sequence[Floats], edited: Floats, piece: StretchedLine) -> float | None:
    """Return the exact speed of a piece, from its waveform; None where that is another."""
    edge = min(_EDGE_S * RATE_HZ, (piece.stop - piece.start) / 4)
    count = max(1, int((piece.stop - piece.start - 2 * edge) / (_EVERY_S * RATE_HZ)))
    moments = np.linspace(piece.start + edge, piece.stop - edge, count + 1)
    return speed_along(raws[piece.raw], edited, [(one, piece.raw_at(one)) for one in moments], piece.speed)
