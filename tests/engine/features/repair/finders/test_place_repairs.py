"""One cough on three tracks is one proposal; places where nothing is lowered are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.detection.what_sounds import SoundEvent
from engine.core.errors import DocumentError
from engine.document.document import Document
from engine.document.edits.proposals import add_proposals, decide
from engine.document.edits.tracks import add_tracks
from engine.document.file.stored_audio import keys_of, stored
from engine.document.kinds import KINDS
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.features.repair.finders.find_sounds import audio_of, likely_repairs
from engine.features.repair.finders.requests import Separations
from engine.features.repair.separation.settings import Energy, LevelChange
from engine.sound.edl.build import in_place
from engine.sound.edl.render import render
from tests.engine.sound.edl.recordings import RATE_HZ, recording
from tests.sources import each_alone

FIRST, SECOND = (RATE_HZ, 2 * RATE_HZ), (3 * RATE_HZ, 4 * RATE_HZ)
EVENTS = (SoundEvent(*FIRST, 0.9), SoundEvent(*SECOND, 0.6))


@pytest.fixture
def document(tmp_path: Path) -> Iterator[Document]:
    made = recording(tmp_path, [np.full((5 * RATE_HZ, 1), 0.1, np.float32)] * 3)
    with Document.create(tmp_path / "a.offcut") as document:
        sources = list(made.state.sources.values())
        document.apply(add_tracks(document.state, each_alone(sources, ["Bass", "Guitar", "Voice"])))
        yield document


@pytest.fixture
def state(document: Document) -> DocumentState:
    return document.state


def change(lowered_db: float) -> LevelChange:
    target = Energy(1.0, 10.0 ** (-lowered_db / 10.0))
    return LevelChange("cough", False, target, Energy(2.0, 1.0), (0.5, 0.4), RATE_HZ)


def separations(state: DocumentState, lowered_db: dict[tuple[int, int], list[float]]) -> Separations:
    """Each track plays a level of its own in each place."""
    rows = [(span, number) for number in range(3) for span in lowered_db]
    tracks = [track.id for track in state.tracks]
    audio = [
        stored(np.full((RATE_HZ, 1), 0.01 * (number + 1 + 3 * (span == SECOND)), np.float32), RATE_HZ)
        for span, number in rows
    ]
    return Separations(
        tuple(audio),
        tuple((*span, tracks[number]) for span, number in rows),
        ((),) * len(rows),
        tuple(change(lowered_db[span][number]) for span, number in rows),
        "separation test",
    )


def test_one_place_on_three_tracks_is_one_proposal_that_plays_each_track_its_own(
    document: Document, tmp_path: Path
) -> None:
    state = document.state
    found = separations(state, {FIRST: [9.0, 9.0, 9.0], SECOND: [9.0, 0.2, 9.0]})
    first, second = likely_repairs(state, found, EVENTS)
    tracks = tuple(track.id for track in state.tracks)
    assert (first.tracks, first.score) == (tracks, 0.9)
    assert second.tracks == (tracks[0], tracks[2]), "the one on which nothing is lowered stays"
    assert len(audio_of((first, second), found)) == 5
    document.apply(add_proposals(state, (first, second), "Found"), audio=audio_of((first, second), found))
    document.apply(decide(document.state, [first.id, second.id], Verdict.ACCEPTED))
    document.close()
    with Document.open(tmp_path / "a.offcut") as again:
        assert not again.notice
        now = again.state
        media = {**again.audio_files, **{key: Path(one.path) for key, one in now.sources.items()}}
        middles = [sum(span) // 2 for span in (FIRST, SECOND)]
        levels = [render(now, in_place(now), media, at, at + 10)[:, 0].mean() for at in middles]
    np.testing.assert_allclose(levels, [0.01 + 0.02 + 0.03, 0.04 + 0.1 + 0.06], atol=1e-3)


def test_a_place_where_nothing_is_lowered_is_not_proposed(state: DocumentState) -> None:
    found = separations(state, {FIRST: [0.3, 0.0, 0.9], SECOND: [0.0, 5.0, 0.0]})
    (only,) = likely_repairs(state, found, EVENTS)
    assert (only.start_samples, only.tracks) == (SECOND[0], (state.tracks[1].id,))
    assert keys_of(only.payload) == (found.audio[3].key,)


@pytest.mark.parametrize("wrong", [{}, [], {"t0": "nothing"}])
def test_audio_of_tracks_is_checked(state: DocumentState, wrong: object) -> None:
    found = separations(state, {FIRST: [9.0, 9.0, 9.0]})
    (one,) = likely_repairs(state, found, EVENTS[:1])
    with pytest.raises(DocumentError):
        KINDS["repair"].validate({**one.payload, "audio_of": wrong})
