"""An editor's rules, learned from pairs, and the orders that they make of a recording within bounds.

The places where blocks may begin or end divide a recording into phrases. The likeliest order of phrases with
free jumps is found by a beam search with exact bounds: of orders that end with the same phrase and have
played the same phrases as often, the best alone goes on. With a beam as wide as there are such orders the
search is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.features.arrangement.alike import Weighed, agreement
from engine.features.arrangement.decode import Bounds, Decoded
from engine.features.arrangement.network import Pair
from engine.features.arrangement.rules.outline import outlines_of
from engine.features.arrangement.rules.search import Edited, Fitting, fitting_rules, orders_by
from engine.features.arrangement.step_features import StepFeatures
from engine.features.arrangement.steps import Order, order_of, spans_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ByNetwork = Callable[[StepFeatures, Sequence[Pair]], Order]

_BARS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Consecutive phrases; `edges`, shape (n + 1,): the steps where they begin, and the number of steps."""

    edges: Ints
    lengths_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.lengths_s)

    def of_order(self, order: Order) -> Ints:
        """Return the phrases of an order of steps; its borders are edges of phrases."""
        spans = spans_of(order)
        firsts, lasts = (np.searchsorted(self.edges, [span[side] for span in spans]) for side in (0, 1))
        return order_of(zip(firsts.tolist(), lasts.tolist(), strict=True))

    def steps_of(self, phrases: Iterable[int]) -> Order:
        """Return the order of steps that phrases are."""
        played = np.fromiter(phrases, np.int64)
        return order_of((int(self.edges[first]), int(self.edges[last])) for first, last in spans_of(played))

    def all_of(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which phrases have only steps that are flagged, shape (n,)."""
        return np.asarray(np.minimum.reduceat(flags.astype(np.int8), self.edges[:-1]) > 0)


def phrases_of(heard: StepFeatures, borders: Iterable[int]) -> Phrases:
    """Return the phrases of a recording: between borders, two bars each, counted from the border before."""
    n = len(heard)
    at = sorted({0, n, *(border for border in borders if 0 < border < n)})
    length = _BARS * heard.steps.bar_beats
    edges: list[int] = []
    for first, last in pairwise(at):
        inner = list(range(first, last, length))
        if len(inner) > 1 and last - inner[-1] < length // 2:
            inner.pop()
        edges += inner
    found = np.array([*edges, n], np.int64)
    ends_s = heard.steps.edges_s[found]
    return Phrases(found, np.diff(ends_s))


WIDTH = 48
_MOST_TARGETS = 6
_HALVINGS = 12
_MOST_WORTH = 3.0
_NEAR_S = 1.0
_NEVER = -1e3


@dataclass(frozen=True, slots=True, eq=False)
class PhraseBounds:
    """Bounds of an order of phrases.

    Attributes
    ----------
    must, never : shape (n,), phrases that are always played, and never
    steps : shape (n,), how many steps each has
    least_steps : no block is shorter, but at the end of the recording
    most_times : a phrase is played so often at most
    jump_price : taken off the logarithm of each jump
    target_s : how long it is to be; None for as long as the editor would
    """

    must: NDArray[np.bool_]
    never: NDArray[np.bool_]
    steps: Ints
    least_steps: int = 1
    most_times: int = 4
    jump_price: float = 0.0
    target_s: float | None = None


@dataclass(frozen=True, slots=True)
class PhraseOrder:
    """An order of phrases, and its score: a log probability, less the price of its jumps."""

    order: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Way:
    """An order so far: how often each phrase is played, how many steps its last block has."""

    order: tuple[int, ...]
    plays: bytes
    block: int
    missing: int
    score: float
    length_s: float = 0.0

    @property
    def key(self) -> tuple[int, bytes, int]:
        return self.order[-1] if self.order else -1, self.plays, self.block


def best_order(chances: Floats, lengths_s: Floats, bounds: PhraseBounds, width: int = WIDTH) -> PhraseOrder:
    """Return the best order; the empty one where there is nothing to play.

    Parameters
    ----------
    chances : log probabilities, shape (passes, n + 1, n + 1): from each phrase after 0, 1, ... earlier plays,
        or the beginning, to each phrase or the end
    lengths_s : of the phrases
    """
    found: dict[int, PhraseOrder] = {}
    free = _searched(chances, lengths_s, bounds, 0.0, width, found)
    target = bounds.target_s
    if target is None or not free.order:
        return free
    low, high = -_MOST_WORTH, _MOST_WORTH
    for _ in range(_HALVINGS):
        worth = (low + high) / 2.0
        length_s = float(
            lengths_s[list(_searched(chances, lengths_s, bounds, worth, width, found).order)].sum()
        )
        if abs(length_s - target) < _NEAR_S:
            break
        low, high = (worth, high) if length_s < target else (low, worth)
    return found[min(found, key=lambda length: abs(length - target))]


def _searched(
    chances: Floats,
    lengths_s: Floats,
    bounds: PhraseBounds,
    worth: float,
    width: int,
    by_length: dict[int, PhraseOrder],
) -> PhraseOrder:
    """Return the best order at a worth of each second, and note the best of each length in whole seconds."""
    n = len(lengths_s)
    if not n or bounds.never.all():
        return PhraseOrder((), 0.0)
    gains = _gains(chances, lengths_s, bounds, worth)
    ranked = np.argsort(-gains, axis=2, kind="stable")[:, :, : _MOST_TARGETS + 1]
    ways = [_Way((), bytes(n), 0, int(bounds.must.sum()), 0.0)]
    best: PhraseOrder | None = None
    for _ in range(bounds.most_times * n + 1):
        onward: dict[tuple[int, bytes, int], _Way] = {}
        for way in ways:
            for to, gain in _targets(way, gains, ranked, bounds):
                score = way.score + gain
                if to == n:
                    if best is None or score > best.score:
                        best = PhraseOrder(way.order, score)
                    whole_s = round(way.length_s)
                    plain = score - worth * way.length_s
                    if bounds.target_s is not None and (
                        whole_s not in by_length or plain > by_length[whole_s].score
                    ):
                        by_length[whole_s] = PhraseOrder(way.order, plain)
                    continue
                made = _played(way, to, score, bounds, float(lengths_s[to]))
                known = onward.get(made.key)
                if known is None or made.score > known.score:
                    onward[made.key] = made
        ways = sorted(onward.values(), key=lambda way: -way.score)[:width]
        if worth <= 0.0 and best is not None and ways and ways[0].score <= best.score:
            break
        if not ways:
            break
    return best or PhraseOrder(tuple(np.flatnonzero(~bounds.never).tolist()), _NEVER)


def _gains(chances: Floats, lengths_s: Floats, bounds: PhraseBounds, worth: float) -> Floats:
    """Return the gain of each step on: its chance, its price, and the worth of the played seconds."""
    n = len(lengths_s)
    gains = chances.copy()
    is_jump = np.ones((n + 1, n + 1), bool)
    is_jump[np.arange(n), np.arange(1, n + 1)] = False
    is_jump[n, :] = is_jump[:, n] = False
    gains -= bounds.jump_price * is_jump
    gains[:, :, :n] += worth * lengths_s
    return gains


def _targets(way: _Way, gains: Floats, ranked: Ints, bounds: PhraseBounds) -> Iterator[tuple[int, float]]:
    """Yield the phrases, or the end, that may come next, with their gains."""
    n = len(way.plays)
    row = way.order[-1] if way.order else n
    passed = min(way.plays[row] - 1, len(gains) - 1) if way.order else 0
    allowed = dict.fromkeys(ranked[passed, row].tolist())
    if row + 1 <= n and way.order:
        allowed[row + 1] = None
    if way.missing:
        # What must be played can always be reached.
        left = [step for step in np.flatnonzero(bounds.must).tolist() if not way.plays[step]]
        allowed[left[0]] = None
        allowed |= dict.fromkeys(step for step in left if step > row)
        allowed.pop(n, None)
    else:
        allowed[n] = None
    is_short = way.block < bounds.least_steps and row + 1 < n and way.order
    for to in allowed:
        if to == n:
            if way.order and not is_short:
                yield to, float(gains[passed, row, to])
            continue
        is_out = (bounds.never[to] and not bounds.must[to]) or way.plays[to] >= bounds.most_times
        if is_out or (is_short and to != row + 1):
            continue
        yield to, float(gains[passed, row, to])


def _played(way: _Way, to: int, score: float, bounds: PhraseBounds, more_s: float) -> _Way:
    plays = bytearray(way.plays)
    plays[to] += 1
    is_next = bool(way.order) and to == way.order[-1] + 1
    block = (way.block if is_next else 0) + int(bounds.steps[to])
    missing = way.missing - int(bounds.must[to] and plays[to] == 1)
    block = min(block, bounds.least_steps)
    return _Way((*way.order, to), bytes(plays), block, missing, score, way.length_s + more_s)


_MOST_TRIED = 4
_FIRST_WEIGHT, _NEXT_WEIGHT, _ANY_WEIGHT = 1.0, 0.02, 1e-4
_JUMP_PRICE = 0.1


def rules_of(pairs: Sequence[Pair], seed: int = 0, progress: Progress = SILENT) -> tuple[Fitting, ...]:
    """Return the rules that fit an editor's pairs best, the best first; none if no recording has music.

    Raises
    ------
    Cancelled : the user asked for it
    """
    edits = [Edited(outlines_of(pair.heard), pair.order) for pair in pairs]
    return fitting_rules(edits, seed, progress) if any(one.outlines[0].pieces for one in edits) else ()


def held_out(
    pairs: Sequence[Pair], by_network: ByNetwork, seed: int = 0, progress: Progress = SILENT
) -> tuple[float, float]:
    """Return how well rules, and the network, predict pairs from the others: the mean agreements, 0 to 1.

    Parameters
    ----------
    pairs : two or more; some of them are predicted
    by_network : the network's order of a recording, given pairs

    Raises
    ------
    Cancelled : the user asked for it
    """
    edits = [Edited(outlines_of(pair.heard), pair.order) for pair in pairs]
    has_music = any(one.outlines[0].pieces for one in edits)
    tried = min(len(pairs), _MOST_TRIED)
    of_rules = of_network = 0.0
    for number in range(tried):
        progress.report(number / tried, "Comparing rules with the network")
        others = [other for other in range(len(pairs)) if other != number]
        right, n = pairs[number].order, len(pairs[number].heard)
        if has_music:
            rules = fitting_rules([edits[other] for other in others], seed, few=True)
            of_rules += agreement(orders_by(rules, edits[number].outlines)[0].order, right, n) / tried
        found = by_network(pairs[number].heard, [pairs[other] for other in others])
        of_network += agreement(found, right, n) / tried
    return of_rules, of_network


def arrangements_by(
    weighed: Sequence[Weighed], heard: StepFeatures, bounds: Bounds, seeds: Sequence[int] = ()
) -> list[Decoded]:
    """Return the likeliest order of a recording within bounds, and the next likely ones.

    Without bounds it is that of least expected loss. Bounds change it as little as they can: other orders,
    neighbours or any phrase take the place of banned ones.

    Parameters
    ----------
    weighed : that of least expected loss first
    seeds : one for each of the others
    """
    phrases = phrases_of(heard, _borders(weighed, bounds))
    limits = PhraseBounds(
        phrases.all_of(bounds.must),
        phrases.all_of(bounds.never & ~bounds.must),
        np.diff(phrases.edges),
        bounds.least_steps,
        bounds.most_times,
        _JUMP_PRICE,
        bounds.target_s,
    )
    found: list[Decoded] = []
    for number in range(min(len(weighed), 1 + len(seeds))):
        made = best_order(_chances(weighed, number, phrases, limits.never), phrases.lengths_s, limits)
        order = phrases.steps_of(made.order)
        if not any(np.array_equal(order, one.order) for one in found):
            found.append(Decoded(order, made.score))
    return found


def _borders(weighed: Sequence[Weighed], bounds: Bounds) -> list[int]:
    """Return where blocks begin or end in any of the orders, and where bounds begin or end."""
    edges = {edge for one in weighed for span in spans_of(one.order) for edge in span}
    for flags in (bounds.must, bounds.never):
        edges |= set((np.flatnonzero(np.diff(flags)) + 1).tolist())
    return sorted(edges)


def _chances(weighed: Sequence[Weighed], chosen: int, phrases: Phrases, never: NDArray[np.bool_]) -> Floats:
    """Return log probabilities of the next phrase after each, shape (passes, n + 1, n + 1).

    Those of the orders by their shares, the chosen one above all; they go on after phrases never played.
    """
    n, passes = len(phrases), Bounds.none(0).most_times
    weights = np.full((passes, n + 1, n + 1), _ANY_WEIGHT)
    weights[:, np.arange(n), np.arange(1, n + 1)] += _NEXT_WEIGHT
    for number, one in enumerate(weighed):
        weight = one.share * _NEXT_WEIGHT + _FIRST_WEIGHT * (number == chosen)
        played, row = np.zeros(n + 1, np.int64), n
        order = phrases.of_order(one.order)
        for step in [*order[~never[order]].tolist(), n]:
            weights[min(max(played[row] - 1, 0), passes - 1), row, step] += weight
            played[step] += 1
            row = step
    chances: NDArray[np.float64] = np.log(weights / weights.sum(axis=2, keepdims=True))
    return chances
