"""The record of timing."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(
    finders={
        "recorders": OwnFinder("engine.features.timing.finders.recorders:RECORDERS"),
        "tempo": OwnFinder("engine.features.timing.finders.tempo:TEMPO"),
        "timing": OwnFinder("engine.features.timing.finders.timing.finder:TIMING"),
        "notes": OwnFinder("engine.features.timing.finders.notes:NOTES"),
    }
)
