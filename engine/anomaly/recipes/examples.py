"""What a taste is learned from: recordings as the user keeps them, and what is known beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import TasteError


@dataclass(frozen=True, slots=True)
class Examples:
    """Recordings to learn from; what a recipe has no use for it leaves out.

    Attributes
    ----------
    edited : recordings as the user keeps them
    raw : recordings as they were before the edit; most of what they hold was kept
    cut : recordings of what the user took out and nothing else
    """

    edited: tuple[Path, ...]
    raw: tuple[Path, ...] = ()
    cut: tuple[Path, ...] = ()


def raw_of(examples: Examples, why: str) -> tuple[Path, ...]:
    """Return the raw recordings of a recipe that cannot do without.

    Parameters
    ----------
    why : what needs them, to begin a sentence with

    Raises
    ------
    TasteError : there are none
    """
    if not examples.raw:
        raise TasteError(
            f"{why} also learns from recordings as they were before the edit, and there are none: "
            "name them after --raw."
        )
    return examples.raw
