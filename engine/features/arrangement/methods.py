"""Ways to arrange as an editor does: the one that predicts the editor's own edits best is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.features.arrangement.alike import Weighed, agreed_cuts, agreement
from engine.features.arrangement.choices.operations import words_of
from engine.features.arrangement.choices.search import (
    Example,
    FittingOperations,
    fitting_operations,
    floor_of,
    made_by,
    orders_by,
)
from engine.features.arrangement.choices.units import PHRASE, units_of
from engine.features.arrangement.network import Pair
from engine.features.arrangement.rules.learned import ByNetwork, held_out, rules_of
from engine.features.arrangement.rules.search import Fitting
from engine.features.arrangement.step_features import StepFeatures
from engine.features.arrangement.steps import plays

FLOOR, CHOICES, RULES, NETWORK = "rubbish dropped", "choices", "rules", "network"
METHODS = (FLOOR, CHOICES, RULES, NETWORK)
"""The simplest first."""
_BETTER = 0.02
"""Minimum gain in agreement for which choices are used instead of the floor."""
_CLEARLY_BETTER = 0.05
"""Minimum gain for which rules or the network are used: of a few pairs, smaller differences are chance."""
_EXPLAINS = 0.8
"""A way that makes a single edit as well as this is taken for the editor's."""
_MOSTLY = 0.5
_RELIABLE, _LEAST_TRIED = 0.75, 5


@dataclass(frozen=True, slots=True)
class Rate:
    """How many edits of a sort in held-out pairs were the editor's, and how many there were."""

    right: int = 0
    count: int = 0

    @property
    def is_reliable(self) -> bool:
        """Whether at least 75 % of at least five are right: 95 % of such rows are, on unseen jams."""
        return self.count >= _LEAST_TRIED and self.right >= _RELIABLE * self.count


NO_RATE = Rate()


@dataclass(frozen=True, slots=True)
class Hits:
    """How often edits of held-out pairs were the editor's.

    Attributes
    ----------
    phrases, others : cuts of phrases, and of other units, on which most ways that fit agree
    repeats : repeated phrases
    """

    phrases: Rate = NO_RATE
    others: Rate = NO_RATE
    repeats: Rate = NO_RATE


NO_HITS = Hits()


@dataclass(frozen=True, slots=True)
class Method:
    """A way to arrange as an editor does.

    Attributes
    ----------
    name : one of `METHODS`
    operations : of `FLOOR` and `CHOICES`, those that fit best first
    rules : of `RULES`, those that fit best first
    agreements : how well each way predicts held-out pairs, 0 to 1; empty for a single pair
    """

    name: str = NETWORK
    operations: tuple[FittingOperations, ...] = ()
    rules: tuple[Fitting, ...] = ()
    agreements: tuple[tuple[str, float], ...] = ()
    hits: Hits = NO_HITS

    @property
    def words(self) -> str | None:
        """The editor's habit, as the rest of a sentence; None for the network."""
        if self.operations:
            return words_of(self.operations[0].operations)
        return self.rules[0].words if self.rules else None

    @property
    def fit(self) -> float | None:
        """How well held-out pairs are predicted, or the only pair is made; None for the network."""
        fits = [*(one.fit for one in self.operations[:1]), *(one.fit for one in self.rules[:1])]
        return dict(self.agreements).get(self.name, fits[0]) if fits else None


BY_NETWORK = Method()


def method_of(
    pairs: Sequence[Pair], by_network: ByNetwork, seed: int = 0, progress: Progress = SILENT
) -> Method:
    """Return the way that predicts each pair from the others best; of a single pair, one that makes it.

    Parameters
    ----------
    by_network : the network's order of a recording, given pairs

    Raises
    ------
    Cancelled : the user asked for it
    """
    examples = [Example(units_of(pair.heard), pair.order) for pair in pairs]
    found = fitting_operations(examples, progress.part(0.0, 0.3))
    if len(pairs) == 1:
        rules = rules_of(pairs, seed, progress.part(0.3, 1.0))
        if found.best[0].fit >= max(_EXPLAINS, rules[0].fit if rules else 0.0):
            return Method(CHOICES, found.best)
        return Method(RULES, rules=rules) if rules and rules[0].fit >= _EXPLAINS else BY_NETWORK
    floors = [floor_of([*examples[:at], *examples[at + 1 :]]) for at in range(len(examples))]
    by_choices = [orders_by(each, one.units) for each, one in zip(found.held_out, examples, strict=True)]
    of_rules, of_network = held_out(pairs, by_network, seed, progress.part(0.3, 0.7))
    agreements = {
        FLOOR: fmean(one.agreement_of(floor) for one, floor in zip(examples, floors, strict=True)),
        CHOICES: fmean(
            agreement(orders[0].order, one.order, one.steps)
            for orders, one in zip(by_choices, examples, strict=True)
        ),
        RULES: of_rules,
        NETWORK: of_network,
    }
    name = FLOOR
    for other in METHODS[1:]:
        if agreements[other] > agreements[name] + (_BETTER if other == CHOICES else _CLEARLY_BETTER):
            name = other
    shares = tuple(agreements.items())
    if name == FLOOR:
        floor = floor_of(examples)
        fits = tuple(one.agreement_of(floor) for one in examples)
        made = [[Weighed(made_by(each, one.units), 1.0)] for each, one in zip(floors, examples, strict=True)]
        return Method(FLOOR, (FittingOperations(floor, fits),), agreements=shares, hits=_hits(examples, made))
    if name == CHOICES:
        return Method(CHOICES, found.best, agreements=shares, hits=_hits(examples, by_choices))
    rules = rules_of(pairs, seed, progress.part(0.7, 1.0)) if name == RULES else ()
    return Method(name, rules=rules, agreements=shares)


def agreed_cuts_of(method: Method, heard: StepFeatures) -> NDArray[np.bool_]:
    """Return whether most operations that fit leave each step out, shape (n,); True without operations."""
    if not method.operations:
        return np.ones(len(heard), bool)
    return agreed_cuts(orders_by(method.operations, units_of(heard)), len(heard))


def _hits(examples: Sequence[Example], made: Sequence[Sequence[Weighed]]) -> Hits:
    """Return how often held-out edits were the editor's.

    Parameters
    ----------
    made : orders of each example by their shares, the one proposed first
    """
    counts = {"phrases": [0, 0], "others": [0, 0], "repeats": [0, 0]}
    for one, orders in zip(examples, made, strict=True):
        ours, theirs = plays(orders[0].order, one.steps), plays(one.order, one.steps)
        agreed = agreed_cuts(orders, one.steps)
        for unit in one.units:
            own, right = ours[unit.first : unit.last], theirs[unit.first : unit.last]
            if float((own == 0).mean()) > _MOSTLY:
                if float(agreed[unit.first : unit.last].mean()) <= _MOSTLY:
                    continue
                kind = "phrases" if unit.kind == PHRASE else "others"
                counts[kind][0] += int(float((right == 0).mean()) > _MOSTLY)
                counts[kind][1] += 1
            elif float((own > 1).mean()) > _MOSTLY:
                counts["repeats"][0] += int(float((right > 1).mean()) > _MOSTLY)
                counts["repeats"][1] += 1
    return Hits(**{name: Rate(right, count) for name, (right, count) in counts.items()})
