"""Words that say what is not meant: "not speech"."""

from __future__ import annotations

NOT = "not"


def without_not(words: str) -> str:
    """Return what words say is not meant, or the words themselves where they say what is."""
    first, _space, others = words.partition(" ")
    return others if first.casefold() == NOT else words


def names_meant(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of some words that say what is meant."""
    return tuple(text for text in texts if without_not(text) == text)
