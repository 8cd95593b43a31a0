"""At which lags stretches of sound agree with a recording: correlated at every lag, by overlapping blocks.

This finds the sources of segments beneath noise, which hides their levels. Levels follow the noise, but over
a second the waveform still agrees with its source alone: both are filtered by the inverse of the spectrum of
the noise, and correlated at every lag (a matched filter: G. L. Turin, "An introduction to matched filters",
IRE Transactions on Information Theory 6, 1960).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import oaconvolve, welch

from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.features.match.searching.places import Places, joined_places
from engine.features.match.sound import RATE_HZ, Floats

_BLOCK_LAGS = 1 << 16
_CELL_LAGS = 256
_PIECE_SAMPLES = 1 << 20
_TOGETHER = 8  # transforms of several rows at once run side by side in the processor
_TAPS = 1024
_QUIETEST = 1e-6  # of the mean power of a recording


@dataclass(frozen=True, slots=True)
class Lags:
    """Lags at which a segment agrees with a recording, the best first.

    Attributes
    ----------
    lags : where it begins there, in fractions of a sample, shape (n,)
    scores : the normalised correlation, at most 1, shape (n,)
    deviation : that of all lags
    """

    lags: NDArray[np.float64]
    scores: NDArray[np.float64]
    deviation: float

    def above(self, least: float, most: int) -> Lags:
        """Return up to `most` lags with scores above a minimum."""
        retained = slice(0, min(most, int(np.count_nonzero(self.scores > least))))
        return Lags(self.lags[retained], self.scores[retained], self.deviation)


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """Return up to `most` of `count` numbers, evenly from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def inverse_filter(samples: Floats) -> Floats:
    """Return the taps, symmetric about their middle, of the inverse of the spectrum of some sound.

    The filter gives all of the spectrum equal weight, not only the bands with most power.
    """
    power = welch(samples, nperseg=min(_TAPS, len(samples)), detrend=False)[1]
    power = np.interp(np.linspace(0.0, 1.0, _TAPS // 2 + 1), np.linspace(0.0, 1.0, len(power)), power)
    gains = 1.0 / np.sqrt(power + 1e-4 * power.max() + 1e-20)
    taps: Floats = (np.roll(irfft(gains), _TAPS // 2)[1:] * np.hanning(_TAPS - 1)).astype(np.float32)
    return taps


def filtered(samples: Floats, taps: Floats) -> Floats:
    """Return samples through a filter that is centred on its middle tap, as many as there were.

    It goes piece by piece: transforms of all blocks at once would take many times the memory of the samples.
    """
    reach = len(taps) // 2
    found = np.empty(len(samples), np.float32)

    def put(first: int) -> None:
        begin, stop = max(0, first - reach), min(len(samples), first + _PIECE_SAMPLES)
        piece = oaconvolve(samples[begin : stop + reach], taps, mode="same")
        found[first:stop] = piece[first - begin : stop - begin]

    side_by_side(put, range(0, len(samples), _PIECE_SAMPLES))
    return found


def agreeing(known: Floats, queries: Floats, progress: Progress, doing: str) -> list[Lags]:
    """Return for each segment the best lag of each cell of `_CELL_LAGS`.

    Parameters
    ----------
    known : shape (n,)
    queries : shape (stretches, samples), zeros after the end of a shorter one
    doing : text for the progress
    """
    length = queries.shape[1]
    size = 2 * next_fast_len((_BLOCK_LAGS + length + 1) // 2, real=True)
    norms = np.linalg.norm(queries, axis=1, keepdims=True)
    spectra = np.conj(rfft(queries / np.maximum(norms, 1e-20), size, axis=1))
    usual = float(np.sum(np.square(known, dtype=np.float64))) / max(1, len(known))
    quietest = max(1e-20, _QUIETEST * length * usual)

    def in_block(first: int) -> _Block:
        progress.check_cancelled()
        progress.report(first / len(known), doing)
        piece = np.zeros(_BLOCK_LAGS + length, np.float32)
        there = known[first : first + len(piece)]
        piece[: len(there)] = there
        sums = np.concatenate([[0.0], np.cumsum(np.square(piece, dtype=np.float64))])
        power = np.maximum(sums[length:-1] - sums[: -length - 1], quietest)
        spectrum = rfft(piece, size)
        scale = (1.0 / np.sqrt(power)).astype(np.float32)
        lags, scores, squares = [], [], []
        for row in range(0, len(spectra), _TOGETHER):
            found = irfft(spectrum * spectra[row : row + _TOGETHER], 2 * (len(spectrum) - 1), axis=1)
            found = found[:, :_BLOCK_LAGS] * scale
            inner, heights = _tops(found)
            lags.append(first + inner)
            scores.append(heights)
            squares.append(np.einsum("rl,rl->r", found, found))
        return _Block(np.concatenate(lags), np.concatenate(scores), np.concatenate(squares))

    blocks = side_by_side(in_block, range(0, len(known), _BLOCK_LAGS))
    if not blocks:
        return [Lags(np.zeros(0), np.zeros(0), 0.0) for _ in queries]
    lags, scores = (np.concatenate([getattr(one, of) for one in blocks], axis=1) for of in ("lags", "scores"))
    deviations = np.sqrt(np.sum([one.squares for one in blocks], axis=0) / len(known))
    orders = np.argsort(-scores, axis=1, kind="stable")
    return [
        Lags(lags[row, order], scores[row, order], float(deviations[row])) for row, order in enumerate(orders)
    ]


@dataclass(frozen=True, slots=True)
class _Block:
    """Agreement within a block: the best lag of each cell, shape (segments, cells); the sum of squares."""

    lags: NDArray[np.float64]
    scores: NDArray[np.float64]
    squares: NDArray[np.float64]


def _tops(found: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the highest place of each cell of each row, to a part of a sample, and how high it is."""
    rows, count = np.arange(len(found))[:, None], found.shape[1]
    best = np.argmax(found.reshape(len(found), -1, _CELL_LAGS), axis=2)
    best += np.arange(best.shape[1]) * _CELL_LAGS
    inner = np.clip(best, 1, count - 2)
    before, top, after = (found[rows, inner + step].astype(np.float64) for step in (-1, 0, 1))
    bend = before - 2.0 * top + after
    part = np.where(bend < -1e-12, 0.5 * (before - after) / np.where(bend == 0.0, 1.0, bend), 0.0)
    return inner + np.clip(part, -0.5, 0.5), found[rows, best].astype(np.float64)


WINDOW_SAMPLES = 3 * RATE_HZ // 2
HOP_SAMPLES = WINDOW_SAMPLES // 2
_LEAST_SAMPLES = RATE_HZ // 2
_MOST_KEPT = 6
_LEAST_DEVIATIONS = 10.0  # for absent music the best of three minutes has five to eight
_MOST_WORK = 20 * 3600 * RATE_HZ  # windows times samples of the raw recordings: twenty windows of an hour


def faint_places(
    raws: Sequence[Floats], edited: Floats, spans: Sequence[tuple[float, float]], progress: Progress
) -> Places:
    """Search at every lag for the sources of some spans [start, stop) of the edited file.

    Where that would take too long, windows spread evenly over the spans are searched.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search; spans in their samples
    """
    every = _windows(spans, len(edited))
    most = max(1, _MOST_WORK // max(1, sum(map(len, raws))))
    windows = [every[one] for one in evenly(len(every), most)]
    pieces = [edited[start:stop] for start, stop in windows]
    if not any(np.any(piece) for piece in pieces):
        return joined_places([])
    taps = inverse_filter(np.concatenate(pieces))
    queries = np.zeros((len(windows), WINDOW_SAMPLES), np.float32)
    for row, piece in enumerate(pieces):
        queries[row, : len(piece)] = filtered(piece, taps)
    parts = []
    for number, raw in enumerate(raws):
        answers = agreeing(
            filtered(raw, taps), queries, progress.step(number, len(raws)), "Searching beneath noise"
        )
        for (start, stop), answer in zip(windows, answers, strict=True):
            best = answer.above(_LEAST_DEVIATIONS * answer.deviation, _MOST_KEPT)
            at = np.full(len(best.lags), (start + stop) / 2)
            parts.append(Places(at, np.full(len(at), number), best.lags - start, best.scores))
    return joined_places(parts)


def _windows(spans: Sequence[tuple[float, float]], length: int) -> list[tuple[int, int]]:
    windows = []
    for span in spans:
        first, last = max(0, int(span[0])), min(length, int(span[1]))
        if last - first < _LEAST_SAMPLES:
            continue
        count = 1 + max(0, -(-(last - first - WINDOW_SAMPLES) // HOP_SAMPLES))
        for start in np.linspace(first, max(first, last - WINDOW_SAMPLES), count).astype(int).tolist():
            windows.append((start, min(last, start + WINDOW_SAMPLES)))
    return windows
