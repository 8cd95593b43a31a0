"""Taking a sound out, only there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.window import Handler, Window


def repairs(window: Window) -> Mapping[str, Handler]:
    repairing = window.repairing
    return {
        "repair.open": repairing.open,
        "repair.add": repairing.add_window,
        "repair.find": repairing.finding.ask,
        "repair.what": repairing.ask_what,
        "repair.preview": repairing.preview,
        **{f"repair.{name}": partial(repairing.hear, name) for name in ("target", "remainder", "result")},
        "repair.compare": repairing.compare,
        "repair.accept": repairing.accept,
        "repair.queue": repairing.put_into_queue,
    }
