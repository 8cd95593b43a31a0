"""Completions of typed words: from known sound names, and from recent words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.analysis.words.negation import NOT, without_not

MOST = 12


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words that are offered.

    Attributes
    ----------
    text : the inserted text
    note : additional text, for example the sound for a synonym
    share : probability of the sound, 0 to 1; below 0 without detection
    """

    text: str
    note: str = ""
    share: float = -1.0


@dataclass(frozen=True, slots=True)
class KnownWords:
    """Words to complete with.

    Attributes
    ----------
    names : other words for each sound that is known, by its name
    recent : recent words, newest first
    """

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    recent: tuple[str, ...] = ()


def last_part(words: str) -> str:
    """Return the name under the cursor: the text after the last comma, without "not"."""
    return without_not(_typed(words))


def with_last(words: str, text: str) -> str:
    """Replace the name under the cursor in words; a "not" before it stays."""
    before, typed = words.rpartition(",")[0].strip(), _typed(words)
    named = text if without_not(typed) == typed else f"{NOT} {text}"
    return f"{before}, {named}" if before else named


def _typed(words: str) -> str:
    return " ".join(words.rpartition(",")[2].split())


def completions(words: str, known: KnownWords) -> tuple[Suggestion, ...]:
    """Return the completions of a name: recent words first, then names, then synonyms.

    Prefix matches precede matches of later words. Empty input returns recent words.
    """
    typed, taken = last_part(words).casefold(), words.rpartition(",")[0].casefold()
    used = {" ".join(one.split()) for one in taken.split(",")}
    found: dict[str, Suggestion] = {}
    for text in known.recent:
        found.setdefault(text, Suggestion(text, "recent"))
    if typed:
        for name in known.names:
            found.setdefault(name, Suggestion(name))
        for name, others in known.names.items():
            for text in others:
                found.setdefault(text, Suggestion(text, name))
    ranked = sorted(
        (rank, place, one)
        for place, one in enumerate(found.values())
        if (rank := _rank(typed, one.text.casefold())) is not None and one.text.casefold() not in used
    )
    return tuple(one for _rank_of, _place, one in ranked if one.text.casefold() != typed)[:MOST]


def _rank(typed: str, text: str) -> int | None:
    if text.startswith(typed):
        return 0
    return 1 if any(word.startswith(typed) for word in text.split()) else None
