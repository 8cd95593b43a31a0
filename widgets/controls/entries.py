"""What the palette and the key sheet need to know of a command, and how a few letters find one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol


class CommandEntry(Protocol):
    """A command as the table of commands holds it; `keys` in Qt's portable notation."""

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


def match_score(query: str, text: str) -> float | None:
    """Return how well the letters of `query` are found in order in `text`, None where they are not.

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

    Words of the name come before letters inside its words, those before words of the description, and letters
    that are only strewn over the name come last.
    """
    words = query.casefold().split()
    if not words:
        return tuple(commands)
    scored = []
    for order, command in enumerate(commands):
        score = match_score(query, command.label)
        rank = _rank(words, command, is_strewn=score is not None)
        if rank is not None:
            begins = command.label.casefold().startswith(" ".join(words))
            scored.append((rank, not begins, -(score or 0.0), order, command))
    return tuple(each[-1] for each in sorted(scored, key=lambda each: each[:-1]))


def _rank(words: Sequence[str], command: CommandEntry, *, is_strewn: bool) -> int | None:
    """Return how a command is found by words in lower case, 0 for the best way; None where it is not."""
    name = command.label.casefold()
    whole = f"{name} {command.group} {command.description}".casefold()
    ways = (
        _begin_words(words, name),
        "".join(words) in "".join(each[0] for each in _words(name)),
        all(word in name for word in words),
        _begin_words(words, whole),
        all(word in whole for word in words),
        is_strewn,
    )
    return next((rank for rank, holds in enumerate(ways) if holds), None)


def _begin_words(words: Sequence[str], text: str) -> bool:
    found = _words(text)
    return all(any(each.startswith(word) for each in found) for word in words)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)
