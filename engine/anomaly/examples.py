"""What a taste is learned from: recordings as the user keeps them, and what is known beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
