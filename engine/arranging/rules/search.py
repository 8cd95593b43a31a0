"""Find the rules behind the edits of an editor, and their edits of another recording.

Rules are drawn, and the best of them changed one choice after another (an evolution strategy, H.-P. Schwefel,
1981, over the choices of a program, as D. Wingate and others change them, AISTATS 2011). The edits
by the best rules are weighted by fit, and the one most alike to all of them is played: that of least expected
loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.arranging.alike import Traits
from engine.arranging.orders import Order, Span, order_of
from engine.arranging.rules.choices import Choices, Numbers
from engine.arranging.rules.families import RULES_IN_WORDS, Rule, family_of, rule_of
from engine.arranging.rules.outline import Outline
from engine.arranging.weighed import Weighed, by_expected_loss
from engine.progress import SILENT, Progress

VERSION = 2
"""Of the rules: the same numbers are another rule in another version."""
NUMBERS = 40
_FIRST, _ROUNDS, _KEPT, _CHANGED = 2500, 10, 20, 20
_FEW_FIRST, _FEW_ROUNDS = 800, 4
_NEAR, _NEAR_SHARE = 24, 0.7
"""Most rules read no more numbers."""
_HOPELESS = 0.25
_MOST, _SHARPNESS = 40, 40.0


@dataclass(frozen=True, slots=True)
class Fitting:
    """A rule, as the numbers of its choices, and how well it makes an editor's edits, 0 to 1."""

    numbers: Numbers
    fit: float

    @property
    def words(self) -> str:
        """The editor, by family, in words."""
        return RULES_IN_WORDS[family_of(Choices(self.numbers))]


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """The outlines of a recording, and the order that an editor made of it.

    Attributes
    ----------
    known : agreements of spans of steps with the order, by the spans: many rules make the same ones
    """

    outlines: tuple[Outline, ...]
    order: Order
    known: dict[tuple[Span, ...], float] = field(default_factory=dict)
    _traits: Traits = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the order for comparison."""
        object.__setattr__(self, "_traits", Traits.of(self.order, self.outlines[0].steps))

    def agreement_of(self, rule: Rule, outline: Outline) -> float:
        """Return how alike the orders of a rule and of the editor are, 0 to 1."""
        spans = tuple(rule(outline)) if outline.pieces else ()
        if spans not in self.known:
            self.known[spans] = Traits.of(_order_by(spans, outline), outline.steps).agreement(self._traits)
        return self.known[spans]


def made_by(rule: Rule, outline: Outline) -> Order:
    """Return the order that a rule makes; all of a recording without pieces, or if nothing would be left."""
    return _order_by(rule(outline) if outline.pieces else (), outline)


def _order_by(spans: Sequence[Span], outline: Outline) -> Order:
    order = order_of(spans)
    return order if len(order) else np.arange(outline.steps)


def fit_of(numbers: Numbers, edits: Sequence[Edited]) -> float:
    """Return how alike the orders of a rule and of an editor are, 0 to 1, or less if the first one is not.

    Each recording is seen in the way in which they are most alike: the form that was found may be wrong.
    """
    total = 0.0
    rule = rule_of(Choices(numbers))
    for number, one in enumerate(edits):
        total += max(one.agreement_of(rule, outline) for outline in one.outlines)
        if not number and total < _HOPELESS:
            break
    return total / len(edits)


def fitting_rules(
    edits: Sequence[Edited], seed: int = 0, progress: Progress = SILENT, *, few: bool = False
) -> tuple[Fitting, ...]:
    """Return the rules that fit best, the best first, each once.

    Parameters
    ----------
    few : look at fewer rules, for a first impression

    Raises
    ------
    Cancelled : the user asked for it
    """
    rng = np.random.default_rng(seed)
    rounds = _FEW_ROUNDS if few else _ROUNDS
    found = [_fitting(_drawn(rng), edits) for _ in range(_FEW_FIRST if few else _FIRST)]
    for number in range(rounds):
        progress.check_cancelled()
        progress.report(number / rounds, "Learning the rules of this editor")
        found = _best(found, _KEPT)
        found += [_fitting(_changed(one.numbers, rng), edits) for one in found for _ in range(_CHANGED)]
    return tuple(_best(found, _MOST))


def _drawn(rng: np.random.Generator) -> Numbers:
    return tuple(rng.random(NUMBERS).tolist())


def _changed(numbers: Numbers, rng: np.random.Generator) -> Numbers:
    """Return numbers with one to three others."""
    changed = list(numbers)
    reach = _NEAR if rng.random() < _NEAR_SHARE else NUMBERS
    for at in rng.integers(0, reach, rng.integers(1, 4)).tolist():
        changed[at] = float(rng.random())
    return tuple(changed)


def _fitting(numbers: Numbers, edits: Sequence[Edited]) -> Fitting:
    return Fitting(numbers, fit_of(numbers, edits))


def _best(found: Sequence[Fitting], most: int) -> list[Fitting]:
    """Return the best, of each family one of those that fit equally well."""
    kept: dict[tuple[float, int], Fitting] = {}
    for one in sorted(found, key=lambda each: -each.fit):
        kept.setdefault((round(one.fit, 4), family_of(Choices(one.numbers))), one)
        if len(kept) == most:
            break
    return list(kept.values())


def orders_by(rules: Sequence[Fitting], outlines: Sequence[Outline]) -> list[Weighed]:
    """Return the orders that rules make of a recording, by fit, that of least expected loss first."""
    made = (
        (
            made_by(rule_of(Choices(one.numbers)), outline),
            float(np.exp(_SHARPNESS * (one.fit - rules[0].fit))) * outline.likelihood,
        )
        for one in rules
        for outline in outlines
    )
    return by_expected_loss(made, outlines[0].steps)
