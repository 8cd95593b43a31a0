"""Find the likeliest order of phrases with free jumps, within bounds: a beam search with exact bounds.

Orders that end with the same phrase and have played the same phrases as often have the same future, so that
the best of them alone goes on. With as wide a beam as there are such orders the search is exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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
