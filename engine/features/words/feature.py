"""The record of words."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(
    finders={
        "fillers": OwnFinder("engine.features.words.fillers:FILLERS"),
        "retakes": OwnFinder("engine.features.words.retakes:RETAKES"),
        "turns": OwnFinder("engine.features.words.regions:TURNS"),
        "questions": OwnFinder("engine.features.words.regions:QUESTIONS"),
        "sentences": OwnFinder("engine.features.words.regions:SENTENCES"),
    },
    analyses={"words": "engine.features.words.analyses:WORDS_FOUND"},
)
