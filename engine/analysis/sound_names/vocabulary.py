"""Named sounds and their synonyms, and negated prompts ("not speech"); imports no text encoder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from engine.core.build import RESOURCES

NOT = "not"
FOLDER = RESOURCES / "sound_names"
NOTHING_NAMED = "No sound is named: name one in a few words."


@dataclass(frozen=True, slots=True)
class Named:
    """A sound by name.

    Attributes
    ----------
    said : synonyms that networks are trained on as well
    kept_back : synonyms that are held out from training, to test unseen words
    """

    name: str
    said: tuple[str, ...] = ()
    kept_back: tuple[str, ...] = ()


@cache
def vocabulary() -> Mapping[str, Named]:
    """Return the sounds that come with Offcut, by name: the fifty of ESC-50."""
    stored = json.loads((FOLDER / "sounds.json").read_text(encoding="utf-8"))
    return {name: Named(name, tuple(row["said"]), tuple(row["kept_back"])) for name, row in stored.items()}


SPEECH = Named(
    "speech",
    (
        "voice", "voices", "talking", "talk", "speaking", "spoken words", "people talking", "conversation",
        "someone speaking", "person talking", "dialogue", "narration", "chatter", "spoken voice",
    ),
    ("somebody talks", "interview voices"),
)  # fmt: skip
"""Separated by a network of its own; not among the sounds that the detector names."""


@cache
def separable_sounds() -> Mapping[str, Named]:
    """Return the sounds that can be isolated or removed by name."""
    return {**vocabulary(), SPEECH.name: SPEECH}


@cache
def english_words() -> frozenset[str]:
    """Return common words of English; see `resources/sound_names/english.md`."""
    return frozenset((FOLDER / "english.txt").read_text(encoding="ascii").split())


def without_not(words: str) -> str:
    """Return the negated name of a prompt, or the prompt itself without a negation."""
    first, _space, others = words.partition(" ")
    return others if first.casefold() == NOT else words


def names_meant(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the prompts without a negation."""
    return tuple(text for text in texts if without_not(text) == text)
