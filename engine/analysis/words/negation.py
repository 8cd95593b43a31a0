"""Negated prompts: "not speech"."""

from __future__ import annotations

NOT = "not"


def without_not(words: str) -> str:
    """Return the negated name of a prompt, or the prompt itself without a negation."""
    first, _space, others = words.partition(" ")
    return others if first.casefold() == NOT else words


def names_meant(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the prompts without a negation."""
    return tuple(text for text in texts if without_not(text) == text)
