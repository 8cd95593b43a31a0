"""Commands, and the contexts of their keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from desktop.parts import Parts

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
LAYERS = (GRID_LAYER, REPAIR_LAYER, PAINT_LAYER, CLIP_LAYER)
OUTER_LAYERS = {PAINT_LAYER: REPAIR_LAYER}
"""The layer whose keys work within another too."""

Handler = Callable[[Parts], object]
"""Does a command in the window with these parts."""


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
    do : its handler
    repeats : whether it repeats while its key is held
    synonyms : names in other programs; the palette finds them, too
    """

    id: str
    label: str
    keys: tuple[str, ...]
    context: str
    description: str
    group: str
    do: Handler
    repeats: bool = True
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunFinder:
    """Handler that runs a finder.

    Attributes
    ----------
    name : of the finder, as in `engine.finders.registry`
    """

    name: str

    def __call__(self, parts: Parts) -> None:
        """Ask for the settings of the finder, then start it; see `Finders.run`."""
        parts.finders.run(self.name)
