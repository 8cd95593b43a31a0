"""Find the likeliest order of steps within bounds: required steps, length, and loops.

The output of the network is log probabilities of jumps at each step, and their targets. Orders go forward
except for loops: a segment played again right after itself. The best one is found exactly, from the end to
the beginning (R. Bellman, 1957). Its length is set by a value of each second played, found by halving (H.
Everett, Operations Research 11, 1963); lengths in between are spliced from two such orders, or pieces are
left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.features.arrangement.network import PASSES, ArrangingNetwork, Seen
from engine.features.arrangement.steps import Order, Span, Steps, length_s, order_of, spans_of

Floats = NDArray[np.float64]

_LEAST_LEFT = 0.01
_LEAST_LOOPED = 0.003
_MOST_TARGETS = 24
_ROWS_AT_ONCE = 256
_LOWEST = -12.0
_NEVER = -1e4


@dataclass(frozen=True, slots=True, eq=False)
class Jump:
    """Where it may go on from a step, and how likely: natural logarithms.

    Attributes
    ----------
    targets : shape (k,), steps
    log_chances : shape (k,)
    log_stop : of going nowhere
    """

    targets: NDArray[np.int64]
    log_chances: Floats
    log_stop: float


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of every path through a recording.

    Attributes
    ----------
    keep : shape (n,), by how much likelier each step is played than not, a logarithm
    stay, leave : shape (n, PASSES), log probabilities of going on to the next step or not, by number of
        passes
    begin : where it may begin
    onward : where it may go on, by step and passes; targets behind the next step
    back : where a loop may begin, by step and passes; targets up to the step itself
    """

    keep: Floats
    stay: Floats
    leave: Floats
    begin: Jump
    onward: dict[tuple[int, int], Jump]
    back: dict[tuple[int, int], Jump]

    def __len__(self) -> int:
        return len(self.keep)

    def stirred(self, rng: np.random.Generator, by: float) -> Scores:
        """Return scores moved at random, for another arrangement that is nearly as likely.

        Parameters
        ----------
        by : standard deviation, in natural logarithms
        """
        moved = {
            key: replace(jump, log_chances=jump.log_chances + by * rng.standard_normal(len(jump.targets)))
            for key, jump in self.onward.items()
        }
        noise = by * rng.standard_normal(len(self.keep))
        return replace(self, onward=moved, leave=self.leave + noise[:, None])


@torch.no_grad()
def scores_of(network: ArrangingNetwork, seen: Seen) -> Scores:
    """Ask the network all that decoding needs."""
    n = len(seen)
    rows = torch.arange(n)
    logits = torch.stack(
        [network.leave_logits(seen, rows, torch.full_like(rows, passed)) for passed in range(PASSES)], dim=1
    )
    leave, stay = (_array(functional.logsigmoid(sign * logits)) for sign in (1.0, -1.0))
    # An arrangement is never empty.
    begin = replace(_jumps(network, seen, [-1], 0)[0], log_stop=_NEVER)
    onward: dict[tuple[int, int], Jump] = {}
    back: dict[tuple[int, int], Jump] = {}
    asked = np.flatnonzero(leave[:, 0] > np.log(_LEAST_LEFT)).tolist()
    for passed in range(PASSES):
        looping = []
        for row, jump in zip(asked, _jumps(network, seen, asked, passed), strict=True):
            onward[row, passed], back[row, passed] = _parted(jump, row)
            chances = back[row, passed].log_chances
            if len(chances) and leave[row, passed] + chances.max() > np.log(_LEAST_LOOPED):
                looping.append(row)
        # Only loops are played more often.
        asked = looping
    return Scores(_array(network.keep_logits(seen)), stay, leave, begin, onward, back)


def _array(values: Tensor) -> Floats:
    rows: Floats = np.maximum(values.double().numpy(), _LOWEST)
    return rows


def _jumps(network: ArrangingNetwork, seen: Seen, rows: Sequence[int], passed: int) -> list[Jump]:
    """Return the likeliest targets from some steps, ahead and behind."""
    found = []
    n = len(seen)
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        asked = torch.tensor(rows[first : first + _ROWS_AT_ONCE])
        chances = functional.log_softmax(
            network.target_logits(seen, asked, torch.full_like(asked, passed)), dim=1
        )
        best = torch.topk(chances[:, :n], min(n, _MOST_TARGETS), dim=1)
        for places, values, stop in zip(best.indices, best.values, chances[:, n], strict=True):
            found.append(Jump(places.numpy(), _array(values), max(float(stop), _LOWEST)))
    return found


def _parted(jump: Jump, row: int) -> tuple[Jump, Jump]:
    """Return the forward and the backward jumps."""
    on, back = jump.targets > row + 1, jump.targets <= row
    return (
        Jump(jump.targets[on], jump.log_chances[on], jump.log_stop),
        Jump(jump.targets[back], jump.log_chances[back], _LOWEST),
    )


_OF_KEEP = 0.3
"""Weight of a step's own probability of being played, relative to the transitions."""
_BANNED = -60.0
_HALVINGS = 22
_MOST_WORTH = 10.0
_NO_WORTH, _NEAR_S = 5e-3, 0.25
_SPLICES = 20
_UNLIKELY = -12.0
"""The logarithm of a chance that the network does not give."""
_NEXT, _STOP = -1, -2


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """Bounds of an arrangement.

    Attributes
    ----------
    must, never : shape (n,), steps that are always played, and never, independent of the model
    least_steps : no piece is shorter, but at the end
    most_times : a loop is played so often in a row at most
    target_s : how long it is to be, None for as long as the editor would
    """

    must: NDArray[np.bool_]
    never: NDArray[np.bool_]
    least_steps: int = 1
    most_times: int = 4
    target_s: float | None = None

    @classmethod
    def none(cls, n: int) -> Bounds:
        """Return bounds that bind nothing."""
        return cls(np.zeros(n, bool), np.zeros(n, bool))


@dataclass(frozen=True, slots=True)
class Decoded:
    """An order, and its score: its log probability plus the weight of its steps."""

    order: Order
    score: float


@dataclass(slots=True)
class _Table:
    """The best way from each step to the end."""

    best: Floats
    landing: Floats
    goes: NDArray[np.int64]
    loop_from: NDArray[np.int64]
    loop_more: NDArray[np.int64]
    starts: int = 0
    score: float = field(default=0.0)


def decode(scores: Scores, steps: Steps, bounds: Bounds) -> Decoded:
    """Return the best order; empty where nothing is there to be played, or the editor would play nothing."""
    if not len(scores):
        return Decoded(np.zeros(0, np.int64), 0.0)
    free = _best(scores, steps, bounds, 0.0)
    if bounds.target_s is None:
        return free
    target = bounds.target_s
    assert target is not None
    low, high = -_MOST_WORTH, _MOST_WORTH
    shorter = longer = free
    for _ in range(_HALVINGS):
        worth = (low + high) / 2.0
        found = _best(scores, steps, bounds, worth)
        if length_s(found.order, steps) < target:
            low, shorter = worth, found
        else:
            high, longer = worth, found
        if abs(length_s(found.order, steps) - target) < _NEAR_S or high - low < _NO_WORTH:
            break
    ways = [
        free,
        shorter,
        longer,
        *_spliced(shorter, longer, steps, bounds),
        *_spliced(longer, shorter, steps, bounds),
        *_thinned(longer, steps, bounds),
    ]
    return min(ways, key=lambda one: abs(length_s(one.order, steps) - target))


def _spliced(first: Decoded, then: Decoded, steps: Steps, bounds: Bounds) -> Iterator[Decoded]:
    """Yield orders that begin as one and continue as another from a step that both play.

    If both are equally good at the value of a second, so are their splices.
    """
    target = bounds.target_s
    assert target is not None
    places = {int(step): at for at, step in enumerate(then.order.tolist())}
    lengths = steps.lengths_s
    before = np.cumsum(lengths[first.order])
    after = np.cumsum(lengths[then.order][::-1])[::-1]
    by_length = []
    for at, step in enumerate(first.order.tolist()):
        if step in places:
            other = places[step]
            total = float(before[at] + (after[other + 1] if other + 1 < len(after) else 0.0))
            by_length.append((abs(total - target), at, other))
    for _, at, other in sorted(by_length)[:_SPLICES]:
        order = np.concatenate([first.order[: at + 1], then.order[other + 1 :]])
        pieces = spans_of(order)
        if all(last - start >= min(bounds.least_steps, len(steps) - start) for start, last in pieces):
            yield Decoded(order, min(first.score, then.score))


def _thinned(longer: Decoded, steps: Steps, bounds: Bounds) -> Iterator[Decoded]:
    """Yield an order with ever more of its pieces left out, each time the one that brings it nearest."""
    target = bounds.target_s
    assert target is not None
    pieces = spans_of(longer.order)
    while len(pieces) > 1:
        total = length_s(order_of(pieces), steps)
        free = [at for at, (first, last) in enumerate(pieces) if not bounds.must[first:last].any()]
        if total <= target or not free:
            return
        lengths = [length_s(np.arange(*pieces[at]), steps) for at in free]
        out = min(range(len(free)), key=lambda number: abs(total - lengths[number] - target))
        pieces = [piece for at, piece in enumerate(pieces) if at != free[out]]
        yield Decoded(order_of(pieces), longer.score)


def _best(scores: Scores, steps: Steps, bounds: Bounds, worth: float) -> Decoded:
    gain = _OF_KEEP * np.clip(scores.keep, -8.0, 8.0) + worth * steps.lengths_s
    gain = gain + np.where(bounds.never & ~bounds.must, _BANNED, 0.0)
    again = worth * steps.lengths_s
    table = _filled(scores, bounds, gain, again)
    return Decoded(_walked(table, bounds.least_steps, len(scores)), table.score)


def _filled(scores: Scores, bounds: Bounds, gain: Floats, again: Floats) -> _Table:
    n = len(scores)
    table = _Table(np.zeros(n), np.zeros(n), np.full(n, _NEXT), np.full(n, -1), np.zeros(n, np.int64))
    must_after = _next_must(bounds.must)
    gained = np.concatenate([[0.0], np.cumsum(gain)])
    stayed = np.concatenate([np.zeros((1, scores.stay.shape[1])), np.cumsum(scores.stay, axis=0)])
    repeated = np.concatenate([[0.0], np.cumsum(again)])
    least = max(1, bounds.least_steps)
    for step in range(n - 1, -1, -1):
        value, goes = _onward(scores, table, gain, must_after, step, 0)
        loop_from, loop_more = -1, 0
        for first, more, looped in _loops(scores, bounds, stayed, repeated, step):
            after, to = _onward(scores, table, gain, must_after, step, more)
            if looped + after > value:
                value, goes, loop_from, loop_more = looped + after, to, first, more
        table.best[step], table.goes[step] = value, goes
        table.loop_from[step], table.loop_more[step] = loop_from, loop_more
        last = min(n, step + least) - 1
        table.landing[step] = (
            gained[last + 1] - gained[step] + stayed[last, 0] - stayed[step, 0] + table.best[last]
        )
    table.score, table.starts = _jumped(scores.begin, table, 0, int(must_after[0]), n)
    return table


def _onward(
    scores: Scores, table: _Table, gain: Floats, must_after: NDArray[np.int64], step: int, passed: int
) -> tuple[float, int]:
    """Return the best value from a step on, after `passed` earlier passes, and its next step."""
    n = len(scores)
    if step == n - 1:
        return 0.0, _STOP
    value = float(scores.stay[step, passed] + gain[step + 1] + table.best[step + 1])
    goes = _NEXT
    jump = scores.onward.get((step, passed))
    if jump is not None:
        jumped, to = _jumped(jump, table, step + 1, int(must_after[step + 1]), n)
        jumped += float(scores.leave[step, passed])
        if jumped > value:
            value, goes = jumped, to
    return value, goes


def _jumped(jump: Jump, table: _Table, from_: int, must: int, n: int) -> tuple[float, int]:
    """Return the best landing, or the end where nothing that must be played is left.

    The next step that must be played can always be reached: where it is not among the likeliest targets,
    it has the chance of the least likely of them.
    """
    value, to = (jump.log_stop, _STOP) if must >= n else (-np.inf, _NEXT)
    allowed = (jump.targets >= from_) & (jump.targets <= must)
    targets, chances = jump.targets[allowed], jump.log_chances[allowed]
    if must < n and must not in targets:
        least = float(jump.log_chances.min()) if len(jump.targets) else _UNLIKELY
        targets, chances = np.append(targets, must), np.append(chances, least)
    if len(targets):
        sums = chances + table.landing[targets]
        best = int(np.argmax(sums))
        if sums[best] > value:
            value, to = float(sums[best]), int(targets[best])
    return float(value), to


def _loops(
    scores: Scores, bounds: Bounds, stayed: Floats, repeated: Floats, step: int
) -> list[tuple[int, int, float]]:
    """Return loops that end with a step: where they begin, how often more they are played, their score."""
    first_jump = scores.back.get((step, 0))
    if first_jump is None:
        return []
    found = []
    for first in first_jump.targets.tolist():
        if step - first + 1 < max(2, bounds.least_steps) or bounds.never[first : step + 1].any():
            continue
        value = 0.0
        for more in range(1, min(bounds.most_times, scores.stay.shape[1])):
            jump = scores.back.get((step, more - 1))
            if jump is None or first not in jump.targets:
                break
            at = int(np.flatnonzero(jump.targets == first)[0])
            value += float(scores.leave[step, more - 1] + jump.log_chances[at])
            value += float(stayed[step, more] - stayed[first, more])
            value += float(repeated[step + 1] - repeated[first])
            found.append((first, more, value))
    return found


def _next_must(must: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each step the first one from it on that must be played, n for none."""
    n = len(must)
    places = np.where(must, np.arange(n), n)
    found: NDArray[np.int64] = np.minimum.accumulate(places[::-1])[::-1]
    return np.concatenate([found, [n]])


def _walked(table: _Table, least: int, n: int) -> Order:
    """Return the steps of the best way."""
    spans: list[Span] = []
    step, start = table.starts, table.starts
    if step == _STOP:
        return np.zeros(0, np.int64)
    step = min(n, start + max(1, least)) - 1
    while True:
        if table.loop_from[step] >= 0:
            first, more = int(table.loop_from[step]), int(table.loop_more[step])
            spans += [(start, step + 1), *[(first, step + 1)] * (more - 1)]
            start = first
        goes = int(table.goes[step])
        if goes == _NEXT:
            step += 1
            continue
        spans.append((start, step + 1))
        if goes == _STOP:
            return order_of(spans)
        start = goes
        step = min(n, start + max(1, least)) - 1


def several(
    scores: Scores, steps: Steps, bounds: Bounds, seeds: Sequence[int], by: float = 1.5
) -> list[Decoded]:
    """Return the best order and others that are nearly as likely, each once, the best first."""
    found = [decode(scores, steps, bounds)]
    for seed in seeds:
        other = decode(scores.stirred(np.random.default_rng(seed), by), steps, bounds)
        if not any(np.array_equal(other.order, one.order) for one in found):
            found.append(other)
    return found
