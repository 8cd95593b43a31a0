"""Rough places of stretched sound: windows of the edited file at many speeds and pitches, all places at once.

A window at a speed and a pitch is a vector, as is every place of the recordings: its spectra, less the mean
of each band, by cosines over time and principal components (K. Pearson, 1901). Products are correlations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from engine.core.processes.side_by_side import side_by_side
from engine.core.progress import Progress
from engine.features.match.searching.features import RATE_HZ, Floats
from engine.features.match.searching.lags import evenly
from engine.features.match.stretching.spectra import (
    COARSE_HOP_SAMPLES,
    MARGIN_BANDS,
    Spectra,
    at_pitch,
    between,
    rows_at,
)

WINDOW_S = 2.4
_HOP_S = 0.8
_FRAMES = round(WINDOW_S * RATE_HZ / COARSE_HOP_SAMPLES)
_TERMS = round(0.4 * _FRAMES)
_BAND_TERMS, _COMPONENTS = 20, 56
_SPEEDS = np.exp(np.linspace(np.log(0.78), np.log(1.28), 11))
_SEMITONES = np.arange(-8, 9) / 2.0
_PLACES, _APART_FRAMES = 6, 6
_LEAST_ALIKE = 0.5
_MOST_SCORES = 4e9
_SAMPLED = 3000
_LEAST_VOTES = 0.08


@dataclass(frozen=True, slots=True)
class Place:
    """A moment of the edited file and a similar one of a raw recording, in samples of the search."""

    raw: int
    at: float
    there: float
    speed: float
    semitones: float
    alike: float


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Every place of the recordings as a vector.

    Attributes
    ----------
    vectors : shape (places, components), of length 1
    owner, frame : shape (places,): the recording, and the first frame of the window
    bands : shape (bands, _BAND_TERMS), and mixed : shape (_TERMS * _BAND_TERMS, components)
    """

    vectors: Floats
    owner: NDArray[np.int64]
    frame: NDArray[np.int64]
    bands: Floats
    mixed: Floats


def rough_places(
    raws: Sequence[Spectra],
    edited: Spectra,
    middles: NDArray[np.float64],
    progress: Progress,
) -> list[Place]:
    """Return the places that sound like windows around some moments of the edited file.

    All speeds and pitches are tried on as many windows as there is time for, evenly from start to end; those
    found there are tried on all.

    Parameters
    ----------
    middles : of `window_middles`

    Raises
    ------
    Cancelled : the user asked for it
    """
    if not len(middles):
        return []
    table = _table(raws)
    if not len(table.vectors):
        return []
    variants = [(float(speed), float(pitch)) for speed in _SPEEDS for pitch in _SEMITONES]
    most = max(16, int(_MOST_SCORES / len(variants) / len(table.vectors)))
    some = middles[evenly(len(middles), most)]
    found = _searched(table, edited, some, variants, progress.part(0.0, 0.6))
    if len(some) < len(middles):
        likely = _likely(found, variants)
        rest = np.setdiff1d(middles, some)
        rest = rest[evenly(len(rest), int(2 * _MOST_SCORES / max(1, len(likely)) / len(table.vectors)))]
        if likely:
            found += _searched(table, edited, rest, likely, progress.part(0.6, 1.0))
    return found


def window_middles(spans: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Return the middles of the windows of some spans, in samples at the rate of the search."""
    half, hop = WINDOW_S * RATE_HZ / 2, _HOP_S * RATE_HZ
    found = []
    for start, stop in spans:
        count = max(1, int((stop - start - half) / hop) + 1)
        found.append((start + stop) / 2 + (np.arange(count) - (count - 1) / 2) * hop)
    return np.concatenate(found) if found else np.zeros(0)


def _table(raws: Sequence[Spectra]) -> _Table:
    known = [raw.coarse[:, MARGIN_BANDS:-MARGIN_BANDS] for raw in raws]
    every = np.concatenate(known)
    mean = every.mean(axis=0, dtype=np.float64).astype(np.float32)
    few = every[:: max(1, len(every) // _SAMPLED)] - mean
    bands = _principal(few, _BAND_TERMS)[0]
    basis = _cosines(np.arange(_FRAMES, dtype=np.float64))
    turned = [(one - mean) @ bands for one in known]
    counts = [max(0, len(one) - _FRAMES + 1) for one in known]
    owner = np.repeat(np.arange(len(raws)), counts)
    frame = np.concatenate([np.arange(count) for count in counts])
    if not len(frame):
        return _Table(np.zeros((0, 1), np.float32), owner, frame, bands, np.zeros((1, 1), np.float32))
    chosen = np.unique(np.linspace(0, len(frame) - 1, _SAMPLED).astype(int))
    sample = np.concatenate([_turned(turned[owner[one]], frame[one : one + 1], basis) for one in chosen])
    mixed, spread = _principal(_unit(sample), _COMPONENTS)
    mixed = mixed / np.sqrt(spread + 0.05 * spread[0])
    vectors = []
    for one, count in zip(turned, counts, strict=True):
        for first in range(0, count, 4096):
            rows = np.arange(first, min(count, first + 4096))
            vectors.append(_unit(_unit(_turned(one, rows, basis)) @ mixed))
    return _Table(np.concatenate(vectors), owner, frame, bands, mixed)


def _cosines(at: NDArray[np.float64]) -> Floats:
    """Return how much of each frame, at moments counted in frames of a window, is in each cosine."""
    basis = dct(np.eye(_FRAMES), axis=0, norm="ortho")[1 : _TERMS + 1]
    low = np.clip(np.floor(at).astype(int), 0, _FRAMES - 2)
    part = at - low
    inside = (at >= 0.0) & (at <= _FRAMES - 1)
    found: Floats = ((basis[:, low] * (1.0 - part) + basis[:, low + 1] * part) * inside).astype(np.float32)
    return found


def _turned(levels: Floats, first: NDArray[np.int64], basis: Floats) -> Floats:
    """Return windows of levels, shape (frames, terms), that begin at some frames, by cosines over time."""
    windows = levels[np.minimum(first[:, None] + np.arange(basis.shape[1]), len(levels) - 1)]
    windows = windows - windows.mean(axis=1, keepdims=True)
    found: Floats = np.matmul(basis, windows).reshape(len(first), -1)
    return found


def _principal(rows: Floats, count: int) -> tuple[Floats, Floats]:
    values, vectors = np.linalg.eigh((rows.T @ rows / max(1, len(rows))).astype(np.float64))
    count = min(count, len(values))
    found: Floats = vectors[:, ::-1][:, :count].astype(np.float32)
    return found, np.maximum(values[::-1][:count], 1e-12).astype(np.float32)


def _unit(rows: Floats) -> Floats:
    found: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return found


def _searched(
    table: _Table,
    edited: Spectra,
    middles: NDArray[np.float64],
    variants: Sequence[tuple[float, float]],
    progress: Progress,
) -> list[Place]:
    turned = {pitch: at_pitch(edited.coarse, pitch) @ table.bands for _, pitch in set(variants)}
    done = 0

    def of_window(middle: float) -> list[Place]:
        nonlocal done
        progress.check_cancelled()
        progress.report(done / len(middles), "Searching for stretched sound")
        found = _places(table, _asked(turned, middle, variants) @ table.mixed, middle, variants)
        done += 1
        return found

    return [place for places in side_by_side(of_window, middles.tolist()) for place in places]


def _asked(turned: dict[float, Floats], middle: float, variants: Sequence[tuple[float, float]]) -> Floats:
    """Return the window around a moment at each speed and pitch, as the sound of the source would be."""
    rows = []
    for speed, pitch in variants:
        levels = turned[pitch]
        half = (_FRAMES - 1) / 2.0
        centre = middle / COARSE_HOP_SAMPLES
        at = np.clip(centre + (np.arange(_FRAMES) - half) / speed, 0.0, len(levels) - 1.001)
        window = between(levels, *rows_at(at))
        rows.append(window - window.mean(axis=0))
    basis = _cosines(np.arange(_FRAMES, dtype=np.float64))
    windows = np.matmul(basis, np.stack(rows).astype(np.float32)).reshape(len(variants), -1)
    return _unit(windows)


def _places(
    table: _Table, asked: Floats, middle: float, variants: Sequence[tuple[float, float]]
) -> list[Place]:
    scores = table.vectors @ _unit(asked).T
    variant = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), variant]
    found = []
    for _ in range(_PLACES):
        top = int(best.argmax())
        if best[top] < _LEAST_ALIKE:
            break
        speed, pitch = variants[int(variant[top])]
        there = (table.frame[top] + (_FRAMES - 1) / 2.0) * COARSE_HOP_SAMPLES
        found.append(Place(int(table.owner[top]), middle, float(there), speed, pitch, float(best[top])))
        best[max(0, top - _APART_FRAMES) : top + _APART_FRAMES + 1] = -1.0
    return found


def _likely(found: Sequence[Place], variants: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the speeds and pitches that several windows agree on, and those next to them."""
    best: dict[float, Place] = {}
    for place in found:
        if place.at not in best or place.alike > best[place.at].alike:
            best[place.at] = place
    votes: dict[tuple[float, float], int] = {}
    for place in best.values():
        votes[place.speed, place.semitones] = votes.get((place.speed, place.semitones), 0) + 1
    chosen = {one for one, count in votes.items() if count >= max(2, _LEAST_VOTES * len(best))}
    step = np.log(_SPEEDS[1] / _SPEEDS[0]) * 1.1
    return [
        (speed, pitch)
        for speed, pitch in variants
        if any(abs(np.log(speed / one)) < step and abs(pitch - other) < 0.6 for one, other in chosen)
    ]
