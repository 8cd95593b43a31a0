"""Detected sounds, by name and by example."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.window import Handler, Window


def sounds(window: Window) -> Mapping[str, Handler]:
    heard = window.repairing.finding.sounds
    return {
        "sounds.hear": heard.hear,
        "sounds.next": partial(heard.go, forward=True),
        "sounds.previous": partial(heard.go, forward=False),
        "sounds.like": heard.ask_like,
    }
