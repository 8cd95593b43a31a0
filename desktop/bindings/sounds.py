"""Detected sounds, by name and by example."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def sounds(window: Parts) -> Mapping[str, Handler]:
    heard = window.repairing.finding.sounds
    return {
        "sounds.hear": heard.hear,
        "sounds.next": partial(heard.go, forward=True),
        "sounds.previous": partial(heard.go, forward=False),
    }
