"""Parts of rules: which sections, how much of them, and in which order.

Each choice of a rule is read off a row of numbers from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import log2
from typing import TypeVar

from engine.features.arrangement.rules.outline import Stretch, Take
from engine.features.arrangement.steps import Span

Numbers = tuple[float, ...]
Pick = Callable[[Take], list[int]]
Part = Callable[[Stretch, int], Span]
Groups = Sequence[Sequence[Stretch]]

_T = TypeVar("_T")


class Choices:
    """Choices by the numbers of a row, one after another; the same row makes the same choices."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._next = 0

    def share(self) -> float:
        """Return the next number, from 0 on and below 1."""
        number = self._numbers[self._next % len(self._numbers)]
        self._next += 1
        return number

    def is_so(self, likelihood: float) -> bool:
        """Return whether something is so that has a likelihood."""
        return self.share() < likelihood

    def one_of(self, options: Sequence[_T], shares: Sequence[float] = ()) -> _T:
        """Return one of some options, equally likely or with shares of sum 1."""
        number = self.share()
        if not shares:
            return options[min(int(number * len(options)), len(options) - 1)]
        for option, until in zip(options, accumulate(shares), strict=True):
            if number < until:
                return option
        return options[-1]


_ROLES = ("hook", "verse", "bridge", "opening", "ending", "loudest", "softest", "longest")
_LONGEST_BEAT_S = 0.75
AGAIN = ("hook", "verse", "bridge")


def part_of(choices: Choices) -> Part:
    """Return a rule of how much of a section is played, given the beats of a bar."""
    chosen = choices.share()
    is_end, bars = choices.is_so(0.5), choices.one_of((2, 4, 4, 8))
    if chosen < 0.6:
        return lambda one, _: one.span
    if chosen < 0.8:
        return lambda one, beats: bars_of(one, bars * beats, is_end=is_end)

    def half(one: Stretch, beats: int) -> Span:
        middle = one.first + beats * max(1, (one.last - one.first) // (2 * beats))
        return (middle, one.last) if is_end and middle < one.last else (one.first, min(middle, one.last))

    return half


def bars_of(one: Stretch, steps: int, *, is_end: bool) -> Span:
    """Return the first or last steps of a section."""
    steps = min(one.last - one.first, steps)
    return (one.last - steps, one.last) if is_end else (one.first, one.first + steps)


def pick_of(choices: Choices, roles: Sequence[str] = _ROLES) -> Pick:
    """Return a rule that picks one section by the role of its label, or none."""
    role, which = choices.one_of(roles), choices.one_of((0, 0, 1, -1, -1, -2))

    def pick(take: Take) -> list[int]:
        same = take.of_role(role)
        return [same[which]] if -len(same) <= which < len(same) else []

    return pick


def leaves_out(choices: Choices) -> Pick:
    """Return a rule that picks sections to leave out."""
    chosen = choices.one_of(
        ("one", "two", "to hook", "before", "after", "in a row", "once", "from", "until"),
        (0.3, 0.1, 0.15, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05),
    )
    first, second, near = pick_of(choices), pick_of(choices, AGAIN), pick_of(choices, AGAIN[:2])
    if chosen == "one":
        return second
    if chosen == "two":
        return lambda take: first(take) + second(take)
    if chosen == "to hook":
        return _between_hooks
    if chosen == "in a row":
        return _in_a_row
    if chosen == "once":
        return _once
    return _around(near, chosen)


def _between_hooks(take: Take) -> list[int]:
    """Return the sections after the first hook up to the second one."""
    hooks = take.of_role("hook")
    return list(range(hooks[0] + 1, hooks[1] + 1)) if len(hooks) > 1 else []


def _in_a_row(take: Take) -> list[int]:
    labels = [one.label for one in take.sections]
    return [at for at in range(1, len(labels)) if labels[at] == labels[at - 1]]


def _once(take: Take) -> list[int]:
    labels = [one.label for one in take.sections]
    return [at for at in range(1, len(labels) - 1) if labels.count(labels[at]) == 1]


def _around(near: Pick, chosen: str) -> Pick:
    """Return a rule that picks sections before or after another one."""

    def pick(take: Take) -> list[int]:
        count = len(take.sections)
        at = near(take)
        if not at:
            return []
        places = {
            "before": range(max(0, at[0] - 1), at[0]),
            "after": range(at[0] + 1, min(count, at[0] + 2)),
            "from": range(at[0] + 1, count),
            "until": range(at[0]),
        }
        return list(places[chosen])

    return pick


def _in_octave(beat_s: float) -> float:
    """Return the length of a beat, doubled or halved into 80 to 160 a minute: half the speed may be found."""
    return float(_LONGEST_BEAT_S * 2.0 ** -(-log2(beat_s / _LONGEST_BEAT_S) % 1.0))


def sort_of(choices: Choices) -> Callable[[Groups], list[int]]:
    """Return a rule that sorts pieces, or sections."""
    by = choices.one_of(
        ("place", "level", "speed", "tempo", "length", "last first", "first last"),
        (0.35, 0.25, 0.05, 0.1, 0.05, 0.1, 0.1),
    )
    is_down = choices.is_so(0.5)

    def level(group: Sequence[Stretch]) -> float:
        return sum(one.level_db for one in group) / len(group)

    def order(groups: Groups) -> list[int]:
        count = len(groups)
        if by == "last first":
            return [count - 1, *range(count - 1)] if count else []
        if by == "first last":
            return [*range(1, count), 0] if count else []
        keys: dict[str, Callable[[int], float]] = {
            "place": float,
            "level": lambda at: level(groups[at]),
            "speed": lambda at: -groups[at][0].beat_s,
            "tempo": lambda at: -_in_octave(groups[at][0].beat_s),
            "length": lambda at: sum(one.lasts_s for one in groups[at]),
        }
        return sorted(range(count), key=keys[by], reverse=is_down)

    return order
