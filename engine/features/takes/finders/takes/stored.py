"""Takes on their way into a document and out of it; imports nothing heavy."""

from __future__ import annotations

import numpy as np

from engine.analysis.found_takes import FalseStart, FoundTakes, Take, TakeGroup
from engine.document.analysis import Analysis
from engine.document.listening_ids import takes_id
from engine.document.state import DocumentState
from engine.document.takes import TAKES, StoredTakes


def known_takes(state: DocumentState, stored: Analysis | None) -> FoundTakes | None:
    """Return the stored takes if they belong to the tracks as they are; else None."""
    is_current = state.analyses.get(TAKES) == takes_id(state)
    return takes_from(stored) if is_current and isinstance(stored, StoredTakes) else None


def stored_takes(found: FoundTakes) -> StoredTakes:
    """Return takes as a document stores them."""
    takes = [(number, take) for number, group in enumerate(found.groups) for take in group.takes]
    starts = found.false_starts
    return StoredTakes(
        names=[group.name for group in found.groups],
        passages=np.array([number for number, _ in takes], np.int64),
        spans_s=np.array([(take.start_s, take.stop_s) for _, take in takes], np.float64).reshape(-1, 2),
        is_complete=np.array([take.complete for _, take in takes], np.int8),
        semitones=np.array([take.transposed_semitones for _, take in takes], np.int64),
        speeds=np.array([take.speed for _, take in takes], np.float64),
        shares=np.array([(take.from_share, take.to_share) for _, take in takes], np.float64).reshape(-1, 2),
        false_starts_s=np.array(
            [(one.start_s, one.stop_s, one.begins_again_s) for one in starts], np.float64
        ).reshape(-1, 3),
        likelihoods=np.array([one.likelihood for one in starts], np.float64),
        played_s=np.array(found.played_s, np.float64).reshape(-1, 2),
    )


def takes_from(stored: StoredTakes) -> FoundTakes:
    """Return takes that a document stores."""
    columns = (stored.spans_s, stored.is_complete, stored.semitones, stored.speeds, stored.shares)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    takes = [
        Take(start_s, stop_s, bool(is_complete), semitones, speed, from_share, to_share)
        for (start_s, stop_s), is_complete, semitones, speed, (from_share, to_share) in rows
    ]
    groups = (
        TakeGroup(name, tuple(takes[row] for row in np.flatnonzero(stored.passages == number)))
        for number, name in enumerate(stored.names)
    )
    starts = zip(stored.false_starts_s.tolist(), stored.likelihoods.tolist(), strict=True)
    return FoundTakes(
        tuple(groups),
        tuple(FalseStart.told(start, stop, again, likelihood) for (start, stop, again), likelihood in starts),
        tuple((start, stop) for start, stop in stored.played_s.tolist()),
    )
