"""What an editor does with phrases is found in few edits, carried over to other jams, and told in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.found_takes import FalseStart, FoundTakes
from engine.features.arrangement.choices.operations import (
    ALL,
    LABEL,
    LEVEL,
    PLACE,
    SECTION,
    Again,
    Choice,
    Limit,
    Opener,
    Operations,
    Part,
    Sorting,
    words_of,
)
from engine.features.arrangement.choices.search import Example, fitting_operations, made_by
from engine.features.arrangement.choices.units import (
    ATTEMPT,
    OTHER,
    PAUSE,
    PAUSE_AFTER_TALK,
    PHRASE,
    TALK,
    counted_as_one,
    units_of,
)
from engine.features.arrangement.decode import Bounds
from engine.features.arrangement.editor import Editor, arrangements, load_editor, save_editor, shipped_network
from engine.features.arrangement.methods import CHOICES, FLOOR, RULES, method_of
from engine.features.arrangement.network import Adapter, Pair
from engine.features.arrangement.step_features import IS_PLAYED, StepFeatures
from engine.features.arrangement.steps import Section, order_of, plays
from tests.engine.features.arrangement import made

BAR = 4


def jam(seed: int, form: str = "t-AAB-tBBA-a-A-AB") -> StepFeatures:
    """Return a jam: capitals are phrases of 8 bars, t is talk, a broken off; - and . are pauses."""
    rng = np.random.default_rng(seed)
    lengths = [{"t": 12, "-": 8, ".": 4, "a": 10}.get(one, 8 * BAR) for one in form]
    one = made.heard(rng, [(length, kind not in "-.") for length, kind in zip(lengths, form, strict=True)])
    powers, phrases, talk, at = np.full(len(one), -70.0, np.float32), [], [], 0
    one.features[:, IS_PLAYED] = 0.0
    levels = iter(rng.permutation(20).tolist())
    for kind, length in zip(form, lengths, strict=True):
        here = slice(at, at + length)
        if kind not in "-.":
            one.features[here, IS_PLAYED] = 1.0
            powers[here] = -40.0 + next(levels)
        if kind in "AB":
            phrases.append(Section(at, at + length, "AB".index(kind)))
        elif kind == "a":
            phrases.append(Section(at, at + length, 0))
        elif kind == "t":
            talk.append((at * 0.5, (at + length) * 0.5))
        at += length
    return replace(one, phrases=tuple(phrases), talk_s=tuple(talk), powers_db=powers)


def test_units_cover_a_jam_and_have_kinds_labels_and_sections() -> None:
    heard = jam(0)
    units = units_of(heard)
    assert [one.kind for one in units] == [
        *(TALK, PAUSE_AFTER_TALK, PHRASE, PHRASE, PHRASE, PAUSE, TALK),
        *(PHRASE, PHRASE, PHRASE, PAUSE, ATTEMPT, PAUSE, PHRASE, PAUSE, PHRASE, PHRASE),
    ]
    assert [one.label for one in units if one.kind == PHRASE] == [0, 0, 1, 1, 1, 0, 0, 0, 1]
    assert [units[0].first, *(one.last for one in units)] == [*(one.first for one in units), len(heard)]
    assert {len(one.bar_spans) for one in units if one.kind == PHRASE} == {8}


@pytest.mark.parametrize(("apart_s", "kind"), [(0.25, ATTEMPT), (0.5, PHRASE)])
def test_a_phrase_in_a_short_false_start_is_broken_off_and_in_a_long_one_it_is_complete(
    apart_s: float, kind: str
) -> None:
    heard = jam(0, "A-A-B")
    heard = replace(heard, steps=made.steps(len(heard), apart_s))
    first, again = heard.phrases[:2]
    start = FalseStart.of(
        first.first * apart_s, first.last * apart_s - 0.2, again.first * apart_s, likelihood=0.9
    )
    units = units_of(replace(heard, takes=FoundTakes(false_starts=(start,))))
    assert [one.kind for one in units] == [kind, PAUSE, PHRASE, PAUSE, PHRASE]


def test_pauses_after_talk_are_a_kind_of_their_own() -> None:
    kinds = [one.kind for one in units_of(jam(0, "A.-AtB-.t-A"))]
    assert kinds == [PHRASE, PAUSE, PHRASE, TALK, PHRASE, PAUSE, TALK, PAUSE_AFTER_TALK, PHRASE]


def test_a_long_break_begins_another_section() -> None:
    sections = [one.section for one in units_of(jam(1, "AA.AB-AB.t-B")) if one.kind == PHRASE]
    assert sections == [0, 0, 0, 0, 1, 1, 2]


def test_bars_counted_twice_as_fast_are_those_of_the_music() -> None:
    assert counted_as_one([17.6, 17.4, 8.8], [16, 16, 8]) == [2, 2, 2]
    assert counted_as_one([17.6, 17.4, 8.8], [8, 8, 4]) == [1, 1, 1]
    assert counted_as_one([17.6, 16.0, 17.6], [32, 8, 16]) == [4, 1, 2]
    assert counted_as_one([], []) == []
    heard = jam(0, "AAB")
    fast = replace(heard, steps=replace(heard.steps, edges_samples=heard.steps.edges_samples // 2))
    assert {len(one.bar_spans) for one in units_of(fast)} == {4}


LOUDEST = Choice(SECTION, LEVEL, is_most=True, count=1)
EDITORS = {
    "plays the loudest rendition of each section 2 times": Operations(choices=(LOUDEST,), again=Again(2)),
    "plays the last rendition of each phrase": Operations(choices=(Choice(LABEL, PLACE, True, 1),)),
    "plays all phrases, the first 4 bars of every 16 only": Operations(part=Part(16, 0, 0.25)),
    "plays sections, the loudest first": Operations(sorting=Sorting(SECTION, LEVEL, is_most=True)),
    "moves the last of the sections to the start": Operations(sorting=Sorting(SECTION, turned=-1)),
    "begins with the first 4 bars of the loudest rendition of all": Operations(
        opener=Opener(Choice(ALL, LEVEL, is_most=True, count=1), Part(bars=4), is_again=True)
    ),
    "plays the first rendition of each section and keeps talk": Operations(
        keeps=frozenset({TALK}), choices=(Choice(SECTION, PLACE, False, 1),)
    ),
    "plays music and keeps pauses up to 2 s": Operations(
        keeps=frozenset({PAUSE}), limits=(Limit(PAUSE, most_s=2.0),)
    ),
    "plays music and keeps talk and pauses after talk": Operations(keeps=frozenset({TALK, PAUSE_AFTER_TALK})),
    "plays music only": Operations(),
}


@pytest.mark.parametrize("words", EDITORS)
def test_an_editor_is_found_in_five_edits_and_edits_another_jam_alike(words: str) -> None:
    editor = EDITORS[words]
    assert words_of(editor) == words
    forms = ("t-AA.B-tBBA-aA-AB", "AB-tAA.B-B-tABA", "tAAA-BB-tB-aA.B", "BB.A-t-AAB-B", "t-A.BAB-tAA-B")
    examples = [
        Example(units := units_of(jam(at, form)), made_by(editor, units)) for at, form in enumerate(forms)
    ]
    found = fitting_operations(examples)
    assert found.best[0].fit == pytest.approx(1.0)
    other = units_of(jam(9, "AAB-tAB-BB.AA"))
    np.testing.assert_array_equal(made_by(found.best[0].operations, other), made_by(editor, other))


def test_nothing_is_left_but_the_whole_recording_if_no_phrase_is_known() -> None:
    heard = replace(jam(0), phrases=(), talk_s=())
    units = units_of(heard)
    assert {one.kind for one in units} == {OTHER, PAUSE}
    np.testing.assert_array_equal(made_by(Operations(), units), np.arange(len(heard)))


def test_an_editor_that_only_drops_rubbish_is_the_simplest_method() -> None:
    pairs = [Pair("", heard := jam(at), made_by(Operations(), units_of(heard))) for at in range(3)]
    found = method_of(pairs, lambda heard, _: np.arange(len(heard)))
    assert found.name == FLOOR
    assert found.hits.others.right == found.hits.others.count > 0
    assert found.hits.others.is_reliable
    assert not found.hits.repeats.is_reliable


def test_choices_are_stored_and_arrange_within_bounds(tmp_path: Path) -> None:
    editor = EDITORS["plays the loudest rendition of each section 2 times"]
    pairs = tuple(Pair("", heard := jam(at), made_by(editor, units_of(heard))) for at in range(3))
    method = method_of(pairs, lambda heard, _: np.arange(len(heard)))
    assert method.name == CHOICES
    assert dict(method.agreements)[CHOICES] > dict(method.agreements)[RULES]
    path = tmp_path / "loudest.editor"
    save_editor(Editor("loudest", pairs, Adapter().requires_grad_(False), method=method), path)
    again = load_editor(path)
    assert again.method == method
    assert again.pairs[1].heard.phrases == pairs[1].heard.phrases
    assert again.pairs[1].heard.talk_s == pairs[1].heard.talk_s
    heard = jam(7, "AAB-tAB-BBAA")
    bounds = Bounds.none(len(heard))
    found = arrangements(shipped_network(), heard, bounds, editor=again)[0].order
    np.testing.assert_array_equal(found, made_by(editor, units_of(heard)))
    bounds.never[found[:4]] = True
    bounds.must[120:124] = True
    bounded = plays(arrangements(shipped_network(), heard, bounds, editor=again)[0].order, len(heard))
    assert (bounded[found[:4]] == 0).all()
    assert (bounded[120:124] > 0).all()


def test_a_part_of_blocks_counts_bars_across_units() -> None:
    units = [one for one in units_of(jam(0, "AB")) if one.kind == PHRASE]
    spans = Part(16, 0, 0.25, is_end=True).spans(units)
    assert spans[0] == []
    assert order_of(spans[1]).tolist() == list(range(12 * BAR, 16 * BAR))
