"""Handlers of all commands: the table of commands meets the parts of the window here."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bindings.arranging import arranging
from desktop.bindings.by_hand import by_hand
from desktop.bindings.crashes import crashes
from desktop.bindings.documents import documents
from desktop.bindings.editors import editors
from desktop.bindings.grid import grid
from desktop.bindings.handler import Handler
from desktop.bindings.listening import listening
from desktop.bindings.markers import markers
from desktop.bindings.repairs import repairs
from desktop.bindings.reviewing import answers, edges
from desktop.bindings.sounds import sounds
from desktop.bindings.takes import takes
from desktop.bindings.timing import timing
from desktop.bindings.tracks import tracks
from desktop.bindings.viewing import viewing
from desktop.parts import Parts


def handlers(window: Parts) -> Mapping[str, Handler]:
    """Return the handler of every command id."""
    return {
        **answers(window),
        **edges(window),
        **listening(window),
        **tracks(window),
        **grid(window),
        **timing(window),
        **markers(window),
        **by_hand(window),
        **repairs(window),
        **sounds(window),
        **takes(window),
        **editors(window),
        **arranging(window),
        **viewing(window),
        **documents(window),
        **crashes(window),
    }
