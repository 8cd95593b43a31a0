"""Operations in words, as a sentence about an editor."""

from __future__ import annotations

from engine.core.wording import counted, listed
from engine.features.arrangement.choices.operations import (
    ALL,
    LABEL,
    LABEL_IN_SECTION,
    LENGTH,
    LEVEL,
    PLACE,
    SECTION,
    Choice,
    Limit,
    Operations,
    Part,
    Sorting,
)
from engine.features.arrangement.choices.units import KINDS

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
