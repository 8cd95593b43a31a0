"""A small document with one recording and a few proposals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.document.document import Document
from engine.document.edits.proposals import replace_proposals
from engine.document.edits.tracks import add_tracks
from engine.document.proposals import Alternative, Proposal, proposal_id
from engine.document.tracks import Source
from tests.sources import each_alone

RATE_HZ = 48_000


def a_source(key: str = "one", seconds: int = 600) -> Source:
    return Source(key, f"/band/{key}.wav", f"hash-{key}", RATE_HZ, 2, seconds * RATE_HZ, "WAV", "PCM_24")


def a_cut(start_s: float, stop_s: float, score: float = 0.8) -> Proposal:
    start, stop = int(start_s * RATE_HZ), int(stop_s * RATE_HZ)
    return Proposal(
        id=proposal_id("cut", start, stop, "test"),
        kind="cut",
        start_samples=start,
        stop_samples=stop,
        score=score,
        reason="The band stops twice.",
        maker="test",
        alternatives=(Alternative("on the bar", start - 4_800, stop + 4_800),),
        payload={"crossfade_ms": 20.0},
    )


@pytest.fixture
def document(tmp_path: Path) -> Iterator[Document]:
    with Document.create(tmp_path / "Thursday jam.offcut") as opened:
        opened.apply(
            add_tracks(opened.state, each_alone([a_source("one"), a_source("two")], ["Kick", "Room"]))
        )
        cuts = [a_cut(10, 20), a_cut(40.5, 55, 0.6), a_cut(200, 260, 0.95)]
        opened.apply(replace_proposals(opened.state, cuts, {"percentile": 40.0}, "Proposed 3 cuts"))
        yield opened
