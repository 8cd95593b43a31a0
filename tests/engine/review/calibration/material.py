"""Documents with proposals of a taste, and what listening found of them, made by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.document.analysis import BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.review.evidence import Analyses
from tests.sources import one_source_track

RATE_HZ = 8000
MAKER = "own-faults Band 1a2b"
EVERY_S, CUT_S = 10, 4


def document(
    count: int, seed: int = 0, maker: str = MAKER, content: str = "hash"
) -> tuple[DocumentState, Analyses]:
    """A cut of 4 s in every 10, of falling scores; each other one is 15 dB quieter than the rest."""
    rng = np.random.default_rng(seed)
    length = count * EVERY_S * RATE_HZ
    starts = np.arange(count) * EVERY_S * RATE_HZ
    scores = np.linspace(0.95, 0.6, count)
    proposals = {
        f"c{k:05}": Proposal(
            f"c{k:05}", "cut", int(start), int(start) + CUT_S * RATE_HZ, float(scores[k]), "", maker
        )
        for k, start in enumerate(starts)
    }
    times = np.arange(0, length, RATE_HZ // 4, dtype=np.int64)
    parts = rng.normal(size=(len(times), 2)).astype(np.float32)
    curve = ScoreCurve(times, rng.random(len(times)).astype(np.float32), maker, ("far", "rebuilt"), parts)
    hops = np.arange(0, length, 1000)
    loudness = rng.normal(-20.0, 1.0, len(hops)).astype(np.float32)
    loudness[(hops // (EVERY_S * RATE_HZ)) % 2 == 1] -= 15.0
    listening = Listening(np.sort(rng.integers(0, length, 5 * count)), loudness, 1000, "offcut")
    beats = np.arange(0, length, RATE_HZ // 2, dtype=np.int64)
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "offcut")
    kept = np.arange(0, length - 2 * RATE_HZ, RATE_HZ // 5, dtype=np.int64)
    nearest = NearestReference(
        kept,
        2 * RATE_HZ,
        rng.integers(0, 2, len(kept)).astype(np.int32),
        rng.uniform(0, 60, len(kept)),
        rng.uniform(0.1, 0.9, len(kept)).astype(np.float32),
        ("a.wav", "b.wav"),
        ("", ""),
        np.array([60.0, 60.0]),
        maker,
    )
    source = Source("s", "a.wav", content, RATE_HZ, 1, length, "WAV", "PCM_16")
    state = DocumentState(RATE_HZ, {"s": source}, (one_source_track("t", source, "a", 0),), proposals)
    return state, Analyses(curve, listening, grid, nearest)


def decided(state: DocumentState, verdicts: Mapping[int, Verdict]) -> DocumentState:
    """Answer the proposals at some places."""
    ids = tuple(state.proposals)
    changed = {ids[place]: Decision(ids[place], verdict) for place, verdict in verdicts.items()}
    return replace(state, decisions={**state.decisions, **changed})


def cuts_the_quiet(places: Sequence[int]) -> dict[int, Verdict]:
    """The answers of somebody who cuts what is quiet and keeps the rest."""
    return {place: Verdict.ACCEPTED if place % 2 else Verdict.REJECTED for place in places}
