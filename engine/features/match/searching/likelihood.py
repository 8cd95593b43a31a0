"""Likelihood of an edited file as a copy of a raw recording, per moment, and the likeliest way along lines.

In each band the edited spectrum is modelled as the raw one times any complex number, plus noise: this covers
equalisers, gains, limiters and noise. The log-likelihood ratio of a copy is ``-n log(1 - c)`` with n
independent coefficients and the magnitude-squared coherence c (G. C. Carter, "Coherence and time delay
estimation", Proceedings of the IEEE 75, 1987). At each moment the file follows one line or none, and every
jump has a price (Viterbi).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from engine.analysis.signal.viterbi import stay_or_jump, traced
from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.features.match.searching.places import Diagonal
from engine.features.match.sound import RATE_HZ, Floats
from engine.sound.edl.tracks.delay import delayed

WINDOW_SAMPLES = 512
STEP_SAMPLES = 256
_WINDOW = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
_EDGES = np.array([3, 11, 19, 27, 39, 51, 67, 87, 111, 139, 171, 203, 235])
NUMBERS = np.diff(_EDGES) * (STEP_SAMPLES / WINDOW_SAMPLES)
"""Of independent coefficients in each band of a step."""

_COMPRESSED = 0.5  # of the magnitudes: else one partial of a tone would be all of a band
_POOLED = np.array([0.5, 1.0, 0.5])
_LEAST_LEFT = 1e-7
_SILENT = 1e-10  # -100 dB
_MARGIN = len(_POOLED) // 2


@dataclass(frozen=True, slots=True, eq=False)
class BandLikelihoods:
    """Log-likelihood ratios of lines at some steps, band by band.

    Attributes
    ----------
    ratio : nats, shape (lines, steps, bands)
    energy : of the edited file, its magnitudes compressed, shape (steps, bands)
    is_quiet : whether the edited file is silent, shape (steps,)
    is_line_quiet : whether a line is, shape (lines, steps)
    """

    ratio: NDArray[np.float64]
    energy: NDArray[np.float64]
    is_quiet: NDArray[np.bool_]
    is_line_quiet: NDArray[np.bool_]


def log_likelihoods(
    raws: Sequence[Floats], edited: Floats, lines: Sequence[Diagonal], first: int, count: int, silent: float
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio of each line at some steps, shape (count, lines).

    Parameters
    ----------
    raws, edited : mono, at the rate of the search
    first : step whose middle is sample ``first * STEP_SAMPLES`` of the edited file
    silent : the neutral value if both are silent; it is 0 if only one of them is
    """
    found = band_likelihoods(raws, edited, lines, first, count)
    return _of_all_bands(found.ratio, found.is_quiet[None], found.is_line_quiet, silent).T


def looked_at(
    raws: Sequence[Floats], edited: Floats, lines: Sequence[Diagonal], firsts: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio of each line at some steps of its own, shape (lines, count).

    Parameters
    ----------
    firsts : the first step of each line, shape (lines,); others as in `log_likelihoods`, silence is neutral
    """
    moments, which = np.unique(firsts, return_inverse=True)
    windows = [window_of(first, count) for first in moments.tolist()]
    mine = _spectra(np.stack([cut(edited, begin, length) for begin, length in windows]))
    of_each = mine[0][which], mine[1][which], mine[2][which]
    theirs = _pieces(raws, lines, [windows[one] for one in which.tolist()])
    ratio, _, is_quiet, is_line_quiet = _compared(of_each, theirs, turns(lines))
    return _of_all_bands(ratio, is_quiet, is_line_quiet, 0.0)


def band_likelihoods(
    raws: Sequence[Floats], edited: Floats, lines: Sequence[Diagonal], first: int, count: int
) -> BandLikelihoods:
    """Compute the log-likelihood ratio of each line in each band; parameters as in `log_likelihoods`."""
    begin, length = window_of(first, count)
    mine = _spectra(cut(edited, begin, length)[None])
    theirs = _pieces(raws, lines, [(begin, length)] * len(lines))
    ratio, energy, is_quiet, is_line_quiet = _compared(mine, theirs, turns(lines))
    return BandLikelihoods(ratio, energy[0], is_quiet[0], is_line_quiet)


def _pieces(raws: Sequence[Floats], lines: Sequence[Diagonal], windows: Sequence[tuple[int, int]]) -> Floats:
    """Return the recording's side of lines, a window (first sample, samples) of the edited file each."""
    return np.stack(
        [
            cut(raws[line.raw], begin + round(line.offset), length)
            for line, (begin, length) in zip(lines, windows, strict=True)
        ]
    )


def _compared(
    mine: tuple[NDArray[np.complex64], Floats, Floats], pieces: Floats, turned: NDArray[np.complex64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Compare the edited file with pieces of recordings.

    Parameters
    ----------
    mine : the result of `_spectra`, of one window or of one for each piece
    turned : the factors of `turns`

    Returns
    -------
    ratio, energy, is_quiet, is_line_quiet : as in `BandLikelihoods`, the second and third for each window
    """
    spectra, my_energy, my_power = mine
    theirs, their_energy, their_power = _spectra(pieces)
    # In place: most of the time would go into new memory.
    theirs *= turned[:, None]
    np.conj(theirs, out=theirs)
    theirs *= spectra
    cross = pooled(banded(theirs))
    energy = pooled(banded(my_energy))
    both = pooled(banded(their_energy)) * energy
    coherence = np.abs(cross) ** 2 / np.maximum(both, 1e-30)
    is_quiet, is_line_quiet = (
        pooled(power[..., None])[..., 0] < _SILENT for power in (my_power, their_power)
    )
    return ratio_of(coherence), energy, is_quiet, is_line_quiet


def _of_all_bands(
    ratio: NDArray[np.float64], is_quiet: NDArray[np.bool_], is_line_quiet: NDArray[np.bool_], silent: float
) -> NDArray[np.float64]:
    """Return sums over bands, shape (lines, steps): 0 where one side is silent, `silent` where both are."""
    summed: NDArray[np.float64] = ratio.sum(axis=2)
    summed[is_quiet | is_line_quiet] = 0.0
    summed[is_quiet & is_line_quiet] = silent
    return summed


def ratio_of(coherence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-likelihood ratio, in nats, of coherences whose last axis is the bands."""
    return -np.log(np.maximum(1.0 - coherence, _LEAST_LEFT)) * NUMBERS


def unexplained(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the power that each band of a ratio leaves: the inverse of `ratio_of`."""
    return np.exp(-ratio / NUMBERS)


def window_of(first: int, count: int) -> tuple[int, int]:
    """Return the first sample and the number of samples that some steps are computed from."""
    steps = count + 2 * _MARGIN
    begin = (first - _MARGIN) * STEP_SAMPLES - WINDOW_SAMPLES // 2
    return begin, (steps - 1) * STEP_SAMPLES + WINDOW_SAMPLES


def turns(lines: Sequence[Diagonal]) -> NDArray[np.complex64]:
    """Return the factors, shape (lines, bins), that delay spectra by the part of a sample of each offset."""
    parts = np.array([line.offset - round(line.offset) for line in lines])
    bins = np.arange(WINDOW_SAMPLES // 2 + 1)
    return np.exp(2j * np.pi * parts[:, None] * bins / WINDOW_SAMPLES).astype(np.complex64)


def cut(samples: Floats, begin: int, length: int) -> Floats:
    """Return a number of samples from one on, zeros outside of the recording."""
    out = np.zeros(length, np.float32)
    piece = samples[max(0, begin) : max(0, begin + length)]
    lead = max(0, -begin)
    out[lead : lead + len(piece)] = piece[: length - lead] if lead < length else 0.0
    return out


def on_line(raw: Floats, offset: float, first: int, last: int) -> NDArray[np.float64]:
    """Return [first, last) of the edited file as a raw one sounds on a line, shape (last - first,)."""
    sound = delayed(
        lambda begin, stop: cut(raw, begin, stop - begin)[:, None].astype(np.float64), first, last, -offset
    )
    return sound[:, 0]


def band_powers(edited: Floats, first: int, count: int) -> NDArray[np.float64]:
    """Return the power of each band at some steps, shape (steps, bands)."""
    spectra = plain_spectra(cut(edited, *window_of(first, count))[None])
    powers: NDArray[np.float64] = pooled(banded(np.abs(spectra) ** 2))[0]
    return powers


def plain_spectra(pieces: Floats) -> NDArray[np.complex64]:
    """Return the spectra of the steps of pieces, shape (pieces, steps, bins)."""
    spectra: NDArray[np.complex64] = rfft(_frames(pieces) * _WINDOW, axis=2)
    return spectra


def _frames(pieces: Floats) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(pieces, WINDOW_SAMPLES, axis=1)[:, ::STEP_SAMPLES]


def _spectra(pieces: Floats) -> tuple[NDArray[np.complex64], Floats, Floats]:
    """Return spectra of compressed magnitudes, and the power of the steps.

    Returns
    -------
    spectra, energies : shape (pieces, steps, bins); the energies are the squares of the magnitudes
    powers : shape (pieces, steps)
    """
    frames = _frames(pieces)
    power = np.einsum("pst,pst->ps", frames, frames) / np.float32(WINDOW_SAMPLES)
    spectra = rfft(frames * _WINDOW, axis=2)
    magnitudes = np.abs(spectra)
    gains = np.float32(1.0) / (magnitudes**_COMPRESSED + np.float32(1e-9))
    spectra *= gains
    return spectra, np.square(magnitudes * gains), power


def banded(values: NDArray[np.complexfloating] | Floats) -> NDArray[np.complexfloating] | NDArray[np.float64]:
    """Add up the bins of each band, the last axis."""
    wide = np.complex128 if np.iscomplexobj(values) else np.float64
    return np.add.reduceat(values[..., : _EDGES[-1]], _EDGES[:-1], axis=2, dtype=wide)


def pooled(values: NDArray[Any]) -> NDArray[Any]:
    """Add up neighbouring steps, shape (pieces, steps, bands) to (pieces, steps - 2 * _MARGIN, bands)."""
    count = values.shape[1] - 2 * _MARGIN
    found: NDArray[Any] = np.zeros((len(values), count, values.shape[2]), values.dtype)
    for step, weight in enumerate(_POOLED):
        found += weight * values[:, step : step + count]
    return found


UNKNOWN = -1
SEARCHED_RATIO = 18.0
"""Nats a step: below it a moment is like none of many lines; their best has half of it by chance."""

FOLLOWED_RATIO = 9.0
"""The same of lines that were followed before; one line reaches half of it by chance."""

_JUMP = 70.0
_BLOCK_STEPS = 32
_REACH_SAMPLES = 1.2 * RATE_HZ
_MOST_LINES = 8
_LOOK_STEPS = 6
_LOOK_SAMPLES = 0.37 * RATE_HZ
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Stay:
    """A span of steps, [start, stop), on one line; `line` is its number or `UNKNOWN`."""

    line: int
    start: int
    stop: int


def decode(
    raws: Sequence[Floats],
    edited: Floats,
    lines: Sequence[Diagonal],
    progress: Progress,
    unknown_ratio: float = SEARCHED_RATIO,
) -> list[Stay]:
    """Return where the likeliest way stays on which line (A. J. Viterbi, 1967)."""
    steps = len(edited) // STEP_SAMPLES + 1
    starts = np.array([line.start for line in lines]) - _REACH_SAMPLES
    stops = np.array([line.stop for line in lines]) + _REACH_SAMPLES
    seen = _seen(raws, edited, lines)
    scores = seen.best(0.0, float(len(edited)), len(lines))

    def likely(first: int) -> _Likely:
        """Return how likely the lines are in a block that are best there or anywhere."""
        progress.check_cancelled()
        progress.report(first / steps, "Following")
        count = min(_BLOCK_STEPS, steps - first)
        begin, end = first * STEP_SAMPLES, (first + count) * STEP_SAMPLES
        near = np.flatnonzero((starts <= end) & (stops >= begin))
        here = seen.best(begin - _LOOK_SAMPLES / 2, end + _LOOK_SAMPLES / 2, len(lines))
        best_here, best_anywhere = (
            near[np.argsort(-by[near], kind="stable")][:_MOST_LINES].tolist() for by in (here, scores)
        )
        return ratios_of([*dict.fromkeys([*best_here, *best_anywhere])], first, count)

    def ratios_of(some: list[int], first: int, count: int) -> _Likely:
        if not some:
            return _Likely(first, [], np.zeros((count, 0)))
        these = [lines[one] for one in some]
        return _Likely(first, some, log_likelihoods(raws, edited, these, first, count, unknown_ratio))

    rows: list[tuple[list[int], NDArray[np.int64]]] = []
    states, totals = [UNKNOWN], np.zeros(1)
    kept: list[int] = []
    for best in side_by_side(likely, range(0, steps, _BLOCK_STEPS)):
        missing = [one for one in kept if one not in best.lines]
        also = ratios_of(missing, best.first, len(best.ratios))
        active = [*dict.fromkeys([*kept, *best.lines])]
        ratios = np.full((len(best.ratios), len(active) + 1), unknown_ratio)
        column = {line: number for number, line in enumerate(active)}
        for one in (best, also):
            ratios[:, [column[line] for line in one.lines]] = one.ratios
        now = [*active, UNKNOWN]
        same = np.array([states.index(line) if line in states else -1 for line in now])
        came_from, totals = stay_or_jump(totals - totals.max(), same, ratios, _JUMP)
        rows += [(now, row) for row in came_from]
        states = now
        kept = _alive(active, ratios, unknown_ratio)
    return _way(rows, totals)


@dataclass(frozen=True, slots=True, eq=False)
class _Likely:
    """How likely some lines are in a block of steps that begins at `first`: nats, shape (steps, lines)."""

    first: int
    lines: list[int]
    ratios: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """How likely lines are where they were seen, one look a row, in the order of time.

    Attributes
    ----------
    at : the middle of the look, in samples
    line, ratio : its number, and its log-likelihood ratio in nats a step
    """

    at: NDArray[np.float64]
    line: NDArray[np.int64]
    ratio: NDArray[np.float64]

    def best(self, start: float, stop: float, lines: int) -> NDArray[np.float64]:
        """Return the highest ratio of each line within a span, 0 where it was not seen there."""
        rows = slice(*np.searchsorted(self.at, [start, stop]))
        found = np.zeros(lines)
        np.maximum.at(found, self.line[rows], self.ratio[rows])
        return found


def _seen(raws: Sequence[Floats], edited: Floats, lines: Sequence[Diagonal]) -> _Seen:
    """Look at each line at some places of its own."""
    starts, stops = (np.array([getattr(line, end) for line in lines]) for end in ("start", "stop"))
    middles = np.arange(_LOOK_SAMPLES / 2, len(edited), _LOOK_SAMPLES)
    which = [np.flatnonzero((starts <= middle) & (stops > middle)) for middle in middles]
    at = np.repeat(middles, [len(some) for some in which])
    line = np.concatenate([*which, np.zeros(0, np.int64)])
    firsts = np.round(at / STEP_SAMPLES).astype(np.int64) - _LOOK_STEPS // 2

    def ratios(some: slice) -> NDArray[np.float64]:
        these = [lines[one] for one in line[some].tolist()]
        found: NDArray[np.float64] = looked_at(raws, edited, these, firsts[some], _LOOK_STEPS).mean(axis=1)
        return found

    parts = [slice(begin, begin + _TOGETHER) for begin in range(0, len(line), _TOGETHER)]
    return _Seen(at, line, np.concatenate([np.zeros(0), *side_by_side(ratios, parts)]))


def _alive(active: list[int], ratios: NDArray[np.float64], unknown_ratio: float) -> list[int]:
    """Return the lines that go on into the next block: those that explain the end of this one."""
    if not active:
        return []
    tail = ratios[-8:].mean(axis=0)
    floor = max(unknown_ratio, 0.4 * float(tail[:-1].max()))
    good = [(-tail[number], one) for number, one in enumerate(active) if tail[number] > floor]
    return [one for _, one in sorted(good)[:4]]


def _way(rows: list[tuple[list[int], NDArray[np.int64]]], totals: NDArray[np.float64]) -> list[Stay]:
    states = traced([row for _, row in rows], int(totals.argmax()))[1:]
    way = np.array([lines[state] for (lines, _), state in zip(rows, states, strict=True)])
    breaks = np.flatnonzero(np.diff(way)) + 1
    return [
        Stay(int(way[start]), int(start), int(stop))
        for start, stop in zip([0, *breaks], [*breaks, len(way)], strict=True)
        if stop > start
    ]
