"""Entries of the palette and the key sheet, their keys for display, and the search by words and synonyms.

Needs no Qt, so that the key sheet is generated without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Protocol

_SIGNS = {"Return": "Enter", "Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}
_NAMED = re.compile(r" ?‹([a-z_]+\.[a-z0-9_]+)›")


def key_label(key: str) -> str:
    """Format a key as on its cap: Qt's ``Ctrl+Shift+Return`` as ``Ctrl Shift Enter``."""
    parts = key.split("+")
    if parts[-1] == "":  # the plus key itself: "+" or "Ctrl++"
        parts = [*parts[:-2], "+"]
    return " ".join(_SIGNS.get(part, part) for part in parts)


def key_labels(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Format all keys of a command, the first one first, without duplicate caps."""
    return tuple(dict.fromkeys(key_label(key) for key in keys))


def with_keys(sentence: str, keys: Mapping[str, str]) -> str:
    """Write the key of each command named as ``‹file.import›`` into a sentence; nothing for one without.

    Parameters
    ----------
    keys : the key cap of each command id
    """
    return _NAMED.sub(lambda named: f" ({keys[named[1]]})" if keys.get(named[1]) else "", sentence)


def pair_label(one: str, other: str) -> str:
    """Merge two caps that differ in the last sign only: "Alt ↑" and "Alt ↓" as "Alt ↑↓"."""
    held, _, last = one.rpartition(" ")
    other_held, _, other_last = other.rpartition(" ")
    if one and other and held == other_held and len(last) == len(other_last) == 1:
        return f"{one}{other_last}"
    return " ".join(filter(None, (one, other)))


_NEAR_RATIO, _NEAREST = 0.7, 5
_LONG_ENOUGH, _MOST_STREWN = 3, 4
"""Letters that are looked for inside words of a description, and scattered over a name."""
_LONGEST_QUERY, _MOST_WORDS, _SHOWN = 80, 12, 40
"""Letters and words of a query that can find a command, and letters of one in a message."""


_MOST_TEXTS = 4_096
"""Texts whose words are remembered: those of all commands, and of some queries."""
_SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "from", "in", "my", "of", "on", "the", "to", "with"}
_OTHER_WORD = "Try another word, or open the menus ‹view.menu›."


class CommandEntry(Protocol):
    """A command of the table; `keys` in Qt's portable notation."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def description(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def synonyms(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Absent:
    """A function of other programs that Offcut does not have.

    Attributes
    ----------
    names : names in other programs, in lower case
    sentence : alternative in Offcut
    commands : ids of the commands that do it, the nearest first
    """

    names: tuple[str, ...]
    sentence: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """The result of a search.

    Attributes
    ----------
    commands : the best first
    note : message about a missing function; "" if the commands are sufficient
    is_guess : no command matches; those listed are only near
    """

    commands: tuple[CommandEntry, ...]
    note: str = ""
    is_guess: bool = False


def search(query: str, commands: Sequence[CommandEntry], absent: Iterable[Absent] = ()) -> Search:
    """Search the commands, and explain missing functions or an empty result."""
    if len(query) > _LONGEST_QUERY or len(query.split()) > _MOST_WORDS:
        return Search((), _none_called(query[:_SHOWN].rstrip() + "…", _OTHER_WORD), is_guess=True)
    found = ranked(query, commands)
    missing = _absent(query, commands, absent)
    if missing is not None:
        by_id = {command.id: command for command in commands}
        instead = tuple(by_id[each] for each in missing.commands if each in by_id)
        return Search((*instead, *(each for each in found if each not in instead)), missing.sentence)
    if found or not query.strip():
        return Search(found)
    near = nearest(query, commands)
    return Search(near, _none_called(query, "Similar commands:" if near else _OTHER_WORD), is_guess=True)


def _none_called(query: str, remedy: str) -> str:
    return f"No command is called “{' '.join(query.split())}”. {remedy}"


def _absent(query: str, commands: Iterable[CommandEntry], absent: Iterable[Absent]) -> Absent | None:
    """Return the missing functions that match, unless a command has exactly that name."""
    wanted = " ".join(query.casefold().split())
    missing = next((each for each in absent if wanted in each.names), None)
    has_command = any(command.label.casefold().startswith(wanted) for command in commands)
    return None if has_command else missing


def nearest(query: str, commands: Iterable[CommandEntry]) -> tuple[CommandEntry, ...]:
    """Return up to five commands whose words resemble those of `query`, the nearest first."""
    words = query.casefold().split()
    alike = [_alike(word) for word in words]
    scored = []
    for order, command in enumerate(commands):
        known = _words(" ".join((command.label, *command.synonyms)).casefold())
        ratio = min(max(map(like, known)) for like in alike)
        if ratio >= _NEAR_RATIO:
            scored.append((-ratio, order, command))
    return tuple(command for *_, command in sorted(scored, key=lambda each: each[:2])[:_NEAREST])


def _alike(word: str) -> Callable[[str], float]:
    """Return a function that measures how alike a word is, 0 where that is below the limit anyway."""
    matcher = SequenceMatcher(b=word)  # examines its second word once

    @cache
    def ratio(other: str) -> float:
        matcher.set_seq1(other)
        bounds = (matcher.real_quick_ratio, matcher.quick_ratio)
        return matcher.ratio() if all(bound() >= _NEAR_RATIO for bound in bounds) else 0.0

    return ratio


def match_score(query: str, text: str) -> float | None:
    """Return a score for the letters of `query` in order within `text`, None without a match.

    Letters that start a word or follow the one before count more, and a short text wins over a long one.
    """
    wanted, found = query.casefold().replace(" ", ""), text.casefold()
    if not wanted:
        return 0.0
    best = None
    start = found.find(wanted[0])
    while start >= 0:
        score = _run_score(wanted, found, start)
        if score is not None and (best is None or score > best):
            best = score
        start = found.find(wanted[0], start + 1)
    return None if best is None else best - len(found) / 100


def _run_score(wanted: str, found: str, start: int) -> float | None:
    score, previous = 0.0, start - 1
    for letter in wanted:
        place = found.find(letter, previous + 1)
        if place < 0:
            return None
        starts_word = place == 0 or not found[place - 1].isalnum()
        score += 3.0 if starts_word else 2.0 if place == previous + 1 and place > start else 0.0
        score -= min(place - previous - 1, 10) / 10
        previous = place
    return score


def ranked(query: str, commands: Iterable[CommandEntry]) -> tuple[CommandEntry, ...]:
    """Return the commands that `query` finds, the best first; all of them in their order for an empty one.

    Words of the name come first, then synonyms, letters inside the name, and words of the description.
    Letters that are scattered over the name come last. Small words such as "the" need not match.
    """
    words = query.casefold().split()
    if not words:
        return tuple(commands)
    telling = [word for word in words if word not in _SMALL_WORDS]
    ways = (words, telling) if telling and telling != words else (words,)
    scored = []
    for order, command in enumerate(commands):
        score = match_score(query, command.label)
        ranks = [_rank(each, command, is_strewn=score is not None) for each in ways]
        rank = min((each for each in ranks if each is not None), default=None)
        if rank is not None:
            scored.append((rank, -(score or 0.0), order, command))
    return tuple(each[-1] for each in sorted(scored, key=lambda each: each[:-1]))


def _rank(words: Sequence[str], command: CommandEntry, *, is_strewn: bool) -> int | None:
    """Return the quality of a match by words in lower case, 0 for the best; None without one."""
    name = command.label.casefold()
    whole = f"{name} {command.group} {command.description}".casefold()
    joined = " ".join(words)
    ways: tuple[Callable[[], bool], ...] = (
        lambda: any(each.casefold() == joined for each in (name, *command.synonyms)),
        lambda: name.startswith(joined),
        lambda: _begin_words(words, name),
        lambda: "".join(words) in "".join(each[0] for each in _words(name)),
        lambda: any(_begin_words(words, each.casefold()) for each in command.synonyms),
        lambda: all(word in name for word in words),
        lambda: _begin_words(words, whole),
        lambda: all(len(word) >= _LONG_ENOUGH and word in whole for word in words),
        lambda: is_strewn and len("".join(words)) <= _MOST_STREWN,
    )
    return next((rank for rank, holds in enumerate(ways) if holds()), None)


def _begin_words(words: Sequence[str], text: str) -> bool:
    found = _words(text)
    return all(any(each.startswith(word) for each in found) for word in words)


@lru_cache(_MOST_TEXTS)
def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text))
