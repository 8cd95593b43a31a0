"""Evaluation of a recovered edit against its list, moment by moment and seam by seam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.match.matched import Matched, Segment
from engine.lab.evaluation.matching.edits import FOREIGN, EditedPair, Piece

_STEP_S = 0.001
_SAME_DB = -80.0
_BLOCK_S = 0.01
_CROSSFADE_S = 0.002
_SILENT = 1e-4


@dataclass(frozen=True, slots=True)
class Found:
    """How much of one pair was found.

    Attributes
    ----------
    right, moments : moments that come from the raw recordings alone, and those of them put to a right place
    false : those that are reported as foreign
    foreign_found, foreign : foreign moments, and those of them that are reported
    cuts_right, cuts : hard cuts between raw recordings, and those found within one sample, or where
        both sides are the same up to there
    fades_right, fades : crossfades, and those whose two ends are found within 2 ms
    shapes_right : crossfades found that have the right shape
    residuals_db : of the segments
    """

    right: int
    moments: int
    false: int
    foreign_found: int
    foreign: int
    cuts_right: int
    cuts: int
    fades_right: int
    fades: int
    shapes_right: int
    residuals_db: tuple[float, ...]
    filtered_db: tuple[float, ...]


def scored(pair: EditedPair, found: Matched, within_samples: float) -> Found:
    """Compare a result with the list of the edit; a raw place is right within a number of samples."""
    step = round(_STEP_S * pair.rate_hz)
    at = np.arange(step // 2, len(pair.edited), step)
    from_raw, from_foreign, right, claimed = (np.zeros(len(at), bool) for _ in range(4))
    for piece in pair.pieces:
        covered = (at >= piece.edited_start_samples) & (at < piece.edited_stop_samples)
        (from_foreign if piece.raw == FOREIGN else from_raw)[covered] = True
    for segment in found.segments:
        claimed |= (at >= segment.edited_start_samples) & (at < segment.edited_stop_samples)
        for piece in pair.pieces:
            right |= _agreeing(pair, segment, piece, at, within_samples)
    sounds = _sounding(pair.edited, at, step)
    only_foreign, only_raw = from_foreign & ~from_raw & sounds, from_raw & ~from_foreign & sounds
    seams = _seams(pair, found.segments)
    return Found(
        int(np.count_nonzero(right & only_raw)),
        int(np.count_nonzero(only_raw)),
        int(np.count_nonzero(~claimed & only_raw)),
        int(np.count_nonzero(only_foreign & ~claimed)),
        int(np.count_nonzero(only_foreign)),
        *seams,
        tuple(one.residual_db for one in found.segments if one.residual_db is not None),
        tuple(one.filtered_residual_db for one in found.segments if one.filtered_residual_db is not None),
    )


def _sounding(edited: NDArray[np.float32], at: NDArray[np.int64], step: int) -> NDArray[np.bool_]:
    """Return which moments sound: silence comes from anywhere."""
    loudest = np.max(np.abs(edited), axis=1)
    blocks = np.maximum.reduceat(loudest, np.maximum(0, at - step // 2))
    sounds: NDArray[np.bool_] = blocks > _SILENT
    return sounds


def _agreeing(
    pair: EditedPair, segment: Segment, piece: Piece, at: NDArray[np.int64], within: float
) -> NDArray[np.bool_]:
    none = np.zeros(len(at), bool)
    start = max(segment.edited_start_samples, piece.edited_start_samples)
    stop = min(segment.edited_stop_samples, piece.edited_stop_samples)
    if piece.raw == FOREIGN or start >= stop:
        return none
    inside = (at >= start) & (at < stop)
    truth = piece.raw_start_samples - piece.edited_start_samples
    ahead = (at - segment.edited_start_samples) * (segment.speed - 1.0)
    offset = segment.raw_start_samples - segment.edited_start_samples
    if segment.raw == piece.raw:
        near = np.abs(offset + ahead - truth) <= within
        if np.any(near & inside):
            return np.asarray(near & inside, np.bool_)
    same = _same_sound(pair, (segment.raw, offset), (piece.raw, truth), (start, stop), at)
    return np.asarray(inside & same, np.bool_)


def _same_sound(
    pair: EditedPair,
    one: tuple[int, int],
    other: tuple[int, int],
    span: tuple[int, int],
    at: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return at which moments two places of raw recordings hold the same samples."""
    block = max(1, round(_BLOCK_S * pair.rate_hz))
    count = -(-(span[1] - span[0]) // block)
    sounds = []
    for raw, offset in (one, other):
        samples = np.zeros((count * block, pair.raws[raw].shape[1]))
        first = span[0] + offset
        piece = pair.raws[raw][max(0, first) : max(0, first + count * block)]
        lead = max(0, -first)
        samples[lead : lead + len(piece)] = piece
        sounds.append(samples.reshape(count, -1))
    apart = np.sum((sounds[0] - sounds[1]) ** 2, axis=1)
    power = np.sum(sounds[1] ** 2, axis=1)
    same = apart <= 10.0 ** (_SAME_DB / 10.0) * power
    found: NDArray[np.bool_] = same[np.clip((at - span[0]) // block, 0, count - 1)]
    return found


def _seams(pair: EditedPair, segments: Sequence[Segment]) -> tuple[int, int, int, int, int]:
    cuts_right = cuts = fades_right = fades = shapes_right = 0
    starts = np.array([one.edited_start_samples for one in segments], np.int64)
    for before, after in zip(pair.pieces[:-1], pair.pieces[1:], strict=True):
        if FOREIGN in (before.raw, after.raw):
            continue
        nearest = int(np.argmin(np.abs(starts - after.edited_start_samples))) if len(starts) else -1
        one = segments[nearest] if nearest >= 0 else None
        if not after.crossfade_samples:
            cuts += 1
            cuts_right += one is not None and _is_cut_right(pair, before, after, one)
            continue
        fades += 1
        if one is not None and _is_fade_right(pair.rate_hz, after, one):
            fades_right += 1
            shapes_right += one.crossfade_shape == after.shape
    return cuts_right, cuts, fades_right, fades, shapes_right


def _is_cut_right(pair: EditedPair, before: Piece, after: Piece, one: Segment) -> bool:
    apart = one.edited_start_samples - after.edited_start_samples
    if abs(apart) <= 1 and one.crossfade_samples <= 1:
        return True
    if abs(apart) > pair.rate_hz // 10 or one.crossfade_samples > pair.rate_hz // 10:
        return before.raw == after.raw and _offset(before) == _offset(after)
    # Wherever both sides sound the same the cut could be as well.
    ends = (
        one.edited_start_samples,
        one.edited_start_samples + one.crossfade_samples,
        after.edited_start_samples,
    )
    span = min(ends), max(ends)
    sides = []
    for piece in (before, after):
        samples = pair.raws[piece.raw]
        positions = np.clip(np.arange(*span) + _offset(piece), 0, len(samples) - 1)
        sides.append(samples[positions] * 10.0 ** (piece.gain_db / 20.0))
    return bool(np.max(np.abs(sides[0] - sides[1]), initial=0.0) < 2.0**-22)


def _offset(piece: Piece) -> int:
    return piece.raw_start_samples - piece.edited_start_samples


def _is_fade_right(rate_hz: int, after: Piece, one: Segment) -> bool:
    wanted = after.edited_start_samples, after.edited_start_samples + after.crossfade_samples
    got = one.edited_start_samples, one.edited_start_samples + one.crossfade_samples
    return max(abs(x - y) for x, y in zip(wanted, got, strict=True)) <= _CROSSFADE_S * rate_hz


def share(found: Sequence[Found], part: Callable[[Found], int], whole: Callable[[Found], int]) -> float:
    """Return the ratio of two sums over pairs, 0 to 1; NaN if the second is 0."""
    total = sum(whole(one) for one in found)
    return sum(part(one) for one in found) / total if total else float("nan")
