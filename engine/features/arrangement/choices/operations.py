"""Operations of an editor on units: they choose, shorten, repeat and move phrases; and their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf

from engine.core.wording import counted, listed
from engine.features.arrangement.choices.units import KINDS, PHRASE, Unit
from engine.features.arrangement.steps import Span

ALL, SECTION, LABEL, LABEL_IN_SECTION = "recording", "section", "phrase", "phrase in a section"
SCOPES = (ALL, SECTION, LABEL, LABEL_IN_SECTION)
PLACE, LEVEL, LENGTH, TIMES = "place", "level", "length", "how often it is played"
KEYS = (PLACE, LEVEL, LENGTH, TIMES)
_HIGH_COUNT = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice among the units of each scope: the first `count` by a key.

    Attributes
    ----------
    scope : one of `SCOPES`: the units that compete
    key : one of `KEYS`
    is_most : whether the highest come first
    count : how many are chosen
    """

    scope: str
    key: str
    is_most: bool
    count: int

    @property
    def unusual_traits(self) -> int:
        """The number of its unusual traits: a key other than place or the highest level, and a high count."""
        is_usual_key = self.key == PLACE or (self.key == LEVEL and self.is_most)
        return (not is_usual_key) + (self.count >= _HIGH_COUNT)

    def chosen(self, units: Sequence[Unit]) -> list[int]:
        """Return the places of the chosen units, ascending."""
        found: list[int] = []
        for places in _scopes(units, self.scope):
            values = [_value([units[at]], units, self.key) for at in places]
            found += [places[n] for n in _ranked(values, self.is_most)[: self.count]]
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Part:
    """The part of each unit that is played, or of each block of the bars of all of them.

    Attributes
    ----------
    block : bars of a block; 0 for units
    bars : how many bars are played of each; 0 for a share of it
    share : the share, if `bars` is 0
    is_end : whether it is the end that is played
    """

    block: int = 0
    bars: int = 0
    share: float = 1.0
    is_end: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all is played."""
        return not self.bars and self.share >= 1.0

    def spans(self, units: Sequence[Unit]) -> list[list[Span]]:
        """Return the spans of each unit that are played; of one without bars, all of it."""
        if self.is_whole:
            return [[one.span] for one in units]
        if not self.block:
            return [self._of_bars(one.bar_spans) for one in units]
        bars = [bar for one in units for bar in one.bar_spans]
        blocks = (bars[at : at + self.block] for at in range(0, len(bars), self.block))
        played = {bar for block in blocks for bar in self._of_bars(block)}
        return [[bar for bar in one.bar_spans if bar in played] for one in units]

    def _of_bars(self, bars: Sequence[Span]) -> list[Span]:
        count = self.bars or max(1, round(self.share * (self.block or len(bars))))
        return list(bars[-count:] if self.is_end else bars[:count])


@dataclass(frozen=True, slots=True)
class Again:
    """How often units are played: `times` for those that are chosen, else once.

    Attributes
    ----------
    which : None for all
    lead : the part that is played before the last time; all of it where None
    """

    times: int = 1
    which: Choice | None = None
    lead: Part | None = None


@dataclass(frozen=True, slots=True)
class Sorting:
    """The order of sections, phrases or units.

    Attributes
    ----------
    of : `SECTION`, `LABEL` for all renditions of a phrase, or `ALL` for each unit
    key : one of `KEYS`
    is_most : whether the highest come first
    turned : number of groups moved from the front to the end; from the end to the front if negative
    """

    of: str = ALL
    key: str = PLACE
    is_most: bool = False
    turned: int = 0


@dataclass(frozen=True, slots=True)
class Opener:
    """A unit that is played first.

    Attributes
    ----------
    part : how much of it
    is_again : whether it is played again at its place
    """

    which: Choice
    part: Part = Part()
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """The lengths at which a kind of sound other than phrases is played: from `least_s` to `most_s`."""

    kind: str
    least_s: float = 0.0
    most_s: float = inf

    def allows(self, unit: Unit) -> bool:
        """Return whether a unit is of another kind, or within the limits."""
        return unit.kind != self.kind or self.least_s <= unit.lasts_s <= self.most_s


@dataclass(frozen=True, slots=True)
class Operations:
    """All operations of an editor.

    Attributes
    ----------
    keeps : kinds that are played in addition to phrases
    choices : one after the other
    limits : lengths of the kinds that are played in addition
    """

    keeps: frozenset[str] = frozenset()
    choices: tuple[Choice, ...] = ()
    part: Part = Part()
    again: Again = Again()
    sorting: Sorting = Sorting()
    opener: Opener | None = None
    limits: tuple[Limit, ...] = ()

    def spans(self, units: Sequence[Unit]) -> list[Span]:
        """Return the spans of steps that are played, in order."""
        chosen = [one for one in units if one.kind == PHRASE]
        for choice in self.choices:
            chosen = [chosen[at] for at in choice.chosen(chosen)]
        parts = dict(zip(chosen, self.part.spans(chosen), strict=True))
        which = self.again.which
        repeated = {chosen[at] for at in which.chosen(chosen)} if which else set(chosen)
        others = [
            one for one in units if one.kind in self.keeps and all(limit.allows(one) for limit in self.limits)
        ]
        played = sorted([*chosen, *others], key=lambda one: one.first)
        made: list[Span] = []
        if self.opener is not None and chosen:
            first = chosen[self.opener.which.chosen(chosen)[0]]
            made += self.opener.part.spans([first])[0]
            if not self.opener.is_again:
                played.remove(first)
        for one in self._sorted(played):
            whole = parts.get(one, [one.span])
            lead = whole if self.again.lead is None else self.again.lead.spans([one])[0]
            made += lead * (self.again.times - 1 if one in repeated else 0) + whole
        return made

    def _sorted(self, played: Sequence[Unit]) -> list[Unit]:
        """Return units in the order in which they are played."""
        if self.sorting == Sorting():
            return list(played)
        groups = _groups(played, self.sorting.of)
        ranked = _ranked([_value(group, played, self.sorting.key) for group in groups], self.sorting.is_most)
        turned = self.sorting.turned % len(ranked) if ranked else 0
        return [one for at in [*ranked[turned:], *ranked[:turned]] for one in groups[at]]

    @property
    def size(self) -> int:
        """How many operations do something."""
        flags = (
            not self.part.is_whole,
            self.again != Again(),
            self.again.which is not None,
            self.again.lead is not None,
            self.sorting != Sorting(),
            self.opener is not None,
        )
        return len(self.choices) + len(self.limits) + sum(flags)


def _ranked(values: Sequence[float], is_most: bool) -> list[int]:
    """Return places by their values, equal ones in their order."""
    return sorted(range(len(values)), key=lambda at: -values[at] if is_most else values[at])


def _scopes(units: Sequence[Unit], scope: str) -> list[list[int]]:
    """Return the places of units that compete with each other."""
    keys: dict[str, Sequence[tuple[int, ...]]] = {
        ALL: [()] * len(units),
        SECTION: [(one.section,) for one in units],
        LABEL: [(one.label,) for one in units],
        LABEL_IN_SECTION: [(one.section, one.label) for one in units],
    }
    places: dict[tuple[int, ...], list[int]] = {}
    for at, key in enumerate(keys[scope]):
        places.setdefault(key, []).append(at)
    return list(places.values())


def _value(group: Sequence[Unit], units: Sequence[Unit], key: str) -> float:
    """Return the value of a group by a key: mean power, length, first step, or how often its phrase comes."""
    if key == LEVEL:
        power_s = sum(float(10.0 ** (one.level_db / 10.0)) * one.lasts_s for one in group)
        return power_s / sum(one.lasts_s for one in group)
    if key == LENGTH:
        return sum(one.lasts_s for one in group)
    if key == TIMES:
        return float(sum(other.label == group[0].label for other in units))
    return float(group[0].first)


def _groups(played: Sequence[Unit], of: str) -> list[list[Unit]]:
    """Return the groups of units that move together; others move with the phrase before them."""
    led: list[list[Unit]] = []
    for one in played:
        if one.kind == PHRASE or not led:
            led.append([one])
        else:
            led[-1].append(one)
    if of == SECTION:
        joined = [list(group) for _, group in groupby(led, key=lambda units: units[0].section)]
        return [[one for units in group for one in units] for group in joined]
    if of == LABEL:
        labels = list(dict.fromkeys(units[0].label for units in led))
        return [[one for units in led if units[0].label == label for one in units] for label in labels]
    return led


_MOST = {LEVEL: "loudest", LENGTH: "longest", PLACE: "last"}
_LEAST = {LEVEL: "softest", LENGTH: "shortest", PLACE: "first"}
_OF = {
    ALL: "of all",
    SECTION: "of each section",
    LABEL: "of each phrase",
    LABEL_IN_SECTION: "of each phrase in a section",
}
_SHARES = {0.25: "quarter", 0.5: "half", 0.75: "three quarters"}


def words_of(operations: Operations) -> str:
    """Return operations as the rest of a sentence that begins with the editor."""
    parts = []
    limits = {limit.kind: limit for limit in operations.limits}
    kinds = [
        f"{kind}{_limit(limits[kind])}" if kind in limits else kind
        for kind in sorted(operations.keeps, key=KINDS.index)
    ]
    kept = f"keeps {listed(kinds)}" if kinds else ""
    chosen = " and of these ".join(_choice(one) for one in operations.choices)
    if operations.choices or not operations.part.is_whole or operations.again.times > 1:
        played = f"plays {chosen or 'all phrases'}"
        if not operations.part.is_whole:
            played += f", {_part(operations.part)} only"
        parts.append(played + _again(operations))
    if operations.sorting != Sorting():
        parts.append(_sorting(operations.sorting))
    if operations.opener is not None:
        part = "" if operations.opener.part.is_whole else f"{_part(operations.opener.part)} of "
        parts.append(f"begins with {part}{_choice(operations.opener.which)}")
    if not parts:
        parts.append("plays music only" if not kept else "plays music")
    return listed([*parts, kept] if kept else parts)


def _limit(one: Limit) -> str:
    return f" from {one.least_s:g} s" if one.least_s else f" up to {one.most_s:g} s"


def _choice(one: Choice) -> str:
    names = _MOST if one.is_most else _LEAST
    name = names.get(one.key, "most played" if one.is_most else "least played")
    which = f"the {name} rendition" if one.count == 1 else f"the {name} {counted(one.count, 'rendition')}"
    return f"{which} {_OF[one.scope]}"


def _part(part: Part) -> str:
    end = "last" if part.is_end else "first"
    if part.block:
        return f"the {end} {counted(max(1, round(part.share * part.block)), 'bar')} of every {part.block}"
    return (
        f"the {end} {counted(part.bars, 'bar')}"
        if part.bars
        else f"the {end} {_SHARES.get(part.share, 'part')}"
    )


def _again(operations: Operations) -> str:
    again = operations.again
    if again.times == 1:
        return ""
    which = f", {_choice(again.which)}" if again.which is not None else ""
    if again.lead is not None:
        return f"{which}, {_part(again.lead)} {counted(again.times - 1, 'time')} before"
    return f"{which} {counted(again.times, 'time')}"


def _sorting(one: Sorting) -> str:
    moved = {ALL: "phrases", SECTION: "sections", LABEL: "renditions of a phrase together"}[one.of]
    if one.turned:
        which, where = ("first", "to the end") if one.turned > 0 else ("last", "to the start")
        count = "" if abs(one.turned) == 1 else f" {abs(one.turned)}"
        return f"moves the {which}{count} of the {moved} {where}"
    names = _MOST if one.is_most else _LEAST
    return f"plays {moved}, the {names.get(one.key, 'most played' if one.is_most else 'least played')} first"
