"""Hidden editors do what their rules say, and the figures of reordered blocks come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import getclosurevars
from itertools import pairwise

import numpy as np
import pytest

from engine.features.arrangement.alike import agreement
from engine.features.arrangement.network import Pair
from engine.features.arrangement.step_features import HAS_BEAT, IS_PLAYED
from engine.features.arrangement.steps import Order, Section, order_of, spans_of
from engine.lab.evaluation.arranging.forms import hidden
from engine.lab.evaluation.arranging.forms.figures import jump_f, order_tau, reorders
from engine.lab.evaluation.arranging.forms.hidden import HiddenEditor
from engine.lab.evaluation.arranging.forms.plain import of_nearest, without_rubbish
from engine.lab.evaluation.arranging.forms.raws import TALK, Part
from engine.lab.evaluation.arranging.forms.songs import composed, sections_of
from tests.engine.features.arrangement import made

BAR_S = 2.0
LEVELS = {"I": -30.0, "V": -22.0, "C": -15.0, "B": -24.0, "O": -30.0}


def parts(form: str) -> tuple[Part, ...]:
    """Return talk, and a song with sections of eight bars."""
    found = [Part(TALK, 0.0, 10.0, level_db=-28.0)]
    for number, label in enumerate(form):
        start = 12.0 + 8 * BAR_S * number
        found.append(
            Part(label, start, start + 8 * BAR_S, 0, 0, level_db=LEVELS[label] + 0.1 * number, bar_s=BAR_S)
        )
    return tuple(found)


def first_of(
    make: Callable[[np.random.Generator], HiddenEditor], **choices: object
) -> list[tuple[float, float]]:
    """Return the spans of the first drawn editor whose rule has these choices."""
    for seed in range(10_000):
        editor = make(np.random.default_rng(seed))
        if choices.items() <= dict(getclosurevars(editor.rule).nonlocals).items():
            return editor.spans_s(parts("IVCVCO"))
    raise AssertionError


def test_hidden_editors_do_what_their_rules_say() -> None:
    radio = first_of(hidden.radio_edit, intro=4, passage="second verse to hook", end="half")
    assert radio == [(20.0, 60.0), (92.0, 100.0)]
    practice = first_of(hidden.practice_loop, which="hook", times=3)
    assert practice == [(44.0, 60.0)] * 3
    longer = first_of(hidden.extended_mix, bars=2, times=2, again="last hook", ends=False)
    assert longer == [(12.0, 16.0), (12.0, 92.0), (76.0, 108.0)]


def order(*spans: tuple[int, int]) -> Order:
    return order_of(spans)


def test_jumps_are_right_with_both_ends_within_a_step() -> None:
    right = order((10, 20), (40, 50), (0, 5))
    assert jump_f(right, right) == 1.0
    assert jump_f(order((10, 21), (39, 50), (0, 5)), right) == 1.0
    assert jump_f(order((10, 20), (44, 50), (0, 5)), right) == 0.5
    assert jump_f(order((0, 50)), right) == 0.0
    assert jump_f(order((0, 50)), order((3, 40))) == 1.0
    assert agreement(right, right, 60) == pytest.approx(1.0)
    assert agreement(order((0, 50)), right, 60) < 0.5


def test_the_order_of_blocks_is_compared_by_their_first_plays() -> None:
    right = order((40, 50), (20, 30), (0, 10))
    assert reorders(right)
    assert not reorders(order((0, 10), (0, 10), (20, 30)))
    assert order_tau(right, right, 60) == 1.0
    assert order_tau(order((0, 50)), right, 60) == -1.0
    assert order_tau(order((20, 30), (0, 10)), right, 60) == pytest.approx(1.0 / 3.0)


def test_plain_rows_drop_talk_and_carry_edits_over() -> None:
    one = made.heard(np.random.default_rng(0), [(30, True), (6, False), (64, True)])
    one.features[:, IS_PLAYED] = one.features[:, 0] > -0.5
    one.features[:, HAS_BEAT] = np.arange(100) >= 36
    one = replace(one, sections=(Section(36, 68, 0), Section(68, 100, 1)))
    assert spans_of(without_rubbish(one)) == [(36, 100)]
    pair = Pair("", one, order((68, 100), (36, 68)))
    assert spans_of(of_nearest(one, [pair])) == [(68, 100), (36, 68)]


def test_songs_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    assert composed(3) == composed(3) != composed(4)
    sections = sections_of(composed(3))
    assert "".join(one.label for one in sections) == composed(3).form
    assert all(one.stop_s == after.start_s for one, after in pairwise(sections))
