"""The method of an editor is the simplest that is clearly the best; its hits on held-out pairs count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.features.arrangement.choices.operations import (
    ALL,
    PLACE,
    SECTION,
    Again,
    Choice,
    Operations,
    words_of,
)
from engine.features.arrangement.choices.search import FittingOperations, made_by
from engine.features.arrangement.choices.units import units_of
from engine.features.arrangement.methods import (
    BY_NETWORK,
    CHOICES,
    FLOOR,
    METHODS,
    NETWORK,
    NO_HITS,
    NO_RATE,
    RULES,
    Hits,
    Method,
    Rate,
    agreed_cuts_of,
    method_of,
)
from engine.features.arrangement.network import Pair
from engine.features.arrangement.rules.search import Fitting
from engine.features.arrangement.step_features import IS_PLAYED, StepFeatures
from engine.features.arrangement.steps import Order, Section, order_of
from tests.engine.features.arrangement import made


def jam(phrases: int = 3) -> StepFeatures:
    """Return renditions of a phrase of 8 steps, after pauses of 8 steps."""
    one = made.heard(np.random.default_rng(phrases), [(8, number % 2 == 1) for number in range(2 * phrases)])
    one.features[:, IS_PLAYED] = np.arange(len(one)) // 8 % 2
    found = tuple(Section(8 + 16 * at, 16 + 16 * at, 0) for at in range(phrases))
    powers = np.where(np.arange(len(one)) // 8 % 2, -20.0, -70.0).astype(np.float32)
    return replace(one, phrases=found, powers_db=powers)


def all_of(heard: StepFeatures, _: object) -> Order:
    return np.arange(len(heard))


def test_a_rate_is_reliable_from_three_of_four_and_five_tries_on() -> None:
    assert not NO_RATE.is_reliable
    assert not Rate(4, 4).is_reliable
    assert Rate(5, 5).is_reliable
    assert Rate(6, 8).is_reliable
    assert not Rate(5, 8).is_reliable


def test_words_and_fit_are_those_of_the_best_way() -> None:
    assert (BY_NETWORK.name, BY_NETWORK.words, BY_NETWORK.fit, BY_NETWORK.hits) == (
        NETWORK,
        None,
        None,
        NO_HITS,
    )
    twice = Operations(again=Again(2))
    by_choices = Method(CHOICES, (FittingOperations(twice, (0.5, 1.0)),))
    assert (by_choices.words, by_choices.fit) == ("plays all phrases 2 times", 0.75)
    compared = replace(by_choices, agreements=((FLOOR, 0.1), (CHOICES, 0.6)))
    assert compared.fit == 0.6
    by_rules = Method(RULES, rules=(Fitting((0.99,) * 40, 0.9),))
    assert (by_rules.words, by_rules.fit) == ("begins with a section from later", 0.9)
    assert METHODS == (FLOOR, CHOICES, RULES, NETWORK)


def test_cuts_are_agreed_on_by_most_operations_and_by_all_without_any() -> None:
    heard = jam()
    assert agreed_cuts_of(BY_NETWORK, heard).all()
    first, last = (Operations(choices=(Choice(ALL, PLACE, is_most, 1),)) for is_most in (False, True))
    equal = Method(CHOICES, tuple(FittingOperations(one, (0.9,)) for one in (first, last)))
    cut = np.ones(48, bool)
    cut[8:16] = cut[40:48] = False  # half of them play one, half the other
    np.testing.assert_array_equal(agreed_cuts_of(equal, heard), cut)
    sure = Method(CHOICES, (FittingOperations(first, (0.95,)), FittingOperations(last, (0.8,))))
    cut[40:48] = True
    np.testing.assert_array_equal(agreed_cuts_of(sure, heard), cut)


@pytest.fixture(autouse=True)
def few_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search a narrow beam and few rules: the pairs here are simple."""
    monkeypatch.setattr("engine.features.arrangement.choices.search._BEAM", 2)
    monkeypatch.setattr("engine.features.arrangement.choices.search._ROUNDS", 1)
    for name, count in (("_FIRST", 60), ("_FEW_FIRST", 30), ("_ROUNDS", 1), ("_FEW_ROUNDS", 1)):
        monkeypatch.setattr(f"engine.features.arrangement.rules.search.{name}", count)


def pairs_of(editor: Operations) -> list[Pair]:
    return [Pair("", heard := jam(count), made_by(editor, units_of(heard))) for count in (2, 3, 4)]


def test_of_equally_good_ways_the_floor_is_used_and_its_hits_are_counted() -> None:
    found = method_of(pairs_of(Operations()), all_of)
    assert found.name == FLOOR
    assert found.operations[0].operations == Operations()
    assert found.operations[0].fits == pytest.approx((1.0, 1.0, 1.0))
    assert dict(found.agreements)[FLOOR] == pytest.approx(1.0)
    # Of 2, 3 and 4 pauses all are cut by both; no phrase is cut, and none is repeated.
    assert found.hits == Hits(NO_RATE, Rate(9, 9), NO_RATE)


def test_choices_that_predict_the_pairs_are_used_with_their_hits() -> None:
    first = Operations(choices=(Choice(ALL, PLACE, False, 1),), again=Again(2))
    found = method_of(pairs_of(first), all_of)
    assert found.name == CHOICES
    assert found.words == words_of(found.operations[0].operations)
    assert dict(found.agreements)[CHOICES] == pytest.approx(1.0)
    # Of 2, 3 and 4 phrases all but one are cut, and that one is repeated.
    assert found.hits == Hits(Rate(6, 6), Rate(9, 9), Rate(3, 3))


def test_a_network_that_predicts_what_no_operations_make_is_used() -> None:
    rng = np.random.default_rng(1)
    pairs = []
    for heard in (jam(2), jam(3), jam(4)):
        starts = rng.integers(0, len(heard) - 3, 4).tolist()
        pairs.append(Pair("", heard, order_of([(at, at + 3) for at in starts])))
    known = {id(pair.heard): pair.order for pair in pairs}
    found = method_of(pairs, lambda heard, _: known[id(heard)])
    assert (found.name, found.operations, found.rules, found.hits) == (NETWORK, (), (), NO_HITS)
    assert dict(found.agreements)[NETWORK] == pytest.approx(1.0)
    assert found.fit is None


def test_a_single_pair_is_explained_by_choices_or_left_to_the_network() -> None:
    one = Operations(choices=(Choice(SECTION, PLACE, True, 1),))
    (pair, *_) = pairs_of(one)
    assert method_of([pair], all_of).name == CHOICES
    assert method_of([pair], all_of).agreements == ()
    scrambled = order_of([(at, at + 1) for at in (30, 3, 17, 3, 25, 9, 31, 12)])
    assert method_of([replace(pair, order=scrambled)], all_of) == BY_NETWORK
