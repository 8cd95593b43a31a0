"""Names of files made of names of tracks and regions."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

_NOT_IN_NAMES = str.maketrans(dict.fromkeys('/\\:*?"<>|', "-"))
_LONGEST = 60
_LONGEST_WHOLE = 200
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)
"""Names of devices on Windows, with any suffix."""
_USUAL_BYTES = 255
_JOINERS = "\u200c\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)


def name_of_file(name: str, most_characters: int = _LONGEST) -> str:
    """Return a name as every system's files can have it, one line and not too long."""
    letters = "".join(letter if _is_shown(letter) else " " for letter in name.translate(_NOT_IN_NAMES))
    return beginning_of(" ".join(letters.split()), most_characters)


def whole_name_of_file(name: str, folder: Path, suffix: str) -> str:
    """Return a name that can be all of a file's name before its suffix; "" if no letter of it is left.

    No dot or space is at its ends, it is not a device of Windows, and it fits the disk of the folder.
    """
    room_bytes = _most_bytes(folder) - len(os.fsencode(suffix))
    kept = beginning_of(name_of_file(name, _LONGEST_WHOLE), _LONGEST_WHOLE, room_bytes).strip(" .")
    return _DEVICES.sub(r"\1_", kept, count=1) if _DEVICES.match(kept) else kept


def unlike(names: Iterable[str]) -> list[str]:
    """Return names that differ on every disk: equal ones get a number, as in "Blues (2)".

    Case and the way in which accents are stored do not distinguish them.
    """
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        own = next(one for one in _numbered(name) if _folded(one) not in taken)
        taken.add(_folded(own))
        found.append(own)
    return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name} ({number})" for number in count(2))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def named_after(out: Path, words: str) -> Path:
    """Return the path with words behind its name, as many as a name of its disk has room for.

    No name ends in a dot or a space before its suffix, which not every system takes.
    """
    room_bytes = _most_bytes(out.parent) - len(os.fsencode(f"{out.stem} {out.suffix}"))
    number, _space, _name = words.partition(" ")
    kept = max(number, beginning_of(words, len(words), room_bytes), key=len)
    return out.with_name(f"{out.stem} {kept}".rstrip(" .") + out.suffix)


def beginning_of(name: str, most_characters: int, most_bytes: int = _USUAL_BYTES * 4) -> str:
    """Return the longest beginning of a name that fits, without splitting a visible character."""
    kept, size_bytes = "", 0
    for cluster in _clusters(name):
        size_bytes += len(os.fsencode(cluster))
        if len(kept) + len(cluster) > most_characters or size_bytes > most_bytes:
            break
        kept += cluster
    return kept


def _is_shown(letter: str) -> bool:
    return letter.isprintable() or letter in _JOINERS or ord(letter) in _TAGS


def _clusters(name: str) -> Iterator[str]:
    """Yield visible characters: a letter with its marks, an emoji of several parts, a flag.

    These are the rules of Unicode's extended grapheme clusters (UAX 29) as far as file names need them,
    without Hangul spelled in single letters.
    """
    cluster = ""
    for letter in name:
        if cluster and not _goes_on(cluster, letter):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def _goes_on(cluster: str, letter: str) -> bool:
    code = ord(letter)
    if code in _REGIONAL and len(cluster) == 1:
        return ord(cluster) in _REGIONAL
    is_mark = unicodedata.category(letter).startswith("M")
    return is_mark or cluster[-1] == "\u200d" or letter in _JOINERS or code in _SKIN or code in _TAGS


def _most_bytes(folder: Path) -> int:
    """Return the maximum length of a name in a folder."""
    try:
        return min(os.pathconf(folder, "PC_NAME_MAX"), _USUAL_BYTES)
    except (OSError, ValueError, AttributeError):
        return _USUAL_BYTES
