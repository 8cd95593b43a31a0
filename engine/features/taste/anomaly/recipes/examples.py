"""Training data of a taste: recordings as the user keeps them, and others as context."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import TasteError


@dataclass(frozen=True, slots=True)
class Examples:
    """Recordings to learn from; a recipe ignores those it cannot use.

    Attributes
    ----------
    edited : recordings as the user keeps them
    raw : unedited recordings; most of their content is good
    cut : recordings of the user's cuts alone
    """

    edited: tuple[Path, ...]
    raw: tuple[Path, ...] = ()
    cut: tuple[Path, ...] = ()


def raw_of(examples: Examples, why: str) -> tuple[Path, ...]:
    """Return the raw recordings of a recipe that requires them.

    Parameters
    ----------
    why : the reason, as the beginning of a sentence

    Raises
    ------
    TasteError : no raw recordings are given
    """
    if not examples.raw:
        raise TasteError(f"{why} also needs the raw recordings of the edits: name them after --raw.")
    return examples.raw
