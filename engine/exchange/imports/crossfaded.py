"""Crossfades of clips that overlap on their track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from engine.exchange.imports.described import ImportedClip


def crossfaded(clips: Sequence[ImportedClip]) -> tuple[ImportedClip, ...]:
    """Return clips in order of time, with overlaps as crossfades."""
    found = sorted(clips, key=lambda one: one.at_s)
    for number, (one, after) in enumerate(pairwise(tuple(found))):
        overlap = one.at_s + one.length_s - after.at_s
        if overlap > 0:
            found[number] = replace(found[number], fade_out_s=overlap)
            found[number + 1] = replace(found[number + 1], fade_in_s=overlap)
    return tuple(found)
