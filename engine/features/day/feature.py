"""The record of days."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(
    finders={"day": OwnFinder("engine.features.day.finder:DAY_FINDER")},
    analyses={"day": "engine.features.day.analyses:DAY_FOUND"},
)
