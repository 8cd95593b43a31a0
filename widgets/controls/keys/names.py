"""How a key is written where a person reads it. Needs no Qt, so that the key sheet is made without it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SIGNS = {
    "Return": "Enter",
    "Left": "←",
    "Right": "→",
    "Up": "↑",
    "Down": "↓",
}
_NAMED = re.compile(r" ?‹([a-z_]+\.[a-z_]+)›")


def key_label(key: str) -> str:
    """Write a key the way its cap shows it: Qt's ``Ctrl+Shift+Return`` as ``Ctrl Shift Enter``."""
    parts = key.split("+")
    if parts[-1] == "":  # the plus key itself: "+" or "Ctrl++"
        parts = [*parts[:-2], "+"]
    return " ".join(_SIGNS.get(part, part) for part in parts)


def key_labels(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Format all keys of a command, the first one first, without duplicate caps."""
    return tuple(dict.fromkeys(key_label(key) for key in keys))


def with_keys(sentence: str, keys: Mapping[str, str]) -> str:
    """Write the key of each command named as ``‹file.import›`` into a sentence; nothing for one without.

    Parameters
    ----------
    keys : the key cap of each command id
    """
    return _NAMED.sub(lambda named: f" ({keys[named[1]]})" if keys.get(named[1]) else "", sentence)


def pair_label(one: str, other: str) -> str:
    """Write two caps as one where only their last signs differ: "Alt ↑" and "Alt ↓" as "Alt ↑↓"."""
    held, _, last = one.rpartition(" ")
    other_held, _, other_last = other.rpartition(" ")
    if one and other and held == other_held and len(last) == len(other_last) == 1:
        return f"{one}{other_last}"
    return " ".join(filter(None, (one, other)))
