"""Names of files made of names of tracks."""

from __future__ import annotations

_NOT_IN_NAMES = str.maketrans(dict.fromkeys('/\\:*?"<>|', "-"))
_LONGEST = 60


def name_of_file(name: str) -> str:
    """Return a name as every system's files can have it, one line and not too long."""
    letters = "".join(letter if letter.isprintable() else " " for letter in name.translate(_NOT_IN_NAMES))
    return " ".join(letters.split())[:_LONGEST]
