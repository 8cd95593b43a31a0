"""The beat grid, and stepping along it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def grid(window: Parts) -> Mapping[str, Handler]:
    editing, dialogs, layer = window.grid_editing, window.grid_dialogs, window.grid_layer
    return {
        "grid.next": partial(editing.step, forward=True),
        "grid.previous": partial(editing.step, forward=False),
        "grid.layer": layer.enter,
        "grid.half": layer.doing(editing.halve),
        "grid.double": layer.doing(editing.double),
        "grid.other_level": layer.doing(editing.other_level),
        "grid.shift": layer.doing(editing.shift),
        "grid.downbeat": layer.doing(editing.set_downbeat),
        "grid.tap": window.tap_tempo.tap,
        "grid.set_tempo": dialogs.ask_tempo,
        "grid.ramp": dialogs.ask_ramp,
        "grid.bar": dialogs.ask_beats_in_bar,
        "grid.heard": editing.use_heard,
        "edge.snap_toggle": editing.toggle_snapping,
    }
