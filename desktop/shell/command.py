"""Commands, and the contexts of their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.core.build import RESOURCES

WINDOW = "window"
"""Works wherever the focus is, a text field aside."""
REVIEW = "review"
"""Works while there is a proposal to answer; the keys of `WINDOW` work here too."""
GRID_LAYER = "grid"
"""Active after the layer is entered, until Esc; its keys have priority over all other contexts."""
REPAIR_LAYER = "repair"
"""The same while the panel for sound repair is open."""
PAINT_LAYER = "paint"
"""The same while a mask is painted; unused keys fall through to the repair panel."""
CLIP_LAYER = "clips"
"""The same while clips are chosen."""
DAY_LAYER = "day"
"""The same while the overview of the day is shown."""
WORDS_LAYER = "words"
"""The same while the transcript has the focus."""
LAYERS = (DAY_LAYER, GRID_LAYER, REPAIR_LAYER, PAINT_LAYER, CLIP_LAYER, WORDS_LAYER)
OUTER_LAYERS = {PAINT_LAYER: REPAIR_LAYER}
"""The layer whose keys work within another too."""
PREFIX = "F12"
"""Pressed before a key, it stands for Alt, which some window managers keep for themselves."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something the user can do.

    Attributes
    ----------
    id : "group.action"; shortcuts, buttons and tests refer to it
    label : text in menus and palette
    keys : in Qt's portable notation, the displayed one first; empty if palette and button suffice
    context : `WINDOW`, `REVIEW` or one of `LAYERS`; a key has one meaning in each
    description : one sentence
    group : heading of the command
    do : its handler; receives the parts of the window
    repeats : whether it repeats while its key is held
    after : id of the command that it follows in menus; empty for the end of its group
    """

    id: str
    label: str
    keys: tuple[str, ...]
    context: str
    description: str
    group: str
    do: Callable[[Any], object]
    repeats: bool = True
    after: str = ""

    @property
    def synonyms(self) -> tuple[str, ...]:
        """Its names in other programs (Pro Tools, REAPER, Audacity, RX); the palette finds them, too."""
        return tuple(synonyms().get(self.id, ()))


@cache
def synonyms() -> Mapping[str, list[str]]:
    """Return names in other programs by the id of the command; the table is read at the first search."""
    import tomllib

    table = RESOURCES / "synonyms.toml"
    found: Mapping[str, list[str]] = tomllib.loads(table.read_text("utf-8"))
    return found


def conflicts(commands: Iterable[Command]) -> tuple[tuple[str, str, str], ...]:
    """Return every (key, id, id) of a key with two commands in one context.

    Keys of `WINDOW` work everywhere, also in the review. A layer has priority over all others.
    """
    found = []
    holders: dict[str, list[Command]] = {}
    for command in commands:
        for key in dict.fromkeys(command.keys):
            for other in holders.setdefault(key, []):
                contexts = {other.context, command.context}
                if len(contexts) == 1 or contexts == {WINDOW, REVIEW}:
                    found.append((key, other.id, command.id))
            holders[key].append(command)
    return tuple(found)


def with_prefix(keys: Iterable[str]) -> tuple[str, ...]:
    """Add, where no key is without Alt, the same keys by `PREFIX`, pressed one after the other."""
    keys = tuple(keys)
    if not keys or any("Alt+" not in key for key in keys):
        return keys
    return (*keys, *(f"{PREFIX}, {key.replace('Alt+', '')}" for key in keys))
