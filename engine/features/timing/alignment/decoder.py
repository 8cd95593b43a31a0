"""Assign strokes to lines by decoding the whole performance, without a learned model.

Model: the playing deviates from the lines by a slowly varying push and pull, each stroke from that by a
little, sometimes by much; each line repeats the voices that it has in other bars; some strokes are
superfluous. A few passes estimate placement, push and pull, and groove from each other. A state of a stroke
is one of the lines near it, or none with the last used line remembered, so that lines ascend: Viterbi's
algorithm finds the placement of least cost, and forward and backward recursions the posterior (Rabiner, A
tutorial on hidden Markov models, 1989).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import cheapest_way, traced
from engine.features.timing.alignment.fitting import smoothed
from engine.features.timing.alignment.groove import Repetition, log_odds, plain, repeated
from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.strokes import Strokes

Floats = NDArray[np.float64]


REACH = 3
"""Number of lines considered on either side of the nearest."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The lines near each stroke.

    Attributes
    ----------
    lines : int64, shape (s, 2 * REACH + 1), their numbers, ascending in a row; -1 for none
    offsets_samples : float64, the same shape, how much later than the line the stroke is; inf where none is
    """

    lines: NDArray[np.int64]
    offsets_samples: NDArray[np.float64]


def near(
    onsets_samples: NDArray[np.float64], expected_samples: NDArray[np.float64], lines: Lines
) -> Candidates:
    """Return the lines near where strokes would be without push and pull.

    Parameters
    ----------
    onsets_samples : shape (s,), ascending
    expected_samples : shape (s,), how much later than its line each is likely to be
    """
    count = len(lines.positions_samples)
    middle = nearest(onsets_samples - expected_samples, lines.positions_samples)
    # Rows never step back from one stroke to the next: the dynamic programme relies on it.
    middle = np.maximum.accumulate(middle) if len(middle) else middle
    numbers = middle[:, None] + np.arange(-REACH, REACH + 1)
    there = (numbers >= 0) & (numbers < count)
    positions = lines.positions_samples[np.clip(numbers, 0, max(count - 1, 0))] if count else 0.0 * numbers
    offsets = np.where(there, onsets_samples[:, None] - positions, np.inf)
    return Candidates(np.where(there, numbers, -1), offsets)


def nearest(positions_samples: NDArray[np.float64], lines_samples: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the line nearest to each position, the earlier of two as near; 0 without lines."""
    if len(lines_samples) == 0:
        return np.zeros(len(positions_samples), np.int64)
    after = np.clip(np.searchsorted(lines_samples, positions_samples), 1, max(len(lines_samples) - 1, 1))
    after = np.minimum(after, len(lines_samples) - 1)
    before = np.maximum(after - 1, 0)
    closer = positions_samples - lines_samples[before] <= lines_samples[after] - positions_samples
    return np.where(closer, before, after).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Costs of placing strokes, in nats; inf forbids.

    Attributes
    ----------
    lines : int64, shape (s, c), the lines near each stroke, ascending in a row, -1 for none; no
        row begins or ends before the row above it
    first : shape (s, c), of taking a line where the stroke before is on none
    following : shape (s, c, c), of taking the second line where the stroke before took the first
    sharing : shape (s, c, c), of taking the line that the stroke before took too, instead of `following`
    none : shape (s,), of belonging to no line
    """

    lines: NDArray[np.int64]
    first: Floats
    following: Floats
    sharing: Floats
    none: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The cheapest way.

    Attributes
    ----------
    choices : int64, shape (s,), the column of the line that each stroke takes, -1 for none
    posterior : shape (s, c + 1), the probability of each column, none last
    """

    choices: NDArray[np.int64]
    posterior: Floats


def decode(costs: Costs) -> Decoded:
    """Find the cheapest way to take lines in ascending order, each by one stroke or shared by neighbours."""
    strokes, columns = costs.lines.shape
    if strokes == 0:
        return Decoded(np.zeros(0, np.int64), np.zeros((0, columns + 1)))
    start, steps = _transitions(costs)
    path = cheapest_way([start, *np.zeros((len(steps), len(start)))], steps)
    shares = _posterior(start, steps)
    choices = np.where(path < columns, path, -1)
    posterior = np.concatenate([shares[:, :columns], shares[:, columns:].sum(1, keepdims=True)], axis=1)
    return Decoded(choices, posterior)


def _transitions(costs: Costs) -> tuple[Floats, Floats]:
    """Return the costs of the first stroke's states, and of the transitions between consecutive strokes.

    States are the columns taken, then none with the last line taken before all columns, then none with it in
    each column.
    """
    columns = costs.lines.shape[1]
    start = np.full(2 * columns + 1, np.inf)
    start[:columns] = np.where(costs.lines[0] >= 0, costs.first[0], np.inf)
    start[columns] = costs.none[0]
    before, after = costs.lines[:-1, :, None], costs.lines[1:, None, :]
    there = (before >= 0) & (after >= 0)
    rises, same = there & (after > before), there & (after == before)
    passed = (costs.lines[:-1] >= 0) & ~same.any(2)
    first, none = costs.first[1:, None, :], costs.none[1:, None]
    steps = np.full((len(costs.lines) - 1, 2 * columns + 1, 2 * columns + 1), np.inf)
    steps[:, :columns, :columns] = np.where(
        rises, costs.following[1:], np.where(same, costs.sharing[1:], np.inf)
    )
    steps[:, columns + 1 :, :columns] = np.where(rises, first, np.inf)
    steps[:, columns, :columns] = np.where(costs.lines[1:] >= 0, costs.first[1:], np.inf)
    carried = np.where(same, none[:, :, None], np.inf)
    for state in (slice(0, columns), slice(columns + 1, None)):
        steps[:, state, columns + 1 :] = carried
        steps[:, state, columns] = np.where(passed, none, np.inf)
    steps[:, columns, columns] = costs.none[1:]
    return start, steps


def _posterior(start: Floats, steps: Floats) -> Floats:
    """Return the probability of each state of each stroke, shape (s, states)."""
    weights = np.exp(-(steps - steps.min(axis=(1, 2), keepdims=True)))
    forward = np.zeros((len(steps) + 1, len(start)))
    forward[0] = np.exp(-(start - start.min()))
    forward[0] /= forward[0].sum()
    for stroke, weight in enumerate(weights, start=1):
        forward[stroke] = forward[stroke - 1] @ weight
        forward[stroke] /= forward[stroke].sum()
    backward = np.ones_like(forward)
    for stroke in range(len(steps) - 1, -1, -1):
        backward[stroke] = weights[stroke] @ backward[stroke + 1]
        backward[stroke] /= backward[stroke].max()
    shares = forward * backward
    result: Floats = shares / shares.sum(1, keepdims=True)
    return result


_STEPS = 65
_WIDEST = 1.6
"""Offsets are looked for up to as many lines to either side."""
_JITTERS_MS = (5.0, 10.0, 20.0, 40.0)
_STRAY = 0.08
_WANDERS_MS = 35.0
_WANDERS_LINES = 0.25
_WANDERS_S = 8.0
_TRUST = 0.5
"""Exponent of the weights of strokes, since repetitions in every bar are not independent evidence."""


def follow(onsets_samples: Floats, lines: Lines, weights: Floats) -> tuple[Floats, float]:
    """Return the delay of the playing at each stroke, before the lines of strokes are known.

    A hidden Markov model over the offset: it wanders and returns (Ornstein-Uhlenbeck), and given the offset
    each stroke is near some line. If strokes pass the middle between lines together, the offset follows them.
    The scatter of strokes around it is the one of the highest likelihood.

    Parameters
    ----------
    onsets_samples : shape (s,), ascending
    weights : shape (m,), how likely each line is to be played at all, relative to the others

    Returns
    -------
    offsets_samples : shape (s,), positive where the playing is late
    jitter_ms : deviation of strokes from that
    """
    if len(onsets_samples) == 0 or len(lines.positions_samples) < 2:
        return np.zeros(len(onsets_samples)), _JITTERS_MS[0]
    spacing_ms = float(np.median(np.diff(lines.positions_samples))) / lines.rate_hz * 1000.0
    offsets_ms = np.linspace(-_WIDEST, _WIDEST, _STEPS) * spacing_ms
    wanders_ms = min(_WANDERS_MS, _WANDERS_LINES * spacing_ms)
    weights = weights**_TRUST
    fits = np.stack([_fits(onsets_samples, lines, weights, offsets_ms, jitter) for jitter in _JITTERS_MS])
    way, path = _smoothest(fits, onsets_samples / lines.rate_hz, offsets_ms, wanders_ms)
    return offsets_ms[path] / 1000.0 * lines.rate_hz, _JITTERS_MS[way]


def _fits(onsets: Floats, lines: Lines, weights: Floats, offsets_ms: Floats, jitter_ms: float) -> Floats:
    """Return how badly each stroke fits each offset, in nats, shape (s, offsets)."""
    candidates = near(onsets, np.zeros(len(onsets)), lines)
    likely = np.where(candidates.lines >= 0, weights[candidates.lines], 0.0)
    distances_ms = np.where(candidates.lines >= 0, candidates.offsets_samples, 0.0) / lines.rate_hz * 1000.0
    density = np.full((len(onsets), len(offsets_ms)), _STRAY * likely.mean() / (offsets_ms[-1] / _WIDEST))
    for column in range(2 * REACH + 1):
        away = (distances_ms[:, column, None] - offsets_ms) / jitter_ms
        density += likely[:, column, None] * np.exp(-0.5 * away**2) / jitter_ms / 2.5
    result: Floats = -np.log(density)
    return result


def _smoothest(
    fits: Floats, times_s: Floats, offsets_ms: Floats, wanders_ms: float
) -> tuple[int, NDArray[np.int64]]:
    """Return which way to see the fits, (ways, s, offsets), is cheapest, and its offset at each stroke."""
    carried = np.exp(-np.maximum(np.diff(times_s), 0.02) / _WANDERS_S)
    spread = 2.0 * wanders_ms**2 * (1.0 - carried**2)
    cost = fits[:, 0] + 0.5 * (offsets_ms / wanders_ms) ** 2
    came_from = np.zeros(fits.shape, np.int64)
    for stroke in range(1, fits.shape[1]):
        # Transposed, so that the minimum over predecessors runs along the rows of memory.
        away = (offsets_ms[:, None] - carried[stroke - 1] * offsets_ms) ** 2 / spread[stroke - 1]
        total = cost[:, None, :] + away
        came_from[:, stroke] = total.argmin(2)
        cost = total.min(2) + fits[:, stroke]
    way = int(cost.min(1).argmin())
    return way, traced(came_from[way, 1:], int(cost[way].argmin()))


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Prior parameters of drummers; chosen on validation performances.

    Attributes
    ----------
    jitter_ms : minimum deviation of strokes from the push and pull
    stray_share : share of strokes anywhere within about `stray_lines` of a line
    extra_per_s, bounces_per_s : strokes too many, and those of them soon after a louder one of their drum
    carried_of_neighbour, most_kept : share of a stroke's deviation that the next one has, too, at first
        and at
        most
    neighbour_s : after which time that is forgotten
    groove, shared_groove : weight of the groove of other bars; less for each of several drums
    level : how much counts how loud it is there
    push_pull_s : over which time the push and pull varies
    shared_within_ms : as near two strokes of other drums may be one stroke whose drums fell apart
    fell_apart : the share of strokes whose drums do, within `shared_within_ms` as likely anywhere
    early_cost : how much rarer a drum is early than late, in nats
    """

    jitter_ms: float = 3.0
    stray_share: float = 0.1
    stray_lines: float = 0.45
    extra_per_s: float = 0.01
    bounces_per_s: float = 0.15
    carried_of_neighbour: float = 0.2
    most_kept: float = 0.8
    neighbour_s: float = 0.6
    groove: float = 0.8
    shared_groove: float = 0.5
    level: float = 0.5
    push_pull_s: float = 3.0
    shared_within_ms: float = 70.0
    fell_apart: float = 0.03
    early_cost: float = 0.8
    passes: int = 3


BELIEFS = Beliefs()


@dataclass(frozen=True, slots=True, eq=False)
class StrokeLines:
    """Where strokes belong.

    Attributes
    ----------
    lines : int64, shape (s,), the line of each stroke, -1 for none
    confidences : float64, shape (s,), the probability of it
    candidates : int64, shape (s, c), the lines that were considered, -1 for none
    posterior : float64, shape (s, c + 1), the probability of each of them, and of none
    """

    lines: NDArray[np.int64]
    confidences: Floats
    candidates: NDArray[np.int64]
    posterior: Floats


def place(
    strokes: Strokes,
    lines: Lines,
    beliefs: Beliefs = BELIEFS,
    weighed: Callable[[Costs], Costs] | None = None,
) -> StrokeLines:
    """Find the line of each stroke.

    Parameters
    ----------
    weighed : returns the costs with those of further evidence added
    """
    count = len(strokes.onsets_samples)
    if count == 0 or len(lines.positions_samples) == 0:
        nowhere = np.full((count, 1), -1, np.int64)
        return StrokeLines(nowhere[:, 0], np.ones(count), nowhere, np.tile([0.0, 1.0], (count, 1)))
    likely = plain(strokes, lines)
    repetition: Repetition | None = None
    playing = _Playing(*follow(strokes.onsets_samples, lines, likely.mean(1)), beliefs.carried_of_neighbour)
    for number in range(beliefs.passes):
        candidates = near(strokes.onsets_samples, playing.expected, lines)
        costs = _costs(strokes, lines, candidates, playing, likely, repetition, beliefs)
        decoded = decode(weighed(costs) if weighed else costs)
        row = np.arange(len(candidates.lines))
        taken = np.where(decoded.choices >= 0, candidates.lines[row, np.maximum(decoded.choices, 0)], -1)
        if number + 1 < beliefs.passes:
            repetition = repeated(strokes, lines, candidates.lines, decoded.posterior[:, :-1])
            likely = repetition.likely
            playing = _playing_of(strokes, candidates, decoded, beliefs)
    columns = np.where(decoded.choices >= 0, decoded.choices, decoded.posterior.shape[1] - 1)
    confidences = decoded.posterior[np.arange(count), columns]
    return StrokeLines(taken, confidences, candidates.lines, decoded.posterior)


@dataclass(frozen=True, slots=True, eq=False)
class _Playing:
    """Estimated playing of the drummer.

    Attributes
    ----------
    expected : shape (s,), how late each stroke is expected to be, in samples
    jitter_ms : deviation of strokes from that
    carried : share of a stroke's deviation that the next one has, too
    """

    expected: Floats
    jitter_ms: float
    carried: float


def _playing_of(strokes: Strokes, candidates: Candidates, decoded: Decoded, beliefs: Beliefs) -> _Playing:
    """Learn how the drummer plays from where strokes probably belong."""
    shares = decoded.posterior[:, :-1]
    there = candidates.lines >= 0
    offsets = np.where(there, candidates.offsets_samples, 0.0)
    trust = shares.sum(1)
    means = (shares * offsets).sum(1) / np.maximum(trust, 1e-9)
    curve = smoothed(strokes.onsets_samples, means, beliefs.push_pull_s * strokes.rate_hz, trust)
    expected = curve.at(strokes.onsets_samples)
    off_ms = np.abs(offsets - expected[:, None]) / strokes.rate_hz * 1000.0
    # 1.48 times the median deviation is the standard deviation of a normal distribution.
    jitter_ms = max(beliefs.jitter_ms, 1.48 * _weighted_median(off_ms[there], shares[there]))
    limit = 2.5 * jitter_ms / 1000.0 * strokes.rate_hz
    left = np.clip(means - expected, -limit, limit) * trust
    carried = float(left[1:] @ left[:-1]) / max(float(left @ left), 1e-9)
    return _Playing(expected, jitter_ms, min(max(carried, 0.0), beliefs.most_kept))


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    return float(values[order[min(int(np.searchsorted(summed, summed[-1] / 2.0)), len(order) - 1)]])


def _costs(
    strokes: Strokes,
    lines: Lines,
    candidates: Candidates,
    playing: _Playing,
    likely: Floats,
    repetition: Repetition | None,
    beliefs: Beliefs,
) -> Costs:
    """Convert the beliefs to costs: negative logarithms of densities per ms."""
    per_ms = 1000.0 / lines.rate_hz
    there = candidates.lines >= 0
    off_ms = np.where(there, candidates.offsets_samples - playing.expected[:, None], 0.0) * per_ms
    spacing_ms = (
        float(np.median(np.diff(lines.positions_samples))) * per_ms if len(lines.beats) > 1 else 500.0
    )
    sounding = strokes.voices[:, None, :]
    odds = (log_odds(likely)[candidates.lines] * sounding).sum(2)
    costly = -beliefs.groove * odds / np.maximum(sounding.sum(2), 1) ** beliefs.shared_groove
    if repetition is not None:
        by_level = repetition.likelier_by_level(candidates.lines, strokes.levels_db[:, None, :])
        costly = costly - beliefs.level * by_level.sum(2)
    fits = _misfit(off_ms, playing.jitter_ms, spacing_ms, beliefs)
    first = np.where(there, costly + fits, np.inf)
    gaps_ms = np.diff(strokes.onsets_samples, prepend=strokes.onsets_samples[:1]) * per_ms
    carried = playing.carried * np.exp(-gaps_ms / 1000.0 / beliefs.neighbour_s)
    limit = 2.0 * playing.jitter_ms
    drawn = np.clip(np.roll(off_ms, 1, axis=0), -limit, limit) * carried[:, None]
    narrower_ms = np.sqrt(1.0 - carried**2) * playing.jitter_ms
    beside = _misfit(off_ms[:, None, :] - drawn[:, :, None], narrower_ms[:, None, None], spacing_ms, beliefs)
    following = np.where(there[:, None, :], costly[:, None, :] + beside, np.inf)
    sharing = costly[:, None, :] + _sharing(strokes, fits, gaps_ms, beliefs)
    # Strokes of which all hits may be superfluous.
    bounces = np.ones(len(strokes.onsets_samples), np.bool_)
    main = ~strokes.graces
    np.logical_and.at(bounces, strokes.of_hits[main], strokes.bounces[main])
    rates = np.where(bounces, beliefs.bounces_per_s, beliefs.extra_per_s)
    none = -np.log(rates / 1000.0)
    return Costs(candidates.lines, first, following, sharing, none)


def _sharing(strokes: Strokes, fits: Floats, gaps_ms: Floats, beliefs: Beliefs) -> Floats:
    """Return the additional cost of a stroke that shares the line of the one before it.

    One of the two is at fault, and its deviation is irrelevant: if it is the first, its cost is refunded.
    """
    before = np.roll(fits, 1, axis=0)[:, :, None]
    fault = -np.log(beliefs.fell_apart / beliefs.shared_within_ms)
    whose = np.minimum(before, fits[:, None, :] + beliefs.early_cost) - before + fault
    apart = ~(strokes.voices & np.roll(strokes.voices, 1, axis=0)).any(1)
    return np.where((apart & (gaps_ms < beliefs.shared_within_ms))[:, None, None], whose, np.inf)


def _misfit(off_ms: Floats, jitter_ms: float | Floats, spacing_ms: float, beliefs: Beliefs) -> Floats:
    """Return the cost of a deviation: a narrow normal distribution within a wide one."""
    narrow = np.exp(-0.5 * (off_ms / jitter_ms) ** 2) / jitter_ms
    wide_ms = beliefs.stray_lines * spacing_ms
    wide = np.exp(-0.5 * (off_ms / wide_ms) ** 2) / wide_ms
    density = ((1.0 - beliefs.stray_share) * narrow + beliefs.stray_share * wide) / np.sqrt(2.0 * np.pi)
    cost: Floats = -np.log(density + 1e-30)
    return cost
