"""Header of a `.taste` file: its facts, read and rewritten without the machine learning library.

A safetensors file is the length of its header as eight bytes, the header as JSON filled up with spaces to a
multiple of eight, and the tensors. Under "__metadata__" a taste has one text, which is JSON again. The head
alone gives the summary of a taste for lists: of hundreds in a moment.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from engine.core.errors import TasteError
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import shown
from engine.core.files.text import parse_json
from engine.core.progress import Progress
from engine.core.wording import reason_of

VERSION = 2
"""Version 1 had no examples and no levels."""

KEY = "offcut-taste"
ANSWERS = "answers"
"""Calibration from reviews; written into a taste after learning, and not part of its digest."""

MOST_HEADER_BYTES = 1 << 24
"""A history of 100,000 epochs, the most there are, has two thirds of it."""

_MOST_BYTES = 1 << 31
_LENGTH = struct.Struct("<Q")
_ALIGNED = 8
_METADATA = "__metadata__"


@dataclass(frozen=True, slots=True)
class TasteHead:
    """Metadata of a taste, and the expected size of its file in bytes."""

    facts: Mapping[str, Any]
    stop_bytes: int


def head_of(path: Path) -> TasteHead:
    """Read the metadata of a taste, and nothing else of its file.

    Raises
    ------
    OSError : the file cannot be read
    TasteError, struct.error, ArithmeticError, LookupError, TypeError, ValueError : it is not a taste
    """
    with open_regular(path) as stream:
        first = stream.read(_LENGTH.size)
        (length,) = _LENGTH.unpack(first)
        if length > MOST_HEADER_BYTES:
            raise not_a_taste(path)
        content = first + stream.read(length)
    tensors = _header(content)
    tensors.pop(_METADATA)
    ends = (int(tensor["data_offsets"][1]) for tensor in tensors.values())
    return TasteHead(facts_in(content), len(content) + max(ends, default=0))


def facts_in(content: bytes) -> dict[str, Any]:
    """Return the metadata of a taste; its tensors may be missing.

    Raises
    ------
    ValueError, KeyError, TypeError : this is not the beginning of a taste
    """
    facts = parse_json(_header(content)[_METADATA][KEY])
    if not isinstance(facts, dict):
        raise TypeError("facts without names")
    return facts


def read_taste_bytes(path: Path) -> bytes:
    """Return the bytes of a taste file, which may be damaged.

    Raises
    ------
    TasteError : it cannot be read, or does not begin as a taste does
    """
    try:
        with open_regular(path) as stream:
            if os.fstat(stream.fileno()).st_size > _MOST_BYTES:
                raise not_a_taste(path)
            first = stream.read(_LENGTH.size)
            if len(first) < _LENGTH.size or _LENGTH.unpack(first)[0] > MOST_HEADER_BYTES:
                raise not_a_taste(path)
            return first + stream.read(_MOST_BYTES)
    except OSError as error:
        raise TasteError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error


def not_a_taste(path: Path) -> TasteError:
    """Return the error for a file that is not a taste."""
    return TasteError(f"{shown(path)} is not a taste: choose a .taste file that Offcut has learned.")


def with_answers(content: bytes, answers: object) -> bytes:
    """Return a taste that also holds these answers, as JSON values; without any it is as it was learned."""
    facts = facts_in(content)
    facts.pop(ANSWERS, None)
    header = _header(content)
    header[_METADATA][KEY] = json.dumps({**facts, ANSWERS: answers} if answers else facts, sort_keys=True)
    # As safetensors writes it, so that taking the answers out again gives the same bytes.
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNED)
    (length,) = _LENGTH.unpack_from(content)
    return _LENGTH.pack(len(text)) + text + content[_LENGTH.size + length :]


def as_learned(content: bytes) -> bytes:
    """Return a taste as it was when it was learned."""
    return with_answers(content, None) if ANSWERS in facts_in(content) else content


def digest_of(content: bytes) -> str:
    """Return the digest of a taste, 4 hexadecimal digits; additions of reviews do not change it.

    Raises
    ------
    ValueError, KeyError, TypeError : this is not a taste
    """
    return blake2b(as_learned(content), digest_size=2).hexdigest()


def maker_of(path: Path) -> str:
    """Return recipe, name and digest of a taste, as its scores name their maker; "" for an invalid file."""
    try:
        content = read_taste_bytes(path)
        return maker_text(str(facts_in(content)["config"]["recipe"]), path.stem, digest_of(content))
    except (TasteError, struct.error, ArithmeticError, LookupError, TypeError, ValueError):
        return ""


def maker_text(recipe: str, name: str, digest: str) -> str:
    """Return recipe and taste in one line, as scores and proposals name their maker."""
    return f"{recipe} {name} {digest}"


def _header(content: bytes) -> dict[str, Any]:
    (length,) = _LENGTH.unpack_from(content)
    if length > MOST_HEADER_BYTES:
        raise ValueError("a header longer than any taste's")
    return dict(parse_json(content[_LENGTH.size : _LENGTH.size + length]))


SUFFIX = ".taste"
NOT_THERE = "The file is missing: moved, renamed or on another disk."
UNREADABLE = "The file cannot be read."
DAMAGED = "The file is damaged or not a taste."
TOO_NEW = "Made by a newer Offcut: update Offcut to use it."


@dataclass(frozen=True, slots=True)
class TasteSummary:
    """Facts of a taste, or the reason why it cannot be read.

    Attributes
    ----------
    recordings, duration_s : its training data; 0 if it stores none
    written_s : when its file was written last, in seconds since 1970
    stamp : size in bytes and time in ns of the file that was read; another one needs to be read again
    trouble : the reason why it cannot be used, "" if it can, judged by the head of its file
    """

    recordings: int = 0
    duration_s: float = 0.0
    written_s: float = 0.0
    stamp: tuple[int, int] = (0, 0)
    trouble: str = ""


def tastes_in(folder: Path) -> tuple[Path, ...]:
    """Return the taste files of a folder by their names.

    Raises
    ------
    OSError : the folder cannot be read
    """
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(SUFFIX) and entry.is_file()]
    return tuple(folder / name for name in sorted(names, key=lambda name: (name.casefold(), name)))


def summaries(
    paths: Iterable[Path], known: Mapping[Path, TasteSummary], progress: Progress
) -> dict[Path, TasteSummary]:
    """Return the summary of each taste; unchanged files are not read again."""
    found = {}
    for path in paths:
        progress.check_cancelled()
        found[path] = summary_of(path, known.get(path))
    return found


def summary_of(path: Path, known: TasteSummary | None = None) -> TasteSummary:
    """Return the summary of a taste file; an invalid file is reported, never raised."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return TasteSummary(trouble=NOT_THERE)
    except (OSError, ValueError):
        return TasteSummary(trouble=UNREADABLE)
    stamp = (status.st_size, status.st_mtime_ns)
    if known is not None and known.stamp == stamp and not known.trouble:
        return known
    try:
        head = head_of(path)
        if head.stop_bytes > status.st_size:
            return TasteSummary(stamp=stamp, trouble=DAMAGED)
        version, recordings = head.facts["version"], head.facts.get("kept", [])
        if type(version) is not int or version < 1:
            return TasteSummary(stamp=stamp, trouble=DAMAGED)
        if version > VERSION:
            return TasteSummary(stamp=stamp, trouble=TOO_NEW)
        duration_s = math.fsum(float(recording["duration_s"]) for recording in recordings)
        if not 0.0 <= duration_s < math.inf:
            return TasteSummary(stamp=stamp, trouble=DAMAGED)
        return TasteSummary(len(recordings), duration_s, status.st_mtime, stamp)
    except OSError:
        return TasteSummary(stamp=stamp, trouble=UNREADABLE)
    except (TasteError, struct.error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return TasteSummary(stamp=stamp, trouble=DAMAGED)
