"""Microphones that another recorder heard: its clock runs apart, and no shift of hits mends that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from engine.document.state import DocumentState
from engine.hits.hits import Hits, Role
from engine.hits.second_recorder import SecondRecorder, match_second_recorder
from engine.jobs.microphones import Microphones
from engine.progress import Progress
from engine.timebase import samples_to_s

_AWAY = (Role.ROOM, Role.OTHER)
"""What a second recorder is set up as; close microphones and overheads are on one desk."""
LEAST_DRIFT_S = 0.003
LEAST_OFFSET_S = 0.1
_LEAST_CONFIDENCE = 0.8


def second_recorders(
    state: DocumentState, media: Mapping[str, Path], hits: Hits, progress: Progress
) -> Iterator[str]:
    """Yield a sentence for each microphone away from the drums that runs apart from those at them.

    It is compared with an overhead, which hears the whole kit as well, else with the one that has most hits.

    Raises
    ------
    SourceError : a recording cannot be read
    """
    away = [key for key, role in zip(hits.track_ids, hits.roles, strict=True) if role in _AWAY]
    if not away or not len(hits.tracks):
        return
    counts = np.bincount(hits.tracks, minlength=len(hits.track_ids))
    counts[[role is Role.OVERHEAD for role in hits.roles]] += len(hits.tracks) + 1
    first = hits.track_ids[int(counts.argmax())]
    names = {track.id: track.name for track in state.tracks}
    others = [key for key in away if key != first]
    with Microphones(state, media, (first, *others)) as microphones:
        for number, key in enumerate(others):
            progress.check_cancelled()
            progress.report(number / len(others), "Comparing clocks")
            found = match_second_recorder(microphones.one(first), microphones.one(key), state.rate_hz)
            if found is not None and (said := _sentence(names[key], found, state)):
                yield said


def _sentence(name: str, found: SecondRecorder, state: DocumentState) -> str:
    """Say how a recording lies beside the others; an empty text where it lies as it should."""
    offset_s = found.offset_samples / state.rate_hz
    drift_s = found.drift_ppm / 1e6 * samples_to_s(state.length_samples, state.rate_hz)
    said = []
    if abs(offset_s) >= LEAST_OFFSET_S:
        said.append(f"it is {abs(offset_s):.3f} s {'late' if offset_s > 0 else 'early'}")
    if abs(drift_s) >= LEAST_DRIFT_S:
        speed = f"{abs(found.drift_ppm):.0f} ppm {'longer' if drift_s > 0 else 'shorter'}"
        said.append(f"it runs {speed}, {abs(drift_s) * 1000:.0f} ms by the end")
    if not said or found.confidence < _LEAST_CONFIDENCE:
        return ""
    return f"{name} comes from another recorder: {' and '.join(said)}. Correct that first, or leave it out."
