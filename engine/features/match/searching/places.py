"""Candidate sources in the raw recordings for each short segment of the edited file.

Patterns of levels name the places that sound alike. There the waveforms are correlated, partly whitened (C.
H. Knapp, G. C. Carter, "The generalized correlation method for estimation of time delay", IEEE Transactions
on Acoustics, Speech, and Signal Processing 24, 1976): the offset to a fraction of a sample, and the
likelihood of the place. Places with one raw recording and offset are on one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.features.match.sound import HOP_SAMPLES, Floats, SearchFeatures, patterns

_MOST_ALIKE = 64
_MOST_PLACES = 20
_MOST_KEPT = 12
_FINER = 2  # lags between samples: a whitened peak between two would lose a third of its height
_LEAST_SCORE = 0.07
_LEAST_OF_BEST = 0.45
_HOPEFUL = 0.55  # of the height asked for: a peak midway between two lags loses 0.36 of it, or less
_REACH_SAMPLES = 2 * HOP_SAMPLES
_WHITENED = 0.6
_ROWS = 64
_COLUMN = 32


@dataclass(frozen=True, slots=True)
class Places:
    """Pairs of an edited segment and a place, one a row.

    Attributes
    ----------
    at : middle of the segment in the edited file, in samples at `RATE_HZ`
    raw : which raw recording
    offset : delay in the raw recording, in fractions of a sample at `RATE_HZ`
    score : how well the waveforms agree, at most 1
    """

    at: NDArray[np.float64]
    raw: NDArray[np.int64]
    offset: NDArray[np.float64]
    score: NDArray[np.float64]


def joined_places(parts: Sequence[Places]) -> Places:
    """Return several as one."""
    return Places(
        np.concatenate([part.at for part in parts] or [np.zeros(0)]),
        np.concatenate([part.raw for part in parts] or [np.zeros(0, np.int64)]),
        np.concatenate([part.offset for part in parts] or [np.zeros(0)]),
        np.concatenate([part.score for part in parts] or [np.zeros(0)]),
    )


def places(
    raws: Sequence[SearchFeatures],
    edited: SearchFeatures,
    frames: int,
    starts: NDArray[np.int64],
    progress: Progress,
) -> Places:
    """Search for the segments of `frames` frames that begin at some frames of the edited file."""
    mean = np.concatenate([raw.levels for raw in raws]).mean(axis=0)
    known = [patterns(raw.levels, frames, mean) for raw in raws]
    owner = np.repeat(np.arange(len(raws)), [len(one) for one in known])
    frame = np.concatenate([np.arange(len(one)) for one in known])
    table = np.concatenate(known)
    queries = patterns(edited.levels, frames, mean)
    starts = starts[starts < len(queries)]
    parts = []
    for first in range(0, len(starts), _ROWS):
        progress.check_cancelled()
        progress.report(first / len(starts), "Searching")
        rows = starts[first : first + _ROWS]
        likeness = queries[rows] @ table.T

        def found(row: int, likeness: Floats = likeness, rows: NDArray[np.int64] = rows) -> Places:
            chosen = _apart(likeness[row])
            return _correlated(raws, edited, int(rows[row]), frames, owner[chosen], frame[chosen])

        parts += side_by_side(found, range(len(rows)))
    return joined_places(parts)


def _apart(likeness: Floats) -> NDArray[np.int64]:
    """Return the places that are most alike, no two within a frame of each other."""
    most = min(_MOST_ALIKE, len(likeness))
    if not most:
        return np.zeros(0, np.int64)
    best = _highest(likeness, most)
    best = best[np.argsort(-likeness[best])]
    best = best[likeness[best] > 0.0]
    retained: list[int] = []
    taken: set[int] = set()
    for one in best.tolist():
        if one in taken:
            continue
        retained.append(one)
        taken.update((one - 1, one, one + 1))
        if len(retained) == _MOST_PLACES:
            break
    return np.array(retained, np.int64)


def _highest(values: Floats, count: int) -> NDArray[np.int64]:
    """Return where the `count` highest values are, in any order.

    They are in the columns with the highest maxima: few columns are faster to sort than all values.
    """
    columns = len(values) // _COLUMN
    if columns <= count:
        return np.argpartition(values, len(values) - count)[-count:]
    highest = values[: columns * _COLUMN].reshape(_COLUMN, columns).max(axis=0)
    tops = np.argpartition(highest, columns - count)[-count:]
    places = (tops[:, None] + columns * np.arange(_COLUMN)).ravel()
    places = np.concatenate([places, np.arange(columns * _COLUMN, len(values))])
    return places[np.argpartition(values[places], len(places) - count)[-count:]]


def _correlated(
    raws: Sequence[SearchFeatures],
    edited: SearchFeatures,
    start: int,
    frames: int,
    owner: NDArray[np.int64],
    frame: NDArray[np.int64],
) -> Places:
    if not len(owner):
        return joined_places([])
    length = frames * HOP_SAMPLES
    first = start * HOP_SAMPLES
    stretch = edited.mono[first : first + length]
    size = 2 * next_fast_len(length // 2 + _REACH_SAMPLES, real=True)
    windows = np.zeros((len(owner), length + 2 * _REACH_SAMPLES), np.float32)
    for row, (raw, at) in enumerate(zip(owner, frame, strict=True)):
        mono = raws[raw].mono
        begin = int(at) * HOP_SAMPLES - _REACH_SAMPLES
        piece = mono[max(0, begin) : begin + windows.shape[1]]
        lead = max(0, -begin)
        windows[row, lead : lead + len(piece)] = piece
    mine, my_power = _whitened(rfft(stretch, size))
    theirs, their_powers = _whitened(rfft(windows, size, axis=1))
    theirs *= np.conj(mine)
    theirs[:, -1] = 0.0
    scale = np.sqrt(np.maximum(my_power * their_powers, 1e-20)) * 2.0 / size
    lags = irfft(theirs, size, axis=1)[:, : 2 * _REACH_SAMPLES + 1]
    rough = np.max(lags, axis=1) / scale
    hopeful = np.flatnonzero(rough > _HOPEFUL * max(_LEAST_SCORE, _LEAST_OF_BEST * float(rough.max())))
    if not len(hopeful):
        return joined_places([])
    owner, frame, scale = owner[hopeful], frame[hopeful], scale[hopeful]
    lags = finer_lags(lags[hopeful], theirs[hopeful], size)
    rows = np.arange(len(lags))
    inner = np.clip(np.argmax(lags, axis=1), 1, lags.shape[1] - 2)
    before, top, after = (lags[rows, inner + step] for step in (-1, 0, 1))
    bend = before - 2.0 * top + after
    shift = np.where(bend < -1e-12, 0.5 * (before - after) / np.where(bend == 0, 1, bend), 0.0)
    shift = np.clip(shift, -0.5, 0.5)
    score = (top - 0.25 * (before - after) * shift) / scale
    offset = frame * HOP_SAMPLES - _REACH_SAMPLES + (inner + shift) / _FINER - first
    good = (score > _LEAST_SCORE) & (score > _LEAST_OF_BEST * score.max())
    order = np.argsort(-score)[:_MOST_KEPT]
    order = order[good[order]]
    middle = np.full(len(order), first + length / 2)
    return Places(middle, owner[order], offset[order].astype(np.float64), score[order].astype(np.float64))


def _whitened(spectra: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], Floats]:
    """Whiten spectra in part, in place; return them and the power of each."""
    magnitudes = np.abs(spectra)
    gains = np.float32(1.0) / (magnitudes ** np.float32(_WHITENED) + np.float32(1e-9))
    spectra *= gains
    magnitudes *= gains
    powers: Floats = np.sum(np.square(magnitudes, out=magnitudes), axis=-1)
    return spectra, powers


def finer_lags(lags: Floats, spectra: NDArray[np.complex64], size: int) -> Floats:
    """Return lags with those midway between them, shape (rows, 2 * lags - 1).

    Parameters
    ----------
    lags : the first ones of what `spectra` turn back into, shape (rows, lags)
    spectra : shape (rows, size // 2 + 1), the last of each 0, since its phase between lags is unknown
    """
    spectra = spectra * _midway(size)
    finer = np.empty((len(lags), _FINER * (lags.shape[1] - 1) + 1), np.float32)
    finer[:, ::_FINER] = lags
    finer[:, 1::_FINER] = irfft(spectra, size, axis=1)[:, : lags.shape[1] - 1]
    return finer


@lru_cache(maxsize=4)
def _midway(size: int) -> NDArray[np.complex64]:
    turns: NDArray[np.complex64] = np.exp(1j * np.pi * np.arange(size // 2 + 1) / size).astype(np.complex64)
    return turns


def stretches(length_samples: int, frames: int, hop_frames: int) -> NDArray[np.int64]:
    """Return the start frames of segments that cover a recording at `RATE_HZ`."""
    last = max(1, length_samples // HOP_SAMPLES - frames + 1)
    return np.unique(np.append(np.arange(0, last, hop_frames), last - 1))


_SAME_WITHIN_SAMPLES = 0.8


@dataclass(frozen=True, slots=True)
class Diagonal:
    """A raw recording at an offset, for its detected duration; in samples at the rate of the search.

    Attributes
    ----------
    offset : delay in the raw recording relative to the edited file
    start, stop : range of the edited file in which it was detected
    score : the highest of the scores of its places
    """

    raw: int
    offset: float
    start: float
    stop: float
    score: float


def diagonals(found: Places, stretch_samples: float, longest_gap_samples: float) -> list[Diagonal]:
    """Unite places of the same raw recording and offset that follow each other."""
    order = np.lexsort((found.at, found.offset, found.raw))
    raw, offset = found.raw[order], found.offset[order]
    breaks = np.flatnonzero((np.diff(raw) != 0) | (np.diff(offset) > _SAME_WITHIN_SAMPLES)) + 1
    lines = []
    for group in np.split(order, breaks):
        if not len(group):
            continue
        by_time = group[np.argsort(found.at[group], kind="stable")]
        gaps = np.flatnonzero(np.diff(found.at[by_time]) > longest_gap_samples) + 1
        for run in np.split(by_time, gaps):
            best = run[found.score[run] >= 0.8 * found.score[run].max()]
            lines.append(
                Diagonal(
                    int(found.raw[run[0]]),
                    float(np.median(found.offset[best])),
                    float(found.at[run[0]] - stretch_samples / 2),
                    float(found.at[run[-1]] + stretch_samples / 2),
                    float(found.score[run].max()),
                )
            )
    return sorted(lines, key=lambda line: line.start)
