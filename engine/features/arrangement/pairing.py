"""Guess the recordings of edited files by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_OF_EDITS = re.compile("edit(ed|s)?|cuts?|final|master(ed)?|mix(ed|down)?|bounce|song|short|trimmed|arranged")
_OF_RAWS = re.compile("raws?|rehearsal|jam|takes?|original|full|long|session|recording|unedited|live")
_WORDS = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class GuessedPair:
    """A file and the recordings it was made of; either may be missing.

    Attributes
    ----------
    edited : None without an edited file of the recordings
    """

    raws: tuple[Path, ...]
    edited: Path | None


@dataclass(frozen=True, slots=True)
class _Named:
    path: Path
    words: tuple[str, ...]
    is_raw: bool
    is_edited: bool


def guessed_pairs(paths: Sequence[Path]) -> tuple[GuessedPair, ...]:
    """Pair files by the common part of their names, and leave the others unpaired.

    Files belong together if their names are the same but for words such as "raw" or "edit", or if the name of
    one begins with all of another's; the folder distinguishes them if the names do not.
    """
    named = [_named(path) for path in dict.fromkeys(paths)]
    taken: set[Path] = set()
    found = []
    for one in named:
        if one.is_raw and not one.is_edited:
            continue
        raws = _raws_of(one, named)
        if raws and not taken & {one.path, *raws}:
            found.append(GuessedPair(raws, one.path))
            taken |= {one.path, *raws}
    for one in named:
        if one.path not in taken:
            is_raw = one.is_raw and not one.is_edited
            found.append(GuessedPair((one.path,), None) if is_raw else GuessedPair((), one.path))
    return tuple(found)


def _named(path: Path) -> _Named:
    """Return the properties of a file according to its name, else its folder."""
    words = [word.lower() for word in _WORDS.findall(path.stem)]
    is_edited, is_raw = _says(_OF_EDITS, words), _says(_OF_RAWS, words)
    if is_edited == is_raw:
        folder = [word.lower() for word in _WORDS.findall(path.parent.name)]
        by_folder = _says(_OF_EDITS, folder), _says(_OF_RAWS, folder)
        if by_folder[0] != by_folder[1]:
            is_edited, is_raw = by_folder
    left = tuple(word for word in words if not _says(_OF_EDITS, [word]) and not _says(_OF_RAWS, [word]))
    return _Named(path, left, is_raw, is_edited)


def _says(what: re.Pattern[str], words: Sequence[str]) -> bool:
    return any(what.fullmatch(word) for word in words)


def _raws_of(one: _Named, named: Sequence[_Named]) -> tuple[Path, ...]:
    """Return the recordings that a file is plainly made of."""
    others = [
        other for other in named if other.path != one.path and not (other.is_edited and not other.is_raw)
    ]
    same = [other for other in others if other.words == one.words and other.words]
    if one.is_edited and same:
        return tuple(other.path for other in same)
    if same and all(other.is_raw for other in same):
        return tuple(other.path for other in same)
    # "jam 3 radio.wav" was made of "jam 3.wav": the later file has the longer name.
    begun = [other for other in others if other.words and one.words[: len(other.words)] == other.words]
    longer = [other for other in begun if len(other.words) < len(one.words)]
    most = max((len(other.words) for other in longer), default=0)
    return tuple(other.path for other in longer if len(other.words) == most)
