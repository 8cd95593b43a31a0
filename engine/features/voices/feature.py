"""The record of voices."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(
    finders={
        "level-voices": OwnFinder("engine.features.voices.level:LEVEL_VOICES"),
        "crosstalk": OwnFinder("engine.features.voices.crosstalk:CROSSTALK"),
    }
)
"""Loudness of speakers, and crosstalk of their microphones."""
