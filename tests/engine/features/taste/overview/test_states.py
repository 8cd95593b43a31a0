"""What became of each stretch on the map, against a look at every proposal for every stretch."""

from __future__ import annotations

import numpy as np

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.features.taste.overview.results import Origin, SegmentMap, SegmentState, segment_states

RATE_HZ = 1000
TOLD = {
    Verdict.UNDECIDED: SegmentState.UNDECIDED,
    Verdict.ACCEPTED: SegmentState.ACCEPTED,
    Verdict.REJECTED: SegmentState.REJECTED,
}


def slow_states(shown: SegmentMap, state: DocumentState) -> list[int]:
    """Ask for every stretch each proposal; the strongest answer counts."""
    found = []
    for recording, start_s in zip(shown.recording, shown.starts_s, strict=True):
        _key, origin = shown.recordings[recording]
        here = SegmentState.KEPT if origin is Origin.KEPT else SegmentState.REST
        middle = round((start_s + shown.length_s / 2) * RATE_HZ)
        for verdict in (Verdict.UNDECIDED, Verdict.REJECTED, Verdict.ACCEPTED):
            for key in state.proposals if origin is Origin.DOCUMENT else ():
                start, stop = state.span(key)
                if state.verdict(key) is verdict and start <= middle < stop:
                    here = TOLD[verdict]
        found.append(int(here))
    return found


def test_states_are_those_of_a_slow_look(rng: np.random.Generator) -> None:
    count = 400
    shown = SegmentMap(
        rng.random((count, 2), np.float32),
        rng.integers(0, 3, count).astype(np.int32),
        rng.random(count) * 60.0,
        2.0,
        rng.random(count, np.float32),
        (("kept.wav", Origin.KEPT), ("", Origin.DOCUMENT), ("other.wav", Origin.FILE)),
        0.5,
    )
    spans = [
        (s, s + int(w)) for s, w in zip(range(0, 60_000, 6000), rng.integers(500, 9000, 10), strict=True)
    ]
    proposals = {f"c{k}": Proposal(f"c{k}", "cut", a, b, 0.9, "Odd.", "t") for k, (a, b) in enumerate(spans)}
    decisions = {
        f"c{k}": Decision(f"c{k}", verdict)
        for k, verdict in enumerate([Verdict.ACCEPTED, Verdict.REJECTED, Verdict.ACCEPTED, Verdict.REJECTED])
    }
    state = DocumentState(rate_hz=RATE_HZ, proposals=proposals, decisions=decisions)

    assert segment_states(shown, state).tolist() == slow_states(shown, state)
    assert set(segment_states(shown, state).tolist()) == {int(one) for one in SegmentState}


def test_without_a_document_everything_is_kept_or_rest() -> None:
    none = np.zeros(0)
    empty = SegmentMap(
        np.zeros((0, 2), np.float32), none.astype(np.int32), none, 2.0, none.astype(np.float32), (), 1.0
    )
    assert segment_states(empty, DocumentState()).shape == (0,)
