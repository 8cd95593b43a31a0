"""A file of edits as a program writes it, with the clips that it plays, worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Clip = tuple[str, float, float, float]
"""A medium, and start in it, length and place in the result, in seconds."""
Part = tuple[str, float, float, float, float]
"""A noun, start and stop in the result, and start and stop of what it plays of its medium."""


@dataclass(frozen=True)
class Expected:
    """A file, and what it plays.

    Attributes
    ----------
    text : of the file
    clips : those that are heard, of all tracks, by place and medium
    parts : those that are not understood
    """

    text: str
    clips: Sequence[Clip]
    parts: Sequence[Part] = ()
