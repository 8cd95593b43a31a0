"""The record of takes."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(
    finders={
        "takes": OwnFinder("engine.features.takes.finders.takes:TAKES"),
        "comp": OwnFinder("engine.features.takes.finders.comping:COMP"),
    },
    analyses={
        "takes": "engine.features.takes.analyses:TAKES_PLAYED",
        "sections": "engine.features.takes.analyses:SECTIONS_FOUND",
    },
)
