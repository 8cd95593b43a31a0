"""Strokes: hits that are placed as one, and the slices that move them on all microphones alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ORNAMENTS, Hits, Ornament, Role
from engine.features.timing.alignment.lines import Placement

Floats = NDArray[np.float64]


VOICES = tuple(role for role in Role if role.is_close)
"""Roles of the columns of voices."""

CARRIERS = (Role.SNARE, Role.KICK, Role.TOM, Role.HAT, Role.CYMBAL)
"""Voices in the order in which they carry a stroke: its timing is judged by the first of them that sounds."""

_GRACE_S = 0.16
"""As long before its main hit a drag may begin."""
_PLAIN_GRACE_S = (0.008, 0.048)
_SOFTER_DB = 2.0
"""A hit shortly before a louder one of its drum is a grace note, even if not marked as one."""

GRACES = (ORNAMENTS.index(Ornament.FLAM), ORNAMENTS.index(Ornament.DRAG))
_BOUNCE_S = (0.05, 0.27)
_BOUNCE_SOFTER_DB = 1.0
SURE_OF_A_HIT, DOUBTED_MS = 0.9, 20.0
"""From which confidence on a hit is moved however little, and how far one that is none would have to go."""
_LATE = ORNAMENTS.index(Ornament.LATE_VOICE)
_APART_S = 0.011
_SILENCE_DB = -200.0


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """Units of placement, one a row, in the order of time.

    Attributes
    ----------
    onsets_samples : float64, shape (s,), of the earliest voice that is neither a grace note nor marked late,
        nor so unsurely found that another may sound at once with it
    levels_db : float32, shape (s, len(VOICES)), how loud each drum is, grace notes aside, -inf for none
    voices : bool, shape (s, len(VOICES)), its voices without grace notes
    of_hits : int64, shape (n,), the stroke of each hit; a grace note is of that of its main hit
    graces : bool, shape (n,), which hits are grace notes: they keep their distance to the main hit
    bounces : bool, shape (n,), which hits follow a louder one of their drum so soon that they may be one too
        many
    rate_hz : of the positions
    unsure_samples : float64, shape (s,), how far off each may have been found
    """

    onsets_samples: NDArray[np.float64]
    levels_db: NDArray[np.float32]
    voices: NDArray[np.bool_]
    of_hits: NDArray[np.int64]
    graces: NDArray[np.bool_]
    bounces: NDArray[np.bool_]
    rate_hz: int
    unsure_samples: NDArray[np.float64]


def gather(hits: Hits, rate_hz: int) -> Strokes:
    """Gather hits into strokes, each grace note with the next hit of its drum, or that of its own stroke."""
    count = len(hits.onsets_samples)
    graces = np.isin(hits.ornaments, GRACES) | _plain_graces(hits, rate_hz)
    groups = _parted(hits, graces, rate_hz)
    for hit in np.flatnonzero(graces):
        main = _main_hit(hits, graces, int(hit), rate_hz)
        if main is not None:
            groups[hit] = groups[main]
    alone = ~np.isin(groups, groups[~graces])
    graces = graces & ~alone
    _, of_hits = np.unique(groups, return_inverse=True)
    size = int(of_hits.max(initial=-1)) + 1
    # Hits that are marked late and sound with one that is not.
    late = hits.ornaments == _LATE
    held: NDArray[np.bool_] = late & np.isin(groups, groups[~late & ~graces])
    onsets, unsure = when(hits, of_hits, ~graces & ~held, rate_hz)
    order = np.argsort(onsets, kind="stable")
    of_hits = np.argsort(order)[of_hits] if count else np.zeros(0, np.int64)
    levels_db = _levels_db(hits, of_hits, graces, size)
    bounces = _bounces(hits, graces, rate_hz)
    heard = levels_db > -np.inf
    return Strokes(onsets[order], levels_db, heard, of_hits, graces, bounces, rate_hz, unsure[order])


def when(
    hits: Hits, of_hits: NDArray[np.int64], eligible: NDArray[np.bool_], rate_hz: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the onset of each stroke and its uncertainty, both of shape (s,).

    The earliest eligible hit, unless it is so uncertain that a more confident one may have sounded with it. A
    hit of low confidence has a large uncertainty: moving it slightly would be useless.

    Parameters
    ----------
    eligible : bool, shape (n,), which hits count; a stroke without one is at inf
    """
    size = int(of_hits.max(initial=-1)) + 1
    doubted = np.maximum(SURE_OF_A_HIT - hits.confidences, 0.0) * DOUBTED_MS / 1000.0 * rate_hz
    unsure = np.maximum(hits.unsure_samples, doubted)
    first = eligible.copy()
    for hit in np.flatnonzero(eligible & (unsure > 0.0)):
        about = hits.onsets_samples[hit] + np.array([-unsure[hit], unsure[hit]])
        near = slice(*np.searchsorted(hits.onsets_samples, about + np.array([0.0, 1.0])))
        surer = eligible[near] & (unsure[near] < unsure[hit])
        first[hit] = not (surer & (of_hits[near] == of_hits[hit])).any()
    onsets, off = np.full(size, np.inf), np.zeros(size)
    np.minimum.at(onsets, of_hits[first], hits.onsets_samples[first])
    first &= hits.onsets_samples == onsets[of_hits]
    np.maximum.at(off, of_hits[first], unsure[first])
    return onsets, off


def leading_voices(hits: Hits, strokes: Strokes) -> NDArray[np.int64]:
    """Return which of `VOICES` each stroke begins with, shape (s,); -1 for others."""
    column = {voice: number for number, voice in enumerate(VOICES)}
    voices = np.array([column.get(role, -1) for role in hits.roles], np.int64)[hits.tracks]
    away = np.abs(hits.onsets_samples - strokes.onsets_samples[strokes.of_hits])
    away[strokes.graces] = np.inf
    found = np.full(len(strokes.onsets_samples), -1, np.int64)
    order = np.argsort(-away, kind="stable")  # the nearest is written last
    found[strokes.of_hits[order]] = voices[order]
    return found


def carrying_voices(strokes: Strokes) -> NDArray[np.int64]:
    """Return which of `CARRIERS` carries each stroke, shape (s,); -1 for none."""
    sounding = strokes.voices[:, [VOICES.index(role) for role in CARRIERS]]
    return np.where(sounding.any(1), sounding.argmax(1), -1)


def carrying_hits(hits: Hits, of_hits: NDArray[np.integer], eligible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the hits of the drum that carries each stroke, shape (n,).

    Parameters
    ----------
    of_hits : shape (n,), the stroke of each hit
    eligible : shape (n,), which hits count
    """
    ranks = np.array([CARRIERS.index(VOICES[voice_of(role)]) for role in hits.roles], np.int64)
    rank = np.where(eligible, ranks[hits.tracks], len(CARRIERS))
    first = np.full(int(of_hits.max(initial=-1)) + 1, len(CARRIERS), np.int64)
    np.minimum.at(first, of_hits, rank)
    carrying: NDArray[np.bool_] = eligible & (rank == first[of_hits])
    return carrying


def timed_by(hits: Hits, strokes: Strokes, eligible: NDArray[np.bool_]) -> Strokes:
    """Return strokes with the onsets of their eligible hits, shape (n,); those without one stay."""
    onsets, unsure = when(hits, strokes.of_hits, eligible, strokes.rate_hz)
    there = np.isfinite(onsets)
    return replace(
        strokes,
        onsets_samples=np.where(there, onsets, strokes.onsets_samples),
        unsure_samples=np.where(there, unsure, strokes.unsure_samples),
    )


def at_carriers(hits: Hits, strokes: Strokes) -> Strokes:
    """Return strokes with the onsets of the drums that carry them, instead of their earliest voices."""
    return timed_by(hits, strokes, carrying_hits(hits, strokes.of_hits, ~strokes.graces))


def chosen(strokes: Strokes, rows: NDArray[np.bool_]) -> Strokes:
    """Return some of the strokes, with their hits.

    Parameters
    ----------
    rows : shape (s,)
    """
    hits = rows[strokes.of_hits]
    return Strokes(
        strokes.onsets_samples[rows],
        strokes.levels_db[rows],
        strokes.voices[rows],
        (np.cumsum(rows) - 1)[strokes.of_hits[hits]],
        strokes.graces[hits],
        strokes.bounces[hits],
        strokes.rate_hz,
        strokes.unsure_samples[rows],
    )


def _parted(hits: Hits, graces: NDArray[np.bool_], rate_hz: int) -> NDArray[np.int64]:
    """Return the strokes of hits, split at gaps between drums that may belong to different lines.

    Hits marked late belong to their stroke, which stays whole.
    """
    whole = np.isin(hits.strokes, hits.strokes[hits.ornaments == _LATE])
    order = np.lexsort((hits.onsets_samples, hits.strokes, graces))
    gaps_s = np.diff(hits.onsets_samples[order], prepend=0.0) / rate_hz
    begins = np.diff(hits.strokes[order], prepend=-1) != 0
    begins |= (gaps_s > _APART_S) & ~whole[order] & ~graces[order]
    groups = np.empty(len(order), np.int64)
    groups[order] = np.cumsum(begins)
    return groups


def _plain_graces(hits: Hits, rate_hz: int) -> NDArray[np.bool_]:
    graces = np.zeros(len(hits.onsets_samples), np.bool_)
    for track in np.unique(hits.tracks):
        rows = np.flatnonzero(hits.tracks == track)
        gaps_s = np.diff(hits.onsets_samples[rows]) / rate_hz
        soon = (gaps_s >= _PLAIN_GRACE_S[0]) & (gaps_s <= _PLAIN_GRACE_S[1])
        # The loudest so far from behind: the first of two grace notes may be louder than the second.
        for at in range(len(rows) - 2, -1, -1):
            main = at + 1
            while main < len(rows) - 1 and graces[rows[main]]:
                main += 1
            softer = hits.strengths_db[rows[at]] <= hits.strengths_db[rows[main]] - _SOFTER_DB
            graces[rows[at]] = bool(soon[at]) and bool(softer)
    return graces


def _bounces(hits: Hits, graces: NDArray[np.bool_], rate_hz: int) -> NDArray[np.bool_]:
    bounces = np.zeros(len(hits.onsets_samples), np.bool_)
    for track in np.unique(hits.tracks):
        rows = np.flatnonzero((hits.tracks == track) & ~graces)
        gaps_s = np.diff(hits.onsets_samples[rows]) / rate_hz
        soon = (gaps_s >= _BOUNCE_S[0]) & (gaps_s <= _BOUNCE_S[1])
        bounces[rows[1:]] = soon & (np.diff(hits.strengths_db[rows]) <= -_BOUNCE_SOFTER_DB)
    return bounces


def _main_hit(hits: Hits, graces: NDArray[np.bool_], grace: int, rate_hz: int) -> int | None:
    """Return the hit that a grace note belongs to: the next of its drum, where that is soon."""
    latest = hits.onsets_samples[grace] + _GRACE_S * rate_hz
    stop = int(np.searchsorted(hits.onsets_samples, latest, side="right"))
    after = np.arange(grace + 1, stop)
    same = after[~graces[after] & (hits.tracks[after] == hits.tracks[grace])]
    if len(same):
        return int(same[0])
    own = np.flatnonzero(~graces & (hits.strokes == hits.strokes[grace]))
    return int(own[0]) if len(own) else None


def _levels_db(
    hits: Hits, of_hits: NDArray[np.int64], graces: NDArray[np.bool_], size: int
) -> NDArray[np.float32]:
    levels_db = np.full((size, len(VOICES)), -np.inf, np.float32)
    roles = hits.voices
    for hit in np.flatnonzero(~graces):
        at = of_hits[hit], voice_of(roles[hit])
        levels_db[at] = max(levels_db[at], hits.strengths_db[hit], _SILENCE_DB)
    return levels_db


def voice_of(role: Role) -> int:
    """Return the column of a voice; drums without close microphones are in the overheads: cymbals."""
    return VOICES.index(role if role in VOICES else Role.CYMBAL)


@dataclass(frozen=True, slots=True, eq=False)
class MovedStrokes:
    """All strokes of a performance, a row for each in the order of time.

    Attributes
    ----------
    firsts_samples, lasts_samples : float64, shape (s,), where its first and its last voice rise, grace notes
        included
    onsets_samples : float64, shape (s,), where the stroke itself is
    shifts_samples : float64, shape (s,), whole numbers: how much later it is to sound; 0 where it stays
    lines : int64, shape (s,), where it belongs; -1 for no line
    confidences : float64, shape (s,), of its placement
    voices : the drums that sound in it, length s, the loudest first
    of_hits : int64, shape (n,), the stroke of each hit
    """

    firsts_samples: Floats
    lasts_samples: Floats
    onsets_samples: Floats
    shifts_samples: Floats
    lines: NDArray[np.int64]
    confidences: Floats
    voices: tuple[tuple[str, ...], ...]
    of_hits: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.firsts_samples)

    def starts_samples(self, pad_samples: int) -> NDArray[np.int64]:
        """Return where the slice of each begins, shape (s,): a trigger pad before it.

        A slice never begins before the middle between the stroke before and its own.
        """
        middle = (self.firsts_samples[1:] + self.lasts_samples[:-1]) / 2.0
        pads = np.minimum(
            pad_samples, self.firsts_samples - np.concatenate([[0.0] * (len(self) > 0), middle])
        )
        starts: NDArray[np.int64] = np.floor(self.firsts_samples - np.maximum(pads, 0.0)).astype(np.int64)
        return np.maximum(starts, 0)


def moved_strokes(hits: Hits, placement: Placement, rate_hz: int) -> MovedStrokes:
    """Gather hits that go to one place into strokes.

    Shifts are whole samples: slices then equal the recording, bit for bit, and a hundredth of a millisecond
    is inaudible.
    """
    strokes = gather(hits, rate_hz)
    of_hits = _joined(strokes.of_hits, placement.lines)
    count = int(of_hits.max(initial=-1)) + 1
    late = np.nan_to_num(placement.flams_samples)
    moved = placement.targets_samples - hits.onsets_samples + late
    firsts, lasts = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(firsts, of_hits, hits.onsets_samples)
    np.maximum.at(lasts, of_hits, hits.onsets_samples)
    # The earliest hit of a stroke that is neither a grace note nor at fault leads it.
    order = np.lexsort((hits.onsets_samples, strokes.graces | (late != 0.0), of_hits))
    leads = order[np.searchsorted(of_hits[order], np.arange(count))]
    shifts = np.floor(moved[leads] + 0.5)
    return MovedStrokes(
        firsts,
        lasts,
        hits.onsets_samples[leads],
        # A stroke that stays is not moved by half a sample's rounding.
        np.where(moved[leads] == 0.0, 0.0, shifts),
        placement.lines[leads],
        placement.confidences[leads],
        _voices(hits, of_hits, count),
        of_hits,
    )


def _joined(of_hits: NDArray[np.int64], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number strokes in the order of time, those that were placed on one line as one."""
    same = {int(line): int(stroke) for line, stroke in zip(lines[::-1], of_hits[::-1], strict=True)}
    joined = np.array(
        [same[int(line)] if line >= 0 else int(stroke) for line, stroke in zip(lines, of_hits, strict=True)],
        np.int64,
    )
    _, first, inverse = np.unique(joined, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def _voices(hits: Hits, of_hits: NDArray[np.int64], count: int) -> tuple[tuple[str, ...], ...]:
    heard: list[list[str]] = [[] for _ in range(count)]
    for row in np.argsort(-hits.strengths_db, kind="stable"):
        voice, words = hits.roles[hits.tracks[row]].value, heard[of_hits[row]]
        if voice not in words:
            words.append(voice)
    return tuple(map(tuple, heard))
