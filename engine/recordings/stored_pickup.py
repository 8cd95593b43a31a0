"""Stored analysis of the tracks that were recorded together; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.document.analysis import Analysis
from engine.document.change import Edit
from engine.document.document import analysis_id
from engine.document.drums.pickup import PICKUP, PICKUP_MAKER, StrokePickup
from engine.document.edits import set_analyses
from engine.document.state import DocumentState
from engine.sound.edl.build import build


def clocks_of(state: DocumentState, tracks: Sequence[str]) -> list[list[tuple[str, float, float]]]:
    """Return how far tracks are lined up and stretched, as a list in a list; empty where none is."""
    edits = build(state).patches
    clocks = [
        (key, clock.by_samples, clock.drift_ppm)
        for key in tracks
        if key in edits and (clock := edits[key].clock) is not None
    ]
    return [clocks] if clocks else []


def pickup_id(state: DocumentState) -> str:
    """Return the id of the pickup that comparing the tracks of a document gives."""
    tracks = [(one.id, *state.recorded(one)) for one in state.tracks]
    return analysis_id(PICKUP, PICKUP_MAKER, tracks, *clocks_of(state, [one.id for one in state.tracks]))


def known_pickup(state: DocumentState, stored: Analysis | None) -> StrokePickup | None:
    """Return the stored pickup if it belongs to the tracks as they are; else None."""
    is_current = state.analyses.get(PICKUP) == pickup_id(state)
    return stored if is_current and isinstance(stored, StrokePickup) else None


def store_pickup(state: DocumentState, pickup: StrokePickup) -> tuple[Edit, Mapping[str, Analysis]]:
    """Return the edit that puts a pickup into a document, which is not a step of undo."""
    key = pickup_id(state)
    return set_analyses(state, {PICKUP: key}, "Compared the tracks", by_listening=True), {key: pickup}
