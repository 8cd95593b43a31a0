"""The record of repairs."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(
    finders={
        "talk": OwnFinder("engine.features.repair.finders.talk:TALK"),
        "repair": OwnFinder("engine.features.repair.finders.repair:REPAIR"),
        "like-this": OwnFinder("engine.features.repair.finders.repair:LIKE_THIS"),
        "clean-voice": OwnFinder("engine.features.repair.finders.clean_voice:CLEAN_VOICE"),
    }
)
