"""The rules of an editor are found in few edits, carried over to other forms, and hold bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.features.arrangement.alike import jump_f
from engine.features.arrangement.decode import Bounds
from engine.features.arrangement.editor import (
    Editor,
    arrangements,
    learn_editor,
    load_editor,
    save_editor,
    shipped_network,
)
from engine.features.arrangement.methods import METHODS, NETWORK, RULES, method_of
from engine.features.arrangement.network import Pair
from engine.features.arrangement.rules.learned import arrangements_by
from engine.features.arrangement.rules.outline import outlines_of
from engine.features.arrangement.rules.search import Edited, Fitting, fitting_rules, orders_by
from engine.features.arrangement.step_features import HAS_BEAT, IS_PLAYED, StepFeatures
from engine.features.arrangement.steps import Order, Section, length_s, order_of, plays
from tests.engine.features.arrangement import made

BAR = 4
LEVELS = {"I": -0.3, "V": 0.1, "C": 0.5, "B": 0.0, "O": -0.3}
FORMS = ("IVCVCO", "IVVCVCBCO", "IVCVCBCCO", "VCVCBCO", "IVCBVCCO")


def song(form: str, bars: dict[str, int], talk: int = 10) -> StepFeatures:
    """Return a song of such sections after talk and a rest."""
    lengths = [BAR * bars.get(label, 8) for label in form]
    one = made.heard(np.random.default_rng(len(form)), [(talk, True), (6, False), (sum(lengths), True)])
    one.features[:, 0] = np.where(one.features[:, 0] < 0, one.features[:, 0], 0.0)
    one.features[:, IS_PLAYED] = one.features[:, 0] > -0.5
    one.features[:, HAS_BEAT] = 0.0
    at, sections = talk + 6, []
    one.features[at:, HAS_BEAT] = 1.0
    labels = list(dict.fromkeys(form))
    for label, length in zip(form, lengths, strict=True):
        one.features[at : at + length, 0] = LEVELS[label]
        sections.append(Section(at, at + length, labels.index(label)))
        at += length
    return replace(one, sections=tuple(sections))


def radio_edit(heard: StepFeatures, form: str) -> Order:
    """Return the last four bars of the intro, and all but the second chorus."""
    choruses = [at for at, label in enumerate(form) if label == "C"]
    spans = [
        (one.last - 4 * BAR, one.last) if form[at] == "I" else (one.first, one.last)
        for at, one in enumerate(heard.sections)
        if at != choruses[1]
    ]
    return order_of(spans)


def chorus_first(heard: StepFeatures, form: str) -> Order:
    """Return the last chorus, and then the song."""
    last = heard.sections[max(at for at, label in enumerate(form) if label == "C")]
    return order_of([(last.first, last.last), (heard.sections[0].first, heard.sections[-1].last)])


def pairs_of(edit: Callable[[StepFeatures, str], Order], forms: Sequence[str] = FORMS[:3]) -> list[Pair]:
    found = []
    for number, form in enumerate(forms):
        heard = song(form, {"V": 8 + 4 * (number % 2), "I": 6 + 2 * number}, 8 + 4 * number)
        found.append(Pair(form, heard, edit(heard, form)))
    return found


def rules_of(pairs: Sequence[Pair], seed: int = 0) -> tuple[Fitting, ...]:
    return fitting_rules([Edited(outlines_of(pair.heard), pair.order) for pair in pairs], seed)


@pytest.fixture(scope="module")
def by_chorus() -> tuple[Fitting, ...]:
    return rules_of(pairs_of(chorus_first))


@pytest.mark.parametrize("edit", [radio_edit, chorus_first])
def test_a_rule_found_in_three_edits_makes_the_fourth(edit: Callable[[StepFeatures, str], Order]) -> None:
    rules = rules_of(pairs_of(edit))
    assert rules[0].fit > 0.95
    form = "IVCVCBCO"
    heard = song(form, {"V": 16, "C": 12, "I": 8})
    found = orders_by(rules, outlines_of(heard))[0].order
    np.testing.assert_array_equal(found, edit(heard, form))


def test_without_bounds_the_search_with_free_jumps_plays_what_the_rules_make(
    by_chorus: tuple[Fitting, ...],
) -> None:
    heard = song(FORMS[3], {"V": 12})
    bounds = Bounds.none(len(heard))
    found = arrangements_by(orders_by(by_chorus, outlines_of(heard)), heard, bounds, (1, 2))
    np.testing.assert_array_equal(found[0].order, orders_by(by_chorus, outlines_of(heard))[0].order)
    assert len({one.order.tobytes() for one in found}) == len(found) > 1


def test_held_steps_are_played_cut_ones_are_not_and_the_length_is_met(by_chorus: tuple[Fitting, ...]) -> None:
    heard = song(FORMS[3], {"V": 12})
    bounds = Bounds.none(len(heard))
    bounds.must[3:6], bounds.never[70:90] = True, True
    weighed = orders_by(by_chorus, outlines_of(heard))
    order = arrangements_by(weighed, heard, replace(bounds, least_steps=4))[0].order
    played = plays(order, len(heard))
    assert (played[3:6] > 0).all()
    assert (played[70:90] == 0).all()
    for target_s in (20.0, 60.0):
        short = arrangements_by(weighed, heard, replace(bounds, least_steps=4, target_s=target_s))[0].order
        assert abs(length_s(short, heard.steps) - target_s) <= 4.0
        assert (plays(short, len(heard))[3:6] > 0).all()


def test_the_method_that_predicts_the_pairs_best_is_used() -> None:
    rng = np.random.default_rng(0)
    pairs = pairs_of(chorus_first)
    anything = [
        replace_order(pair, order_of([(first, first + 9) for first in rng.integers(0, 60, 5).tolist()]))
        for pair in pairs
    ]
    known = {id(pair.heard): pair.order for pair in [*pairs, *anything]}

    def by_network(heard: StepFeatures, _: Sequence[Pair]) -> Order:
        return known[id(heard)]

    assert method_of(anything, by_network).name == NETWORK
    found = method_of(pairs, lambda heard, _: np.arange(len(heard)))
    assert found.name == RULES
    assert dict(found.agreements).keys() == set(METHODS)
    bare = [
        replace_order(Pair("", replace(pair.heard, sections=()), pair.order), pair.order) for pair in pairs
    ]
    known |= {id(pair.heard): pair.order for pair in bare}
    assert method_of(bare, by_network).name == NETWORK


def replace_order(pair: Pair, order: Order) -> Pair:
    return Pair(pair.name, pair.heard, order)


def test_an_editor_with_rules_is_stored_and_arranges_by_them(tmp_path: Path) -> None:
    pairs = [
        replace(pair, heard=replace(pair.heard, powers_db=pair.heard.levels_db - 9.0))
        for pair in pairs_of(chorus_first)
    ]
    editor = learn_editor(pairs, "teaser", shipped_network(), steps=2)
    assert editor.method.name == RULES
    save_editor(editor, tmp_path / "teaser.editor")
    again = load_editor(tmp_path / "teaser.editor")
    assert again.method == editor.method
    assert again.pairs[1].heard.sections == editor.pairs[1].heard.sections
    np.testing.assert_array_equal(again.pairs[1].heard.powers_db, pairs[1].heard.powers_db)
    heard = song(FORMS[4], {"V": 16})
    wanted = chorus_first(heard, FORMS[4])
    bounds = Bounds.none(len(heard))
    assert jump_f(arrangements(shipped_network(), heard, bounds, editor=again)[0].order, wanted) == 1.0
    plain = Editor("plain", again.pairs, again.adapter)
    assert jump_f(arrangements(shipped_network(), heard, bounds, editor=plain)[0].order, wanted) < 1.0
    assert not again.has_old_rules
    older = (tmp_path / "teaser.editor").read_bytes().replace(b'\\"rules\\": 2', b'\\"rules\\": 1')
    (tmp_path / "older.editor").write_bytes(older)
    old = load_editor(tmp_path / "older.editor")
    assert old.has_old_rules
    assert old.method.name == NETWORK


def test_a_single_example_is_enough_for_a_rule_that_makes_it() -> None:
    (pair,) = pairs_of(chorus_first, FORMS[1:2])
    heard = song(FORMS[1], {"V": 16})
    found = arrangements(shipped_network(), heard, Bounds.none(len(heard)), like=[pair])[0].order
    assert jump_f(found, chorus_first(heard, FORMS[1])) == 1.0
