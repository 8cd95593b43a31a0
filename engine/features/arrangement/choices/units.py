"""The units that an editor chooses from: phrases of music, and the talk, pauses and attempts between them.

Beat tracking confuses a tempo with its double (M. F. McKinney and D. Moelants, "Ambiguity in tempo
perception", Music Perception 24(2), 2006). Most phrases have 8 bars of about two seconds, so phrases decide
how many of the beats count as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log, log2
from statistics import median

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FalseStart
from engine.features.arrangement.references import false_starts_of
from engine.features.arrangement.step_features import IS_PLAYED, StepFeatures, talk_of
from engine.features.arrangement.steps import Span, Steps

_FACTORS = (1, 2, 4)
_USUAL_BAR_S, _OCTAVES = 2.2, 0.35
_OF_COUNTS = 0.7
_SHARES = {8: 0.5, 4: 0.25, 16: 0.12, 12: 0.05, 6: 0.03, 2: 0.02, 32: 0.02}
_OTHER_SHARE = 0.005
_SAME_OCTAVES = 0.15


def counted_as_one(lengths_s: Sequence[float], bars: Sequence[int]) -> list[int]:
    """Return how many counted bars of each phrase are one bar of the music, shape (k,).

    Phrases whose bars are of about the same length have the same number.

    Parameters
    ----------
    lengths_s : of phrases, shape (k,)
    bars : counted in each, at least 1, shape (k,)
    """
    bars_s = [length_s / count for length_s, count in zip(lengths_s, bars, strict=True)]
    groups: list[list[int]] = []
    for number in sorted(range(len(bars)), key=bars_s.__getitem__):
        if groups and log2(bars_s[number] / bars_s[groups[-1][-1]]) < _SAME_OCTAVES:
            groups[-1].append(number)
        else:
            groups.append([number])
    found = [1] * len(bars)
    for group in groups:
        likelihoods = {
            factor: sum(_likelihood(bars_s[n] * factor, bars[n] / factor) for n in group)
            for factor in _FACTORS
        }
        for number in group:
            found[number] = max(_FACTORS, key=likelihoods.__getitem__)
    return found


def _likelihood(bar_s: float, count: float) -> float:
    """Return the log-likelihood of bars of a length, and of their number in a phrase."""
    octaves = log2(bar_s / _USUAL_BAR_S) / _OCTAVES
    return _OF_COUNTS * log(_SHARES.get(round(count), _OTHER_SHARE)) - octaves**2 / 2.0


PHRASE, TALK, ATTEMPT, PAUSE, OTHER = "phrases", "talk", "broken-off starts", "pauses", "short playing"
PAUSE_AFTER_TALK = "pauses after talk"
KINDS = (PHRASE, TALK, PAUSE_AFTER_TALK, ATTEMPT, PAUSE, OTHER)
_WHOLE_SHARE = 0.93
"""A rendition with less than this share of the usual length of its phrase, with no phrase after it, is broken
off."""
_LONGEST_ATTEMPT_S, _OF_ATTEMPT = 12.0, 0.8
"""A phrase with this share in a false start is broken off; a longer false start is a performance."""
_LONGEST_BREAK_S = 3.0
"""Phrases with a longer break between them are in two sections."""
_SHORT_PLAYING_S = 1.5
"""Shorter playing between talk and a pause, such as a single note, does not separate them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Steps [first, last) of a recording that an editor plays or leaves out.

    Attributes
    ----------
    kind : one of `KINDS`
    label : number of the phrase that is played; -1 for other kinds
    section : number of the section, the phrases without a long break between them; -1 for other kinds
    level_db : of its sound, relative to the loud steps
    lasts_s : how long
    bars : the steps at which its bars begin, and `last`; only the ends without a pulse
    """

    first: int
    last: int
    kind: str
    label: int
    section: int
    level_db: float
    lasts_s: float
    bars: tuple[int, ...]

    @property
    def span(self) -> Span:
        """Its steps [first, last)."""
        return self.first, self.last

    @property
    def bar_spans(self) -> list[Span]:
        """The steps [first, last) of each bar."""
        return list(pairwise(self.bars))


def units_of(heard: StepFeatures) -> tuple[Unit, ...]:
    """Return the units of a recording: they are in order, and each step is in one of them."""
    labels, borders = np.full(len(heard), -1), {0, len(heard)}
    for one in heard.phrases:
        labels[one.first : one.last] = one.label
        borders |= {one.first, one.last}
    kinds = _kinds(heard, labels >= 0)
    borders |= set((np.flatnonzero(np.diff(kinds)) + 1).tolist())
    starts = [one for one in false_starts_of(heard) if one.stop_s - one.start_s <= _LONGEST_ATTEMPT_S]
    found = [
        _or_attempt(_unit(heard, first, last, KINDS[kinds[first]], int(labels[first])), heard.steps, starts)
        for first, last in pairwise(sorted(borders))
    ]
    return tuple(_with_bars(list(_with_sections(list(_after_talk(_with_attempts(found)))))))


def in_phrases(heard: StepFeatures) -> NDArray[np.bool_]:
    """Return whether each step is in a phrase that is played whole, shape (n,)."""
    flags = np.zeros(len(heard), bool)
    for one in units_of(heard):
        flags[one.first : one.last] = one.kind == PHRASE
    return flags


def _kinds(heard: StepFeatures, is_phrase: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the kind of each step as a place in `KINDS`, shape (n,)."""
    kinds = np.where(heard.features[:, IS_PLAYED] > 0.5, KINDS.index(OTHER), KINDS.index(PAUSE))
    kinds[talk_of(heard.steps, heard.talk_s)] = KINDS.index(TALK)
    kinds[is_phrase] = KINDS.index(PHRASE)
    for one in false_starts_of(heard):
        first, last = heard.steps.nearest_edge(one.start_s), heard.steps.nearest_edge(one.stop_s)
        kinds[first:last][~is_phrase[first:last]] = KINDS.index(ATTEMPT)
    return kinds


def _unit(heard: StepFeatures, first: int, last: int, kind: str, label: int) -> Unit:
    bar = heard.steps.bar_beats
    lines = range(first + bar, last - bar // 2, bar)
    lasts_s = float(heard.steps.lengths_s[first:last].sum())
    return Unit(first, last, kind, label, -1, heard.level_db(first, last), lasts_s, (first, *lines, last))


def _or_attempt(unit: Unit, steps: Steps, starts: Sequence[FalseStart]) -> Unit:
    """Return a unit; a phrase is broken off if most of it is in one of some false starts."""
    if unit.kind != PHRASE:
        return unit
    start_s, stop_s = (float(steps.edges_s[at]) for at in unit.span)
    shared_s = max((min(stop_s, one.stop_s) - max(start_s, one.start_s) for one in starts), default=0.0)
    return replace(unit, kind=ATTEMPT, label=-1) if shared_s >= _OF_ATTEMPT * unit.lasts_s else unit


def _with_bars(units: Sequence[Unit]) -> Iterator[Unit]:
    """Yield units; the bars of phrases are those of the music where twice as many are counted."""
    phrases = [one for one in units if one.kind == PHRASE]
    factors = counted_as_one([one.lasts_s for one in phrases], [len(one.bar_spans) for one in phrases])
    of_phrases = dict(zip(phrases, factors, strict=True))
    for one in units:
        yield replace(one, bars=(*one.bars[: -1 : of_phrases.get(one, 1)], one.last))


def _with_attempts(units: Sequence[Unit]) -> list[Unit]:
    """Return units; a short rendition that no phrase follows is broken off if a whole one comes later."""
    usual = {
        label: median(one.lasts_s for one in units if one.label == label)
        for label in {one.label for one in units}
    }
    found = []
    for number, one in enumerate(units):
        is_short = one.kind == PHRASE and one.lasts_s < _WHOLE_SHARE * usual[one.label]
        rest = units[number + 1 :]
        stops = not rest or rest[0].kind != PHRASE
        again = any(
            other.label == one.label and other.lasts_s >= _WHOLE_SHARE * usual[one.label] for other in rest
        )
        found.append(replace(one, kind=ATTEMPT, label=-1) if is_short and stops and again else one)
    return found


def _after_talk(units: Sequence[Unit]) -> Iterator[Unit]:
    """Yield units; a pause after talk has a kind of its own: editors that play talk often play these."""
    follows_talk = False
    for one in units:
        yield replace(one, kind=PAUSE_AFTER_TALK) if follows_talk and one.kind == PAUSE else one
        is_short = one.kind == OTHER and one.lasts_s < _SHORT_PLAYING_S
        follows_talk = one.kind == TALK or (follows_talk and is_short)


def _with_sections(units: Sequence[Unit]) -> Iterator[Unit]:
    """Yield units with the numbers of their sections: a long break begins another one."""
    section, break_s = -1, np.inf
    for one in units:
        if one.kind != PHRASE:
            break_s += one.lasts_s
            yield one
            continue
        section += break_s > _LONGEST_BREAK_S
        break_s = 0.0
        yield replace(one, section=section)
