"""Hidden editors of six families: rules over the known form of a raw recording.

They share no code and no rules with the editors of the training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.features.arrangement.steps import Order, Steps, order_of
from engine.lab.evaluation.arranging.forms.raws import JAM, PODCAST, SET, SONG, TALK, Part

Seconds = tuple[float, float]
Rule = Callable[[Sequence[Part]], list[Seconds]]


@dataclass(frozen=True, slots=True)
class HiddenEditor:
    """An editor: its family, the kind of recordings that it edits, and its rule."""

    family: str
    kind: str
    rule: Rule

    def spans_s(self, parts: Sequence[Part]) -> list[Seconds]:
        """Return the spans [start, stop) that it plays, in order; spans that continue each other are one."""
        made: list[Seconds] = []
        for start, stop in self.rule(parts):
            if stop <= start + 1e-6:
                continue
            if made and abs(made[-1][1] - start) < 1e-6:
                made[-1] = (made[-1][0], stop)
            else:
                made.append((start, stop))
        return made or [(parts[0].start_s, parts[-1].stop_s)]

    def order(self, parts: Sequence[Part], steps: Steps) -> Order:
        """Return the order of steps that it plays."""
        return order_of(
            (steps.nearest_edge(start), steps.nearest_edge(stop)) for start, stop in self.spans_s(parts)
        )


def _span(part: Part) -> Seconds:
    return part.start_s, part.stop_s


def _head(part: Part, bars: float) -> Seconds:
    return part.start_s, min(part.stop_s, part.start_s + bars * part.bar_s)


def _tail(part: Part, bars: float) -> Seconds:
    return max(part.start_s, part.stop_s - bars * part.bar_s), part.stop_s


def _middle(part: Part) -> float:
    """Return the downbeat in the middle of a section."""
    bars = round((part.stop_s - part.start_s) / part.bar_s) // 2
    return part.start_s + bars * part.bar_s


def _take(parts: Sequence[Part]) -> list[Part]:
    """Return the sections of the last whole take."""
    last = max((one.song, one.take) for one in parts if one.is_music and one.is_whole)
    return [one for one in parts if (one.song, one.take) == last]


def _labelled(parts: Iterable[Part], label: str) -> list[int]:
    return [number for number, one in enumerate(parts) if one.label == label]


def _hook(form: Sequence[Part]) -> str:
    """Return the label of the loudest sections that come again."""
    labels = [one.label for one in form]
    again = [label for label in dict.fromkeys(labels) if labels.count(label) > 1] or labels
    return max(again, key=lambda label: np.mean([one.level_db for one in form if one.label == label]))


def radio_edit(rng: np.random.Generator) -> HiddenEditor:
    """Return an editor of shorter songs: a short intro, a passage out, the end cut."""
    intro = int(rng.choice([0, 2, 4]))
    passage = str(rng.choice(["second hook", "second verse to hook", "before last hook", "last hook"]))
    end = str(rng.choice(["whole", "half", "out"]))

    def rule(parts: Sequence[Part]) -> list[Seconds]:
        form = _take(parts)
        hooks = _labelled(form, _hook(form))
        left_out: set[int] = set()
        if passage == "second hook" and len(hooks) > 2:
            left_out = {hooks[1]}
        elif passage == "second verse to hook" and len(hooks) > 1:
            left_out = set(range(hooks[0] + 1, hooks[1] + 1))
        elif passage == "before last hook" and hooks[-1] > 1:
            left_out = {hooks[-1] - 1}
        elif passage == "last hook" and len(hooks) > 2:
            left_out = {hooks[-1]}
        made = []
        for number, one in enumerate(form):
            if number in left_out:
                continue
            if number == 0 and one.level_db < form[hooks[0]].level_db - 1.5 and number not in hooks:
                made.append(_tail(one, intro))
            elif number == len(form) - 1 and number not in hooks and end != "whole":
                made.append((one.start_s, _middle(one) if end == "half" else one.start_s))
            else:
                made.append(_span(one))
        return made

    return HiddenEditor("radio edit", SONG, rule)


def extended_mix(rng: np.random.Generator) -> HiddenEditor:
    """Return an editor of longer songs: the intro loops, a hook or the middle comes again."""
    bars, times = int(rng.choice([2, 4])), int(rng.choice([2, 3]))
    again = str(rng.choice(["last hook", "first hook", "middle"]))
    ends = bool(rng.random() < 0.5)

    def rule(parts: Sequence[Part]) -> list[Seconds]:
        form = _take(parts)
        hooks = _labelled(form, _hook(form))
        made = [_head(form[0], bars)] * (times - 1)
        for number, one in enumerate(form):
            made.append(_span(one))
            if again == "last hook" and number == hooks[-1]:
                made.append(_span(one))
            elif again == "first hook" and number == hooks[-1]:
                made.append(_span(form[hooks[0]]))
            elif again == "middle" and number == hooks[-1] and len(hooks) > 1:
                made += [_span(form[hooks[0] + 1]), _span(one)]
        return [*made, _tail(form[-1], bars)] if ends else made

    return HiddenEditor("extended mix", SONG, rule)


def practice_loop(rng: np.random.Generator) -> HiddenEditor:
    """Return an editor of loops for practice."""
    which = str(rng.choice(["hook", "each", "odd one", "into hook"]))
    times = int(rng.choice([2, 3, 4]))

    def rule(parts: Sequence[Part]) -> list[Seconds]:
        form = _take(parts)
        labels = [one.label for one in form]
        first = labels.index(_hook(form))
        if which == "hook":
            return [_span(form[first])] * times
        if which == "each":
            firsts = [form[labels.index(label)] for label in dict.fromkeys(labels)]
            return [_span(one) for one in firsts for _ in range(2)]
        if which == "into hook":
            return [_tail(form[max(0, first - 1)], 4), _span(form[first])] * times
        once = [one for one in form[1:-1] if labels.count(one.label) == 1] or [form[-1]]
        return [_span(once[0])] * times

    return HiddenEditor("practice loop", SONG, rule)


def medley(rng: np.random.Generator) -> HiddenEditor:
    """Return an editor of medleys."""
    taken = str(rng.choice(["first hook", "last hook", "verse and hook", "start"]))
    sorting = str(
        rng.choice(["as recorded", "backwards", "softest first", "slowest first", "last one first"])
    )

    def rule(parts: Sequence[Part]) -> list[Seconds]:
        songs = [
            [one for one in parts if one.song == song]
            for song in dict.fromkeys(p.song for p in parts if p.is_music)
        ]
        if sorting == "backwards":
            songs = songs[::-1]
        elif sorting == "softest first":
            songs = sorted(songs, key=lambda form: np.mean([one.level_db for one in form]))
        elif sorting == "slowest first":
            songs = sorted(songs, key=lambda form: -form[0].bar_s)
        elif sorting == "last one first":
            songs = [songs[-1], *songs[:-1]]
        made = []
        for form in songs:
            hooks = _labelled(form, _hook(form))
            at = hooks[-1] if taken == "last hook" else hooks[0]
            if taken == "start":
                made += [_span(one) for one in form[: hooks[0] + 1]]
            elif taken == "verse and hook":
                made += [_span(one) for one in form[max(0, at - 1) : at + 1]]
            else:
                made.append(_span(form[at]))
        return made

    return HiddenEditor("medley", SET, rule)


def best_of_jam(rng: np.random.Generator) -> HiddenEditor:
    """Return an editor of jams, with the loudest or softest passages."""
    count = int(rng.choice([2, 3, 4]))
    wants = str(rng.choice(["loud", "loud", "soft"]))
    sorting = str(rng.choice(["as played", "rising", "falling"]))
    halves = bool(rng.random() < 0.3)

    def rule(parts: Sequence[Part]) -> list[Seconds]:
        form = [one for one in parts if one.is_music]
        by_level = sorted(form, key=lambda one: one.level_db, reverse=wants == "loud")[:count]
        if sorting == "as played":
            chosen = [one for one in form if one in by_level]
        else:
            chosen = sorted(by_level, key=lambda one: one.level_db, reverse=sorting == "falling")
        return [(one.start_s, _middle(one)) if halves else _span(one) for one in chosen]

    return HiddenEditor("best of a jam", JAM, rule)


def teaser(rng: np.random.Generator) -> HiddenEditor:
    """Return an editor of shows, with a teaser first and without the sound check."""
    where = str(rng.choice(["last", "longest", "first"]))
    of_it = str(rng.choice(["all", "first half", "last half"]))
    ends = bool(rng.random() < 0.4)

    def rule(parts: Sequence[Part]) -> list[Seconds]:
        begin = next(number for number, one in enumerate(parts) if one.is_music)
        show = list(parts[begin:])
        talks = [one for one in show if one.label == TALK]
        one = {
            "last": talks[-1],
            "first": talks[0],
            "longest": max(talks, key=lambda one: one.stop_s - one.start_s),
        }[where]
        middle = (one.start_s + one.stop_s) / 2.0
        shown = {
            "all": _span(one),
            "first half": (one.start_s, middle),
            "last half": (middle, one.stop_s),
        }[of_it]
        last = show[-2 if ends else -1]
        return [shown, (show[0].start_s, last.stop_s)]

    return HiddenEditor("teaser", PODCAST, rule)


FAMILIES: tuple[Callable[[np.random.Generator], HiddenEditor], ...] = (
    radio_edit,
    extended_mix,
    practice_loop,
    medley,
    best_of_jam,
    teaser,
)
