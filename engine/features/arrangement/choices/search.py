"""Find the operations behind the edits of an editor, by a beam search over one operation after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.core.progress import SILENT, Progress
from engine.features.arrangement.alike import RightOrder, Weighed, by_expected_loss
from engine.features.arrangement.choices.operations import (
    ALL,
    KEYS,
    LABEL,
    LABEL_IN_SECTION,
    SCOPES,
    SECTION,
    TIMES,
    Again,
    Choice,
    Limit,
    Opener,
    Operations,
    Part,
    Sorting,
)
from engine.features.arrangement.choices.units import KINDS, PAUSE, PAUSE_AFTER_TALK, PHRASE, TALK, Unit
from engine.features.arrangement.steps import Order, order_or_all, plays

_BEAM, _ROUNDS = 8, 2
_PRICE, _PER_UNUSUAL_TRAIT = 0.05, 0.03
"""An operation has to improve the agreement by more than this, and an unusual choice by more."""
_FIRST, _HOPELESS = 2, 0.1
"""Operations this much worse than the beam on the first examples are not tried on the others."""
_KEPT = 0.5
_MOST, _SHARPNESS = 20, 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """The units of a recording, and an editor's order of its steps."""

    units: tuple[Unit, ...]
    order: Order
    _right: RightOrder = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the order for comparison."""
        object.__setattr__(self, "_right", RightOrder(self.order, self.steps))

    @property
    def steps(self) -> int:
        """How many steps the recording has."""
        return self.units[-1].last if self.units else 0

    def agreement_of(self, operations: Operations) -> float:
        """Return how alike the order that operations make and the editor's are, 0 to 1."""
        return self._right.agreement_of(operations.spans(self.units))


@dataclass(frozen=True, slots=True)
class FittingOperations:
    """Operations, and how well they make an editor's edits.

    Attributes
    ----------
    fits : agreement with each edit, 0 to 1; of the first ones alone if these are hopeless
    """

    operations: Operations
    fits: tuple[float, ...]

    @property
    def fit(self) -> float:
        """The mean agreement, 0 to 1."""
        return sum(self.fits) / len(self.fits)

    @property
    def price(self) -> float:
        """The agreement that is subtracted: many operations and unusual ones fit a few edits by chance."""
        unusual = sum(one.unusual_traits for one in self.operations.choices)
        return _PRICE * self.operations.size + _PER_UNUSUAL_TRAIT * unusual

    @property
    def value(self) -> float:
        """The mean agreement less the price of the operations."""
        return self.fit - self.price

    def without(self, number: int) -> FittingOperations:
        """Return the same operations with their fits to all edits but one."""
        return FittingOperations(self.operations, self.fits[:number] + self.fits[number + 1 :])


def made_by(operations: Operations, units: Sequence[Unit]) -> Order:
    """Return the order that operations make; all of a recording if nothing would be left."""
    return order_or_all(operations.spans(units), units[-1].last if units else 0)


def orders_by(found: Sequence[FittingOperations], units: Sequence[Unit]) -> list[Weighed]:
    """Return the orders that operations make, weighted by fit, that of least expected loss first."""
    made = (
        (made_by(one.operations, units), float(np.exp(_SHARPNESS * (one.value - found[0].value))))
        for one in found
    )
    return by_expected_loss(made, units[-1].last)


def floor_of(examples: Sequence[Example]) -> Operations:
    """Return the operations that only drop kinds of sound that an editor rarely plays, such as talk."""
    chosen = set()
    for kind in KINDS:
        played_s = total_s = 0.0
        for one in examples:
            is_played = plays(one.order, one.steps) > 0
            for unit in one.units:
                if unit.kind == kind:
                    played_s += float(is_played[unit.first : unit.last].mean()) * unit.lasts_s
                    total_s += unit.lasts_s
        if kind != PHRASE and total_s and played_s > _KEPT * total_s:
            chosen.add(kind)
    return Operations(keeps=frozenset(chosen))


@dataclass(frozen=True, slots=True)
class FoundOperations:
    """The operations that fit an editor's edits best, the best first.

    Attributes
    ----------
    held_out : for each edit, the operations that fit the other ones best, the best first; empty for a single
        edit
    """

    best: tuple[FittingOperations, ...]
    held_out: tuple[tuple[FittingOperations, ...], ...]


def fitting_operations(examples: Sequence[Example], progress: Progress = SILENT) -> FoundOperations:
    """Return the operations that fit edits best; at least one edit.

    Raises
    ------
    Cancelled : the user asked for it
    """
    start = floor_of(examples)
    known = {start: _fitting(start, examples, -np.inf)}
    beam = list(known.values())
    for number in range(_ROUNDS * len(_CHANGES)):
        progress.check_cancelled()
        progress.report(number / (_ROUNDS * len(_CHANGES)), "Learning this editor's choices of phrases")
        least = beam[-1].value - _HOPELESS if len(beam) == _BEAM else beam[0].value - 3.0 * _HOPELESS
        for one in beam:
            for operations in _CHANGES[number % len(_CHANGES)](one.operations):
                if operations not in known:
                    known[operations] = _fitting(operations, examples, least)
        beam = _best(known.values(), _BEAM)
    return FoundOperations(tuple(_best(known.values(), _MOST)), _held_out(known.values(), len(examples)))


def _held_out(known: Iterable[FittingOperations], count: int) -> tuple[tuple[FittingOperations, ...], ...]:
    """Return for each edit the operations that fit the others best."""
    tried = [one for one in known if len(one.fits) == count]
    if count < 2:
        return ()
    return tuple(tuple(_best((one.without(number) for one in tried), _MOST)) for number in range(count))


def _best(found: Iterable[FittingOperations], most: int) -> list[FittingOperations]:
    return sorted(found, key=lambda one: -one.value)[:most]


def _fitting(operations: Operations, examples: Sequence[Example], least: float) -> FittingOperations:
    """Return the fit of operations; that of the first examples if it is hopeless."""
    fits: list[float] = []
    for one in examples:
        if len(fits) == _FIRST and sum(fits) / len(fits) < least:
            break
        fits.append(one.agreement_of(operations))
    return FittingOperations(operations, tuple(fits))


_CHOICES = tuple(
    Choice(scope, key, is_most, count)
    for scope in SCOPES
    for key in KEYS
    for is_most in (False, True)
    for count in ((1, 2, 3, 4, 5, 6) if scope == ALL else (1, 2, 3))
    if key != TIMES or scope not in (LABEL, LABEL_IN_SECTION)
)
_ONES = tuple(one for one in _CHOICES if one.count == 1)
_SHARES = (0.25, 0.5, 0.75)
_UNIT_PARTS = tuple(
    Part(0, bars, share, is_end)
    for bars, share in (*((bars, 1.0) for bars in (1, 2, 4, 8)), *((0, share) for share in _SHARES))
    for is_end in (False, True)
)
_BLOCK_PARTS = tuple(
    Part(block, 0, share, is_end) for block in (4, 8, 16) for share in _SHARES for is_end in (False, True)
)
_LIMITS_S = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def _other_kinds(one: Operations) -> Iterator[Operations]:
    for kind in KINDS:
        if kind != PHRASE:
            limits = tuple(limit for limit in one.limits if limit.kind != kind)
            yield replace(one, keeps=one.keeps ^ {kind}, limits=limits)


def _other_limits(one: Operations) -> Iterator[Operations]:
    for kind in (TALK, PAUSE, PAUSE_AFTER_TALK):
        others = tuple(limit for limit in one.limits if limit.kind != kind)
        keeps = one.keeps | {kind}
        yield replace(one, keeps=keeps, limits=others)
        for length_s in _LIMITS_S:
            yield replace(one, keeps=keeps, limits=(*others, Limit(kind, least_s=length_s)))
            yield replace(one, keeps=keeps, limits=(*others, Limit(kind, most_s=length_s)))


def _other_choices(one: Operations) -> Iterator[Operations]:
    yield replace(one, choices=())
    for choice in _CHOICES:
        yield replace(one, choices=(choice,))
        if one.choices:
            yield replace(one, choices=(one.choices[0], choice))


def _other_parts(one: Operations) -> Iterator[Operations]:
    for part in (Part(), *_UNIT_PARTS, *_BLOCK_PARTS):
        yield replace(one, part=part)


def _other_repeats(one: Operations) -> Iterator[Operations]:
    for times in (1, 2, 3, 4):
        yield replace(one, again=Again(times, lead=one.again.lead))
        if times > 1:
            for which in _ONES:
                yield replace(one, again=Again(times, which, one.again.lead))
            for lead in _UNIT_PARTS:
                yield replace(one, again=Again(times, one.again.which, lead))


def _other_sortings(one: Operations) -> Iterator[Operations]:
    for of in (ALL, SECTION, LABEL):
        for key in KEYS:
            for is_most in (False, True):
                yield replace(one, sorting=Sorting(of, key, is_most))
        for turned in (-2, -1, 1, 2):
            yield replace(one, sorting=Sorting(of, turned=turned))


def _other_openers(one: Operations) -> Iterator[Operations]:
    yield replace(one, opener=None)
    for choice in _ONES:
        if choice.scope == ALL:
            for is_again in (False, True):
                yield replace(one, opener=Opener(choice, is_again=is_again))
                if is_again:
                    for part in _UNIT_PARTS:
                        yield replace(one, opener=Opener(choice, part, is_again=True))


_CHANGES: tuple[Callable[[Operations], Iterator[Operations]], ...] = (
    _other_choices,
    _other_parts,
    _other_repeats,
    _other_sortings,
    _other_openers,
    _other_kinds,
    _other_limits,
)
