"""Lines of stretched sound from places that sound alike, and which of them the edited file follows when.

Windows of the edited file are searched at many speeds and pitches and at all places at once. A window, or a
place, is a vector: its spectra less the mean of each band, by cosines over time and principal components (K.
Pearson, 1901). Products of vectors are correlations.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from engine.analysis.signal.viterbi import stay_or_jump, traced
from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.features.match.searching.lags import evenly
from engine.features.match.sound import RATE_HZ, Floats
from engine.features.match.stretching.lines import StretchedLine, along, correlation, followed, measured
from engine.features.match.stretching.spectra import (
    COARSE_HOP_SAMPLES,
    HOP_SAMPLES,
    MARGIN_BANDS,
    Spectra,
    at_pitch,
    between,
    rows_at,
)

Span = tuple[float, float]

WINDOW_S = 2.4
_HOP_S = 0.8
_FRAMES = round(WINDOW_S * RATE_HZ / COARSE_HOP_SAMPLES)
_TERMS = round(0.4 * _FRAMES)
_BAND_TERMS, _COMPONENTS = 20, 56
_TABLE_SPEEDS = np.exp(np.linspace(np.log(0.78), np.log(1.28), 11))
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
    raws: Sequence[Spectra], edited: Spectra, middles: NDArray[np.float64], progress: Progress
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
    variants = [(float(speed), float(pitch)) for speed in _TABLE_SPEEDS for pitch in _SEMITONES]
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
        found = _places(table, _window_vectors(turned, middle, variants) @ table.mixed, middle, variants)
        done += 1
        return found

    return [place for places in side_by_side(of_window, middles.tolist()) for place in places]


def _window_vectors(
    turned: dict[float, Floats], middle: float, variants: Sequence[tuple[float, float]]
) -> Floats:
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
    table: _Table, queries: Floats, middle: float, variants: Sequence[tuple[float, float]]
) -> list[Place]:
    scores = table.vectors @ _unit(queries).T
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
    step = np.log(_TABLE_SPEEDS[1] / _TABLE_SPEEDS[0]) * 1.1
    return [
        (speed, pitch)
        for speed, pitch in variants
        if any(abs(np.log(speed / one)) < step and abs(pitch - other) < 0.6 for one, other in chosen)
    ]


_FAR_S, _NEAR_S = 12.0, 2.0
_SAME_S, _SAME_SHARE, _SAME_SEMITONES = 0.09, 0.004, 0.8
_SPEEDS = (0.77, 1.3)
_MOST_TRIED, _MOST_AT_ONCE = 100, 2  # of a minute
_HALF_WINDOW_SAMPLES = WINDOW_S * RATE_HZ / 2
_CORE_SHARE = 0.6  # of a window, clear of sound on the far side of a border
_WORSE_BY = 0.04
_ALIKE, _JUMP_FRAMES = 0.5, 10.0
_NEAR_FRAMES, _SILENT = 9, 0.05
_SHORTEST_S, _LEAST_SOUNDS_S = 0.5, 0.5
_BEYOND_S = 0.6
_TOGETHER_S = 60.0
_SURELY_ALIKE, _GOES_ON_S = 0.8, 20.0
_LESS_ALIKE = 0.02  # than in all of its span, a line that goes on is where the file follows it


def lines_of(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    places: Sequence[Place],
    spans: Sequence[Span],
    known: Sequence[StretchedLine],
    progress: Progress,
) -> list[StretchedLine]:
    """Return lines through places that known ones do not explain, each as long as it holds within its span.

    Raises
    ------
    Cancelled : the user asked for it
    """
    lines: list[StretchedLine] = []
    for number, span in enumerate(spans):
        progress.check_cancelled()
        progress.report(number / len(spans), "Following stretched sound")
        around = _HALF_WINDOW_SAMPLES
        inside = [one for one in places if span[0] - around <= one.at < span[1] + around]
        lines += _lines_within(raws, edited, inside, span, known)
    return lines


def _lines_within(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    places: Sequence[Place],
    span: Span,
    known: Sequence[StretchedLine],
) -> list[StretchedLine]:
    """Return lines through places that no known line explains, minute by minute of the places."""
    found = [line for line in known if line.start < span[1] and line.stop > span[0]]
    count = len(found)
    checked: dict[tuple[StretchedLine, float], bool] = {}

    def is_open(one: Place) -> bool:
        """Return whether a place is on no line yet, and no long one holds there as well as elsewhere."""
        if any(_explains(line, one) for line in found):
            return False
        for line in (line for line in found if goes_on(line) and line.start <= one.at < line.stop):
            if (line, one.at) not in checked:
                part = (
                    max(line.start, one.at - _HALF_WINDOW_SAMPLES),
                    min(line.stop, one.at + _HALF_WINDOW_SAMPLES),
                )
                checked[line, one.at] = measured(raws, edited, line, part).alike >= line.alike - _LESS_ALIKE
            if checked[line, one.at]:
                return False
        return True

    best = _best_alike(places)
    minutes: dict[int, list[Place]] = {}
    for one in places:
        if one.alike >= best[one.at] - _WORSE_BY:
            minutes.setdefault(int(one.at / (_TOGETHER_S * RATE_HZ)), []).append(one)
    ordered = sorted(places, key=lambda one: one.at)
    for number in sorted(minutes, key=lambda one: -len(minutes[one])):
        guesses = [(_supported(one, ordered), one) for one in minutes[number] if is_open(one)]
        tried = 0
        for guess, one in sorted(guesses, key=lambda each: -each[0].alike):
            if not is_open(one):
                continue
            over = [line for line in found if line.start <= one.at < line.stop]
            if len(over) > _MOST_AT_ONCE or tried >= _MOST_TRIED:
                continue
            tried += 1
            line = _followed(raws, edited, guess, span)
            if line is None or not _explains(line, one):  # others led it away
                line = _followed(raws, edited, _alone(one), span)
            if line is not None and not any(_is_same(line, other) for other in found):
                found.append(line)
    return found[count:]


def _followed(
    raws: tuple[Spectra, ...], edited: Spectra, guess: StretchedLine, span: Span
) -> StretchedLine | None:
    """Return the line of a guess within a span, if it is long and alike enough to be one."""
    inside = replace(guess, start=max(guess.start, span[0]), stop=min(guess.stop, span[1]))
    line = followed(raws, edited, inside, span) if inside.stop > inside.start else None
    is_good = line is not None and line.alike >= _ALIKE and line.sounds_s >= _LEAST_SOUNDS_S
    return line if is_good else None


def _alone(one: Place) -> StretchedLine:
    """Return the line through a place, and through no other."""
    half = _CORE_SHARE * _HALF_WINDOW_SAMPLES / one.speed
    return StretchedLine(
        one.raw, one.at, one.there, one.speed, one.semitones, one.at - half, one.at + half, one.alike
    )


def _best_alike(places: Sequence[Place]) -> dict[float, float]:
    best: dict[float, float] = {}
    for one in places:
        best[one.at] = max(best.get(one.at, 0.0), one.alike)
    return best


def _supported(one: Place, places: Sequence[Place]) -> StretchedLine:
    """Return the line through a place that most others are on as well; `alike` is the sum of theirs.

    Parameters
    ----------
    places : in the order of the edited file
    """
    first = bisect_left(places, one.at - _FAR_S * RATE_HZ, key=_at)
    last = bisect_right(places, one.at + _FAR_S * RATE_HZ, key=_at)
    near = [
        other
        for other in places[first:last]
        if other.raw == one.raw and abs(other.semitones - one.semitones) <= _SAME_SEMITONES
    ]
    at = np.array([other.at for other in near]) - one.at
    there = np.array([other.there for other in near]) - one.there
    alike = np.array([other.alike for other in near])
    is_far = np.abs(at) >= _NEAR_S * RATE_HZ
    slopes = np.concatenate([[one.speed], there[is_far] / at[is_far]])
    slopes = slopes[(slopes >= _SPEEDS[0]) & (slopes <= _SPEEDS[1])]
    apart = np.abs(there - slopes[:, None] * at)
    is_on = apart <= _SAME_S * RATE_HZ + _SAME_SHARE * np.abs(at)
    moments = [dict(zip(at[row].tolist(), alike[row].tolist(), strict=True)) for row in is_on]
    sums = [sum(each.values()) for each in moments]
    top = int(np.argmax(sums))
    reach = [*moments[top], 0.0]
    half = _CORE_SHARE * _HALF_WINDOW_SAMPLES / slopes[top]
    return StretchedLine(
        one.raw,
        one.at,
        one.there,
        float(slopes[top]),
        one.semitones,
        one.at + min(reach) - half,
        one.at + max(reach) + half,
        float(sums[top]),
    )


def _at(one: Place) -> float:
    return one.at


def _explains(line: StretchedLine, one: Place) -> bool:
    """Return whether a place is on a line."""
    if line.raw != one.raw or not line.start <= one.at < line.stop:
        return False
    return abs(line.raw_at(one.at) - one.there) < 0.1 * RATE_HZ


def goes_on(line: StretchedLine) -> bool:
    """Return whether a line is so long and alike that others are hardly likelier in its span."""
    return line.alike >= _SURELY_ALIKE and line.stop - line.start >= _GOES_ON_S * RATE_HZ


def _is_same(one: StretchedLine, other: StretchedLine) -> bool:
    start, stop = max(one.start, other.start), min(one.stop, other.stop)
    if one.raw != other.raw or stop <= start or stop - start < 0.8 * (one.stop - one.start):
        return False
    return max(abs(one.raw_at(at) - other.raw_at(at)) for at in (start, stop)) < 0.05 * RATE_HZ


def decoded(
    raws: tuple[Spectra, ...], edited: Spectra, lines: Sequence[StretchedLine], span: Span
) -> list[StretchedLine]:
    """Return the parts of lines that a span of the edited file follows, in order and disjoint."""
    inside = [one for one in lines if one.start < span[1] and one.stop > span[0]]
    first, last = int(np.ceil(span[0] / HOP_SAMPLES)), int(np.ceil(span[1] / HOP_SAMPLES))
    if not inside or last - first < 2:
        return []
    scores = np.zeros((last - first, len(inside) + 1), np.float32)
    for number, line in enumerate(inside):
        scores[:, number + 1] = -1.0
        beyond = _BEYOND_S * RATE_HZ
        part = max(span[0], line.start - beyond), min(span[1], line.stop + beyond)
        table = along(raws, edited, line, part)
        rows = slice(table.first - first, table.first - first + len(table.own))
        scores[rows, number + 1] = _agreement(table.own, table.others[0])[: len(scores[rows])]
    came_from, totals = stay_or_jump(
        scores[0].astype(np.float64), np.arange(scores.shape[1]), scores[1:], _JUMP_FRAMES
    )
    followed_by = traced(came_from, int(totals.argmax()))
    borders = np.flatnonzero(np.diff(followed_by)) + 1
    edges = [0, *borders.tolist(), len(followed_by)]
    found = []
    for start, stop in pairwise(edges):
        which = int(followed_by[start])
        if which and (stop - start) * HOP_SAMPLES >= _SHORTEST_S * RATE_HZ:
            samples = [(first + edge - 0.5) * HOP_SAMPLES for edge in (start, stop)]
            samples = [min(max(one, span[0]), span[1]) for one in samples]
            found.append(replace(inside[which - 1], start=samples[0], stop=samples[1]))
    return found


def _agreement(own: Floats, theirs: Floats) -> Floats:
    """Return how much more alike both sides are at each frame than sound that is just alike enough.

    Frames of little sound count less; but silence is not alike to sound.
    """
    alike, *powers = correlation(own, theirs, _NEAR_FRAMES, mode="nearest")
    mine, other = (power / max(1e-9, float(np.median(power))) for power in powers)
    weight = np.minimum(1.0, np.where(mine < _SILENT, other, mine))
    found: Floats = (weight * (alike - _ALIKE)).astype(np.float32)
    return found
