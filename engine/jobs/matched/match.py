"""Find the edit behind a file: the recordings and spans it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.matching.match import match
from engine.matching.matched import Matched
from engine.progress import Progress


@dataclass(frozen=True, slots=True)
class MatchRequest:
    """Recordings and the edited file to compare.

    Attributes
    ----------
    raws : the recordings that the edited file may be made of
    """

    raws: tuple[Path, ...]
    edited: Path


def match_edited(request: MatchRequest, progress: Progress) -> Matched:
    """Find the edit list.

    Raises
    ------
    SourceError : a file cannot be read
    UsageError : no raw recording is named
    """
    return match(request.raws, request.edited, progress)
