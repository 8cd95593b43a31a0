"""The record of arrangements."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(finders={"arrangement": OwnFinder("engine.features.arrangement.finder.finder:ARRANGEMENT")})
