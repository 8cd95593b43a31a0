"""Decisions of the document for each segment on the map, read again after every decision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples_array
from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.features.taste.overview.results import Origin, SegmentMap, SegmentState

_OF_VERDICT = (
    (Verdict.UNDECIDED, SegmentState.UNDECIDED),
    (Verdict.REJECTED, SegmentState.REJECTED),
    (Verdict.ACCEPTED, SegmentState.ACCEPTED),
)
"""In the order of their strength: where proposals overlap, the one that is accepted counts."""


def segment_states(shown: SegmentMap, state: DocumentState) -> NDArray[np.uint8]:
    """Return the `SegmentState` of each segment, shape (n,): that of the proposal around its middle."""
    origins = np.array([origin for _key, origin in shown.recordings])
    of_each = origins[shown.recording] if len(origins) else np.zeros(0, str)
    states = np.where(of_each == Origin.KEPT, SegmentState.KEPT, SegmentState.REST).astype(np.uint8)
    here = np.flatnonzero(of_each == Origin.DOCUMENT)
    if not len(here) or not state.proposals:
        return states
    middles = s_to_samples_array(shown.starts_s[here] + shown.length_s / 2, state.rate_hz)
    order = np.argsort(middles, kind="stable")
    here, middles = here[order], middles[order]
    verdicts = {key: state.verdict(key) for key in state.proposals}
    for verdict, told in _OF_VERDICT:
        for key, given in verdicts.items():
            if given is verdict:
                first, last = np.searchsorted(middles, state.span(key))
                states[here[first:last]] = told
    return states
