"""The sounds that are known by name, and other words for them; read without what encodes words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "words"
NOTHING_NAMED = "Nothing is named: say in a few words which sound is meant."


@dataclass(frozen=True, slots=True)
class Named:
    """A sound by name.

    Attributes
    ----------
    said : other words for it, which networks learn from as well
    kept_back : yet other words, which nothing learns from: they tell whether new words are understood
    """

    name: str
    said: tuple[str, ...] = ()
    kept_back: tuple[str, ...] = ()


@cache
def vocabulary() -> Mapping[str, Named]:
    """Return the sounds that come with Offcut, by name: the fifty of ESC-50."""
    stored = json.loads((FOLDER / "sounds.json").read_text(encoding="utf-8"))
    return {name: Named(name, tuple(row["said"]), tuple(row["kept_back"])) for name, row in stored.items()}


def named(name: str) -> Named:
    """Return a sound by name; one that is not in the vocabulary has no other words."""
    return vocabulary().get(name, Named(name))
