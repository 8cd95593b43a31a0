"""The division of a run into phrases is the best of all divisions, and phrases get labels and lose tails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.signal.span_means import running_sums
from engine.features.arrangement.form import Form, Sounds
from engine.features.arrangement.phrases import _divided, _labelled, _lengths_s, _phrases, _Scored
from engine.features.arrangement.steps import Section, Span
from tests.engine.features.arrangement.test_form import form

REST, BRIEF, REMAINDER, SHORT, OF_LONG = 2.8, 1.9, -2.0, -1.1, 0.3


def scored(spans: Sequence[Span], scores: Sequence[float]) -> _Scored:
    """Return candidates with scores, by their ends."""
    by_end = sorted(zip(spans, scores, strict=True), key=lambda one: (one[0][1], one[0][0]))
    table = np.array([span for span, _ in by_end], np.int64).reshape(-1, 2)
    values = np.array([score for _, score in by_end], np.float64)
    return _Scored(table, values, np.zeros(len(table), bool), np.zeros(len(table)))


def every_division(first: int, last: int) -> Iterator[tuple[Span, ...]]:
    """Yield every sequence of spans that is a run."""
    if first == last:
        yield ()
    for stop in range(first + 1, last + 1):
        for rest in every_division(stop, last):
            yield ((first, stop), *rest)


def value_of(span: Span, run: Span, one: Form, known: dict[Span, float]) -> float:
    """Return the score of a span by the rules, one after the other."""
    if span in one.rests:
        return REST
    if span in known:
        return known[span]
    lasts_s = one.lasts_s(span)
    remainder = REMAINDER - OF_LONG * max(0.0, float(np.log2(lasts_s / 16.0))) ** 2
    at_start, at_end = span[0] == run[0], span[1] == run[1]
    if lasts_s <= 1.6 and at_start != at_end:
        return BRIEF
    short = SHORT if lasts_s < 3.5 else -np.inf
    return max(short, remainder) if at_start or at_end else short


def total(division: Sequence[Span], run: Span, one: Form, known: dict[Span, float]) -> float:
    borders = one.borders(run)
    inner = sum(float(borders[stop - run[0]]) for _, stop in division)
    return inner + sum(value_of(span, run, one, known) for span in division)


@pytest.mark.parametrize("seed", range(10))
def test_the_best_division_is_that_of_a_plain_search(seed: int) -> None:
    rng = np.random.default_rng(seed)
    run = (2, 13)
    changes = rng.uniform(-1.0, 5.0, 16)
    rests = frozenset({(5, 7)}) if seed % 2 else frozenset()
    one = form(15, changes=changes, rests=rests)
    spans = [(first, last) for first in range(2, 13) for last in range(first + 1, 14) if rng.random() < 0.4]
    known = dict(zip(spans, rng.normal(0.0, 3.0, len(spans)).tolist(), strict=True))
    found = _divided(one, run, scored(spans, list(known.values())))
    best = max(every_division(*run), key=lambda division: total(division, run, one, known))
    assert total(found, run, one, known) == pytest.approx(total(best, run, one, known))
    assert tuple(found) == best


def test_a_run_without_candidates_is_one_remainder() -> None:
    assert _divided(form(40), (0, 40), scored([], [])) == [(0, 40)]
    assert _divided(form(400), (0, 400), scored([], [])) == [(0, 400)]  # longer than any phrase
    assert _divided(form(4), (1, 2), scored([], [])) == [(1, 2)]


def test_equal_divisions_begin_as_early_as_they_can() -> None:
    known = {(0, 8): 9.0, (8, 16): 9.0, (0, 16): 14.4}  # a border costs 3.6
    found = _divided(form(16), (0, 16), scored(list(known), list(known.values())))
    assert found == [(0, 16)]
    known[0, 16] = 14.3
    assert _divided(form(16), (0, 16), scored(list(known), list(known.values()))) == [(0, 8), (8, 16)]


def test_rests_and_what_is_too_short_are_no_phrases() -> None:
    one = form(30, rests=frozenset({(12, 16)}))
    known = {(0, 12): 12.0, (16, 26): 12.0, (26, 30): 12.0}
    candidates = scored(list(known), list(known.values()))
    assert _divided(one, (0, 30), candidates) == [(0, 12), (12, 16), (16, 26), (26, 30)]
    assert _phrases(one, [(0, 30)], candidates) == [(0, 12), (16, 26)]  # 2 s are none


def repeated(*names: str, of_steps: int = 8) -> Sounds:
    """Return passages of 8 steps of half seconds each, the same sound for the same name."""
    made = {}
    for name in sorted(set(names)):
        rng = np.random.default_rng(ord(name))
        made[name] = rng.uniform(0.0, 1.0, (5 * of_steps // 2, 8)), rng.normal(0.0, 3.0, (5 * of_steps, 6))
    pitches, bands = (np.concatenate([made[name][part] for name in names]) for part in (0, 1))
    return Sounds(running_sums(pitches), running_sums(bands))


def test_phrases_that_sound_alike_have_one_label_by_first_appearance() -> None:
    spans = [(at, at + 8) for at in range(0, 40, 8)]
    found = _labelled(repeated(*"ABACB"), form(40), spans)
    assert found == [Section(*span, label) for span, label in zip(spans, [0, 1, 0, 2, 1], strict=True)]
    assert _labelled(repeated("A"), form(8), []) == []
    assert _labelled(repeated("A"), form(8), [(0, 8)]) == [Section(0, 8, 0)]


def test_a_short_phrase_played_once_is_the_beginning_of_another_or_none() -> None:
    sounds = repeated(*"ABABAC")  # of these A B is the phrase
    known = [(0, 16), (16, 32)]
    assert _labelled(sounds, form(48), [*known, (32, 40)]) == [
        Section(0, 16, 0),
        Section(16, 32, 0),
        Section(32, 40, 0),  # begins as it
    ]
    assert _labelled(sounds, form(48), [*known, (40, 48)]) == [Section(0, 16, 0), Section(16, 32, 0)]
    long = [*known, (35, 46)]  # 11 of 16 steps: too long to be left out
    assert [one.label for one in _labelled(sounds, form(48), long)] == [0, 0, 1]


def test_a_tail_that_no_phrase_follows_is_cut_and_one_that_leads_on_is_not() -> None:
    sounds = repeated(*"AABACC")
    spans = [(0, 8), (8, 16), (24, 34)]  # a second more
    found = _labelled(sounds, form(48), spans)
    assert found == [Section(0, 8, 0), Section(8, 16, 0), Section(24, 32, 0)]
    leads_on = _labelled(sounds, form(48), [*spans, (34, 42)])
    assert (leads_on[2].first, leads_on[2].last) == (24, 34)


def test_lengths_are_medians_of_phrases_that_are_played_again() -> None:
    phrases = [Section(0, 8, 0), Section(8, 18, 0), Section(20, 24, 1), Section(24, 36, 0)]
    assert _lengths_s(form(40), phrases) == [5.0]
    assert _lengths_s(form(40), []) == []
    assert _lengths_s(form(40), [replace(phrases[0], label=3)]) == []
