"""The record of tastes."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(
    finders={
        "cuts": OwnFinder("engine.features.taste.finders:CUTS"),
        "dead-air": OwnFinder("engine.features.taste.finders:DEAD_AIR"),
        "pauses": OwnFinder("engine.features.taste.finders:SHORTER_PAUSES"),
    },
    analyses={"score": "engine.features.taste.analyses:SCORE"},
)
