"""Recordings of a document placed again: the one that others refer to stays, and so does its time of day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.document.document import Document
from engine.document.edits.tracks import add_tracks
from engine.document.settings import TimeOfDay, set_time_of_day, time_of_day_at
from engine.document.state import DocumentState
from engine.features.placement.line_up import LineUpRequest, line_up_edit
from engine.recordings.stated.placements import Basis, Mode, PlacedTrack, Placement, Placements, Reason
from tests.engine.document.conftest import RATE_HZ, a_source
from tests.sources import each_alone

NOON = TimeOfDay(12 * 3600 * 1_000_000)


def places(*starts_s: float) -> Placements:
    """Return places of recordings; the first is the one that others refer to."""
    files = tuple(
        Placement(
            Path(f"/band/{number}.wav"),
            number,
            start_s * RATE_HZ,
            0.0,
            Basis.SOUND,
            1.0,
            True,
            Reason.SAME_SOUND if number else Reason.ORIGIN,
            "",
        )
        for number, start_s in enumerate(starts_s)
    )
    tracks = tuple(PlacedTrack(str(number), (number,)) for number in range(len(files)))
    return Placements(RATE_HZ, Mode.AUTO, files, tracks)


@pytest.fixture
def state(tmp_path: Path) -> DocumentState:
    sources = [a_source(key, 60) for key in ("one", "two", "three")]
    with Document.create(tmp_path / "day.offcut") as made:
        made.apply(add_tracks(made.state, each_alone(sources, ["One", "Two", "Three"])))
        made.apply(set_time_of_day(made.state, 0, NOON))
        return made.state


def lined_up(state: DocumentState, at: Placements, tmp_path: Path) -> DocumentState:
    clips = [clip.id for track in state.tracks for clip in track.clips][: len(at.files)]
    with Document.open(tmp_path / "day.offcut") as document:
        document.apply(line_up_edit(LineUpRequest(state, {}, tuple(clips)), at))
        after = document.state
        document.undo()
        assert document.state == state, "one step"
    return after


def starts_s(state: DocumentState) -> list[float]:
    return [track.start_samples / RATE_HZ for track in state.tracks]


def test_what_begins_before_the_timeline_moves_its_start(state: DocumentState, tmp_path: Path) -> None:
    after = lined_up(state, places(5, 0, 7), tmp_path)
    assert starts_s(after) == [5, 0, 7]
    assert time_of_day_at(after, 5 * RATE_HZ) == NOON, "the first recording keeps its time"


def test_the_start_stays_where_the_first_recording_stays(state: DocumentState, tmp_path: Path) -> None:
    after = lined_up(state, places(0, 2, 7), tmp_path)
    assert starts_s(after) == [0, 2, 7]
    assert time_of_day_at(after, 0) == NOON


def test_some_clips_leave_the_time_of_day(state: DocumentState, tmp_path: Path) -> None:
    after = lined_up(state, places(5, 0), tmp_path)
    assert starts_s(after) == [5, 0, 0]
    assert time_of_day_at(after, 0) == NOON


def test_clips_at_their_places_are_no_edit(state: DocumentState) -> None:
    clips = tuple(clip.id for track in state.tracks for clip in track.clips)
    assert not line_up_edit(LineUpRequest(state, {}, clips), places(0, 0, 0)).changes
    without = replace(state, settings={})
    assert line_up_edit(LineUpRequest(without, {}, clips), places(5, 0, 7)).changes
