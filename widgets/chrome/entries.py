"""What the palette and the key sheet need to know of a command, and how a few letters find one."""

from __future__ import annotations

from collections.abc import Iterable
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

    The label counts in full, a match in the group and description for less.
    """
    scored = []
    for order, command in enumerate(commands):
        by_label = match_score(query, command.label)
        words = query.casefold().split()
        by_text = (
            -20.0
            if all(word in f"{command.group} {command.description}".casefold() for word in words)
            else None
        )
        scores = [score for score in (by_label, by_text) if score is not None]
        if scores:
            scored.append((-max(scores), order, command))
    return tuple(command for _, _, command in sorted(scored, key=lambda each: each[:2]))
