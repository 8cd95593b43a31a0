"""Taking a sound out, only there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def repairs(window: Parts) -> Mapping[str, Handler]:
    repairing, painting = window.repairing, window.repairing.painting
    return {
        "repair.open": repairing.open,
        "repair.add": repairing.add_window,
        "repair.separator": repairing.choose_separator,
        "repair.what": repairing.ask_what,
        "repair.preview": repairing.preview,
        **{f"repair.{name}": partial(repairing.hear, name) for name in ("target", "remainder", "result")},
        "repair.compare": repairing.compare,
        "repair.accept": repairing.accept,
        "repair.widen": repairing.widen,
        "repair.example": repairing.use_example,
        "repair.mute": repairing.mute,
        "repair.queue": repairing.put_into_queue,
        "repair.paint": repairing.paint,
        "repair.paint_range": repairing.paint_range,
        "repair.takes": painting.turn,
        "repair.larger": partial(painting.resize, 1),
        "repair.smaller": partial(painting.resize, -1),
        "repair.undo_paint": painting.undo,
        "repair.redo_paint": painting.redo,
        "repair.clear": painting.clear,
    }
