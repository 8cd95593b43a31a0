"""Clips of single tracks that go on at other times: ripple cuts and inserts of those tracks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.document.file.storage import apply_rows
from engine.exchange.imports.described import ImportedClip, ImportedEdits, ImportedTrack, Medium
from engine.exchange.imports.proposals.edit import ImportedEdit, ImportRequest, imported_edit
from engine.sound.edl.build import build
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording

LENGTH_S = 20

Played = tuple[float, float, float]
"""Start and stop in the recording, and start in the edit, in seconds."""


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    rng = np.random.default_rng(2)
    tracks = [0.1 * rng.standard_normal((LENGTH_S * RATE_HZ, 1)) for _ in range(3)]
    return recording(tmp_path_factory.mktemp("trio"), tracks, names=("a.wav", "b.wav", "c.wav"))


def imported(made: Recording, **tracks: list[Played]) -> ImportedEdit:
    """Import clips, by the names of the files."""
    listed = []
    for name, clips in tracks.items():
        path = Path(made.media[f"s{'abc'.index(name)}"])
        medium = Medium(path.name, str(path), Fraction(LENGTH_S))
        parts = tuple(
            ImportedClip(medium, Fraction(start), Fraction(stop - start), Fraction(at))
            for start, stop, at in clips
        )
        listed.append(ImportedTrack(name, parts))
    edits = ImportedEdits("list", "a list", tuple(listed))
    return imported_edit(ImportRequest(made.state, made.media, edits))


def kinds(one: ImportedEdit) -> list[tuple[str, float, float, tuple[str, ...]]]:
    return [
        (each.kind, each.start_samples / RATE_HZ, each.stop_samples / RATE_HZ, each.tracks)
        for each in one.proposals
    ]


WHOLE = [(0, 20, 0)]


def test_a_track_that_leaves_out_more_gets_a_ripple_cut(trio: Recording) -> None:
    found = imported(trio, a=WHOLE, b=[(0, 5, 0), (7, 20, 5)], c=WHOLE)
    assert kinds(found) == [("ripple", 5.0, 7.0, ("t1",))]
    assert found.left_out == ()


def test_the_same_cut_of_two_tracks_is_one_edit_beside_the_cut_of_all(trio: Recording) -> None:
    own = [(0, 3, 0), (4, 5, 3), (7, 20, 4)]
    found = imported(trio, a=[(0, 3, 0), (4, 20, 3)], b=own, c=own)
    assert kinds(found) == [("cut", 3.0, 4.0, ()), ("ripple", 5.0, 7.0, ("t1", "t2"))]


def test_a_split_edit_is_two_ripple_cuts_where_no_track_has_the_timing_of_all(trio: Recording) -> None:
    found = imported(trio, a=[(0, 5, 0), (7, 20, 5)], b=[(0, 6, 0), (8, 20, 6)])
    after = build(apply_rows(trio.state, found.put_into(trio.state).changes))
    for key, wanted in (("t0", (5, 7)), ("t1", (6, 8))):
        own = after.of_track(key)
        assert own.to_result(wanted[1] * RATE_HZ) == wanted[0] * RATE_HZ, key
        assert own.to_result(12 * RATE_HZ) == 10 * RATE_HZ


def test_a_track_that_waits_gets_an_insert(trio: Recording) -> None:
    found = imported(trio, a=WHOLE, b=[(0, 5, 0), (5, 20, 8)], c=WHOLE)
    assert kinds(found) == [("insert", 5.0, 5.0, ("t1",))]
    after = build(apply_rows(trio.state, found.put_into(trio.state).changes))
    assert after.length_samples == 23 * RATE_HZ, "nothing of the longest track is lost"


def test_a_crossfade_that_is_too_long_for_an_edit_is_shortened(trio: Recording) -> None:
    found = imported(trio, a=WHOLE, b=[(0, 6.5, 0), (7, 20, 5)], c=WHOLE)  # both play for 1.5 s
    (made,) = found.proposals
    assert made.kind == "ripple"
    assert made.payload["crossfade_ms"] == 1_000.0


def test_an_edit_of_one_track_leaves_the_cuts_of_all_as_they_are(trio: Recording) -> None:
    cut = imported(trio, a=[(0, 3, 0), (4, 20, 3)], b=[(0, 3, 0), (4, 20, 3)], c=[(0, 3, 0), (4, 20, 3)])
    state = apply_rows(trio.state, cut.put_into(trio.state).changes)
    own = [(0, 3, 0), (4, 5, 3), (7, 20, 4)]
    found = imported(
        Recording(state, trio.media), a=[(0, 3, 0), (4, 20, 3)], b=own, c=[(0, 3, 0), (4, 20, 3)]
    )
    assert kinds(found) == [("ripple", 5.0, 7.0, ("t1",))]
    assert found.returned == 0
