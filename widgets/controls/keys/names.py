"""Names of keys for display. Needs no Qt, so that the key sheet is generated without it."""

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
    """Format a key as on its cap: Qt's ``Ctrl+Shift+Return`` as ``Ctrl Shift Enter``."""
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
    """Merge two caps that differ in the last sign only: "Alt ↑" and "Alt ↓" as "Alt ↑↓"."""
    held, _, last = one.rpartition(" ")
    other_held, _, other_last = other.rpartition(" ")
    if one and other and held == other_held and len(last) == len(other_last) == 1:
        return f"{one}{other_last}"
    return " ".join(filter(None, (one, other)))
