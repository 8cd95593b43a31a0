"""The record of words."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(
    finders={
        "fillers": OwnFinder("engine.features.words.fillers:FILLERS"),
        "retakes": OwnFinder("engine.features.words.retakes:RETAKES"),
    },
    analyses={"words": "engine.features.words.analyses:WORDS_FOUND"},
)
