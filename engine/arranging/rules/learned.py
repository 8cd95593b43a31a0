"""An editor's rules, learned from pairs, and the orders that they make of a recording within bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.arranging.alike import agreement
from engine.arranging.decode import Bounds, Decoded
from engine.arranging.learning import Pair
from engine.arranging.orders import Order, spans_of
from engine.arranging.rules.decode import PhraseBounds, best_order
from engine.arranging.rules.outline import outlines_of
from engine.arranging.rules.phrases import Phrases, phrases_of
from engine.arranging.rules.search import Edited, Fitting, fitting_rules, orders_by
from engine.arranging.step_features import StepFeatures
from engine.arranging.weighed import Weighed
from engine.progress import SILENT, Progress

_MOST_TRIED = 4
_FIRST_WEIGHT, _NEXT_WEIGHT, _ANY_WEIGHT = 1.0, 0.02, 1e-4
_JUMP_PRICE = 0.1

ByNetwork = Callable[[StepFeatures, Sequence[Pair]], Order]


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
    found: list[Decoded] = []
    for number in range(min(len(weighed), 1 + len(seeds))):
        made = best_order(
            _chances(weighed, number, phrases), phrases.lengths_s, _phrase_bounds(bounds, phrases)
        )
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


def _phrase_bounds(bounds: Bounds, phrases: Phrases) -> PhraseBounds:
    return PhraseBounds(
        phrases.all_of(bounds.must),
        phrases.all_of(bounds.never & ~bounds.must),
        np.diff(phrases.edges),
        bounds.least_steps,
        bounds.most_times,
        _JUMP_PRICE,
        bounds.target_s,
    )


def _chances(weighed: Sequence[Weighed], chosen: int, phrases: Phrases) -> NDArray[np.float64]:
    """Return log probabilities of the next phrase after each, shape (passes, n + 1, n + 1).

    Those of the orders by their shares, the chosen one above all.
    """
    n, passes = len(phrases), Bounds.none(0).most_times
    weights = np.full((passes, n + 1, n + 1), _ANY_WEIGHT)
    weights[:, np.arange(n), np.arange(1, n + 1)] += _NEXT_WEIGHT
    for number, one in enumerate(weighed):
        weight = one.share * _NEXT_WEIGHT + _FIRST_WEIGHT * (number == chosen)
        played, row = np.zeros(n + 1, np.int64), n
        for step in [*phrases.of_order(one.order).tolist(), n]:
            weights[min(max(played[row] - 1, 0), passes - 1), row, step] += weight
            played[step] += 1
            row = step
    chances: NDArray[np.float64] = np.log(weights / weights.sum(axis=2, keepdims=True))
    return chances
