"""How a key is written where a person reads it. Needs no Qt, so that the key sheet is made without it."""

from __future__ import annotations

_SIGNS = {
    "Return": "Enter",
    "Left": "←",
    "Right": "→",
    "Up": "↑",
    "Down": "↓",
}


def key_label(key: str) -> str:
    """Write a key the way its cap shows it: Qt's ``Ctrl+Shift+Return`` as ``Ctrl Shift Enter``."""
    parts = key.split("+")
    if parts[-1] == "":  # the plus key itself: "+" or "Ctrl++"
        parts = [*parts[:-2], "+"]
    return " ".join(_SIGNS.get(part, part) for part in parts)


def key_labels(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Write all keys of a command, the first one first, without saying the same cap twice."""
    return tuple(dict.fromkeys(key_label(key) for key in keys))
