"""The record of matches."""

from __future__ import annotations

from engine.core.features import Feature, OwnFinder

FEATURE = Feature(finders={"match": OwnFinder("engine.features.match.finder.finder:MATCH")})
