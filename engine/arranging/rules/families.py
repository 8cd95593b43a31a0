"""Six families of editors, each with many habits.

Shortening (a radio edit), lengthening (an extended mix), practice loops, medleys, the best of a jam, and
teasers. A rule gives the spans of steps that an editor plays of a recording, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.arranging.orders import Span
from engine.arranging.rules.choices import Choices
from engine.arranging.rules.outline import Outline, Stretch, Take
from engine.arranging.rules.picks import AGAIN, bars_of, leaves_out, part_of, pick_of, sort_of

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
        for at, one in enumerate(sections):
            made.append(one.span)
            for after, played, times in again:
                if after(take) == [at]:
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
