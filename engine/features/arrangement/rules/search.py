"""Six families of editors as rules, and the search for the rules behind an editor's edits.

The families are radio edits, extended mixes, practice loops, medleys, the best of a jam, and teasers. A rule
gives the spans of steps that an editor plays, in order: which sections, how much of them, in which order.
Each of its choices is read off a row of numbers from 0 to 1. Rules are drawn, and the best are changed one
choice after another (evolution strategy, H.-P. Schwefel, 1981; choices as in D. Wingate and others, AISTATS
2011). The edits by the best rules are weighted by fit, and the one of least expected loss is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import log2
from typing import TypeVar

import numpy as np

from engine.core.progress import SILENT, Progress
from engine.features.arrangement.alike import RightOrder, Weighed, by_expected_loss
from engine.features.arrangement.rules.outline import Outline, Stretch, Take
from engine.features.arrangement.steps import Order, Span, order_or_all

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


Rule = Callable[[Outline], list[Span]]


def shortening(choices: Choices) -> Rule:
    """Return a rule that leaves out sections, and shortens the first and the last one."""
    count, which = choices.one_of((0, 1, 1, 2)), choices.one_of((0, -1, -1))
    limit, only_once = choices.one_of((0, 0, 0, 8)), choices.is_so(0.6)
    opening, ending = (choices.one_of(("whole", "whole", "out", "part")) for _ in range(2))
    of_opening, of_ending = part_of(choices), part_of(choices)
    out = [leaves_out(choices) for _ in range(2)][:count]

    def spans(take: Take, beats: int) -> Iterator[Span]:
        left_out = {at for pick in out for at in pick(take)}
        labels = [one.label for one in take.sections]
        for at, one in enumerate(take.sections):
            is_plain = only_once and labels.count(one.label) > 1
            ends = {0: (opening, of_opening), len(labels) - 1: (ending, of_ending)}
            how, part = ("whole", of_opening) if is_plain or at not in ends else ends[at]
            if at in left_out or how == "out":
                continue
            if how == "part":
                yield part(one, beats)
            else:
                yield bars_of(one, limit * beats, is_end=False) if limit else one.span

    def rule(outline: Outline) -> list[Span]:
        takes = _each_piece(outline) if len(outline.pieces) > 1 else [outline.take(which)]
        return [span for take in takes for span in spans(take, outline.beats)]

    return rule


def _each_piece(outline: Outline) -> list[Take]:
    return [next(one for one in reversed(takes) if one.is_whole) for takes in outline.pieces]


def lengthening(choices: Choices) -> Rule:
    """Return a rule that repeats the first and the last section, and plays others again later."""
    which, count = choices.one_of((0, -1, -1)), choices.one_of((0, 1, 1, 2))
    opening_times, of_opening = choices.one_of((1, 2, 2, 3)), part_of(choices)
    ending_times, of_ending = choices.one_of((1, 1, 2, 3)), part_of(choices)
    goes_on = choices.is_so(0.3)
    again = [(pick_of(choices), pick_of(choices), choices.one_of((1, 1, 2))) for _ in range(2)][:count]

    def rule(outline: Outline) -> list[Span]:
        take = outline.take(which)
        sections = take.sections
        made = [of_opening(sections[0], outline.beats)] * (opening_times - 1)
        places = [(after(take), played, times) for after, played, times in again]
        for at, one in enumerate(sections):
            made.append(one.span)
            for after_which, played, times in places:
                if after_which == [at]:
                    chosen = played(take)
                    if goes_on and chosen:
                        chosen = list(range(chosen[0], min(at, chosen[0] + 1) + 1))
                    made += [sections[each].span for each in chosen] * times
        return made + [of_ending(sections[-1], outline.beats)] * (ending_times - 1)

    return rule


def practice(choices: Choices) -> Rule:
    """Return a rule that loops sections, maybe with the bars before them."""
    what = choices.one_of(("one", "labels", "sections", "two"), (0.5, 0.2, 0.1, 0.2))
    times, part, which = choices.one_of((2, 3, 4)), part_of(choices), choices.one_of((0, -1))
    first, second = pick_of(choices), pick_of(choices)
    lead_in, goes_on = choices.one_of((0, 0, 1, 2, 4)), choices.is_so(0.2)

    def chosen_of(take: Take) -> list[int]:
        labels = [one.label for one in take.sections]
        if what == "labels":
            return [labels.index(label) for label in dict.fromkeys(labels)]
        if what == "sections":
            return list(range(len(labels)))
        return first(take) + (second(take) if what == "two" else [])

    def rule(outline: Outline) -> list[Span]:
        take = outline.take(which)
        sections = take.sections
        made: list[Span] = []
        chosen = chosen_of(take) or [len(sections) - 1]
        for at in chosen:
            before = (
                [bars_of(sections[at - 1], lead_in * outline.beats, is_end=True)] if lead_in and at else []
            )
            made += [*before, part(sections[at], outline.beats)] * times
        return made + [one.span for one in sections[chosen[-1] + 1 :]] * goes_on

    return rule


def medley(choices: Choices) -> Rule:
    """Return a rule that joins a passage of each piece."""
    pick, part, sort = pick_of(choices), part_of(choices), sort_of(choices)
    before, after = choices.one_of((0, 0, 0, 1)), choices.one_of((0, 0, 0, 1))
    first_sections, to_hook = choices.one_of((0, 0, 0, 2, 3)), choices.is_so(0.3)

    def passage(take: Take, beats: int) -> list[Span]:
        sections = take.sections
        if first_sections:
            hook = 1 + [one.label for one in sections].index(take.roles["hook"])
            return [one.span for one in sections[: hook if to_hook else first_sections]]
        at = (pick(take) or [0])[0]
        chosen = sections[max(0, at - before) : at + 1 + after]
        return [one.span for one in chosen] if len(chosen) > 1 else [part(chosen[0], beats)]

    def rule(outline: Outline) -> list[Span]:
        takes = _each_piece(outline)
        order = sort([take.sections for take in takes])
        return [span for number in order for span in passage(takes[number], outline.beats)]

    return rule


def best_sections(choices: Choices) -> Rule:
    """Return a rule that picks the loudest, softest, longest or shortest sections, or those at an end."""
    count, part, sort = choices.one_of((1, 2, 3, 4, 5)), part_of(choices), sort_of(choices)
    by, is_most = choices.one_of(("level", "level", "level", "length", "place")), choices.is_so(0.65)

    def key(one: Stretch) -> float:
        return {"level": one.level_db, "length": one.lasts_s, "place": float(one.first)}[by]

    def rule(outline: Outline) -> list[Span]:
        sections = [
            one for takes in outline.pieces for take in takes if take.is_whole for one in take.sections
        ]
        best = sorted(sections, key=key, reverse=is_most)[:count]
        chosen = sorted(best, key=lambda one: one.first)
        return [part(chosen[at], outline.beats) for at in sort([[one] for one in chosen])]

    return rule


def teaser(choices: Choices) -> Rule:
    """Return a rule that puts a passage of talk first, and then plays the recording."""
    which, by = (
        choices.one_of((0, 1, -1, -1, -2)),
        choices.one_of(("place", "length", "level"), (0.5, 0.3, 0.2)),
    )
    of_it, begins = (
        choices.one_of(("all", "start", "end")),
        choices.one_of(("music", "music", "first", "talk")),
    )
    drops, sting = choices.one_of((0, 0, 0, 1)), choices.is_so(0.15)

    def key(one: Stretch) -> float:
        return {"level": one.level_db, "length": one.lasts_s, "place": float(one.first)}[by]

    def rule(outline: Outline) -> list[Span]:
        stretches = outline.stretches
        music = [at for at, one in enumerate(stretches) if one.label >= 0]
        talk = [at for at, one in enumerate(stretches) if one.label < 0]
        first = {"music": (music or [0])[0], "first": 0, "talk": (talk or [0])[0]}[begins]
        rest = stretches[first:]
        blocks = sorted((one for one in rest if one.label < 0), key=key) or list(rest)
        chosen = blocks[which] if -len(blocks) <= which < len(blocks) else blocks[-1]
        middle = outline.middles.get(chosen.first, chosen.last)
        shown = {"all": chosen.span, "start": (chosen.first, middle), "end": (middle, chosen.last)}[of_it]
        stings = [stretches[music[0]].span] if sting and music else []
        return [shown, *stings, (rest[0].first, rest[-1 - min(drops, len(rest) - 1)].last)]

    return rule


def hook_first(choices: Choices) -> Rule:
    """Return a rule that begins with a section from later, and then plays the piece."""
    pick, part = pick_of(choices, (*AGAIN, "loudest", "ending")), part_of(choices)
    skips, which, is_moved = choices.one_of((0, 0, 1)), choices.one_of((0, -1)), choices.is_so(0.4)

    def rule(outline: Outline) -> list[Span]:
        sections = outline.take(which).sections
        at = (pick(outline.take(which)) or [len(sections) - 1])[0]
        rest = [one.span for number, one in enumerate(sections) if number >= skips]
        if is_moved and at >= skips:
            rest.pop(at - skips)
        return [part(sections[at], outline.beats), *rest]

    return rule


FAMILIES = (shortening, lengthening, practice, medley, best_sections, teaser, hook_first)
_SHARES = (0.24, 0.17, 0.16, 0.16, 0.13, 0.09, 0.05)

RULES_IN_WORDS = (
    "leaves out sections, and shortens the first or the last one",
    "plays sections again",
    "loops sections",
    "joins a passage of each piece",
    "plays the best sections alone",
    "begins with a passage of talk",
    "begins with a section from later",
)
"""Of the families, in their order."""


def family_of(choices: Choices) -> int:
    """Return the number of the family of an editor, by the first choice."""
    return choices.one_of(range(len(FAMILIES)), _SHARES)


def rule_of(choices: Choices) -> Rule:
    """Return the rule of an editor of any family."""
    return FAMILIES[family_of(choices)](choices)


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
    """The outlines of a recording, and the order that an editor made of it."""

    outlines: tuple[Outline, ...]
    order: Order
    _right: RightOrder = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the order for comparison."""
        object.__setattr__(self, "_right", RightOrder(self.order, self.outlines[0].steps))

    def agreement_of(self, rule: Rule, outline: Outline) -> float:
        """Return how alike the orders of a rule and of the editor are, 0 to 1."""
        return self._right.agreement_of(rule(outline) if outline.pieces else ())


def made_by(rule: Rule, outline: Outline) -> Order:
    """Return the order that a rule makes; all of a recording without pieces, or if nothing would be left."""
    return order_or_all(rule(outline) if outline.pieces else (), outline.steps)


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
    retained: dict[tuple[float, int], Fitting] = {}
    for one in sorted(found, key=lambda each: -each.fit):
        retained.setdefault((round(one.fit, 4), family_of(Choices(one.numbers))), one)
        if len(retained) == most:
            break
    return list(retained.values())


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
