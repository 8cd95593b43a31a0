"""The timeline, read back by OpenTimelineIO."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlparse

import opentimelineio as otio
import pytest

from engine.document.state import DocumentState
from engine.document.tracks.track import Source, Track
from engine.edl.build import build
from engine.edl.export import export
from engine.edl.export.clips import clips
from tests.engine.edl.export.cases import Case, Piece
from tests.engine.edl.recordings import with_cuts


def read(path: Path) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(path))


def pieces(track: otio.schema.Track, rate_hz: int) -> list[Piece]:
    """Return where OpenTimelineIO itself places the clips."""
    found = []
    for clip in track.find_clips():
        placed, used = clip.range_in_parent(), clip.source_range
        assert placed.duration == used.duration
        assert {placed.start_time.rate, used.start_time.rate, used.duration.rate} == {rate_hz}
        values = (placed.start_time.value, used.start_time.value, used.duration.value)
        assert all(value == int(value) for value in values)
        found.append(Piece(*map(int, values)))
    return found


def test_clips_lie_where_the_edit_list_says(case: Case, tmp_path: Path) -> None:
    done = export(case.request(tmp_path / "jam.otio"))
    timeline = read(done.path)
    assert timeline.name == "Jäm & <Co>"
    assert [track.name for track in timeline.tracks] == [track.name for track in case.state.tracks]
    for laid, track in zip(timeline.tracks, case.state.tracks, strict=True):
        assert pieces(laid, case.state.rate_hz) == case.pieces(track)
        assert laid.kind == otio.schema.TrackKind.Audio
        assert laid.enabled == (not track.mute)
        assert laid.metadata["offcut"]["gain_db"] == track.gain_db
        assert laid.metadata["offcut"]["pan"] == track.pan
        source = case.state.sources[track.source_id]
        for clip in laid.find_clips():
            media = clip.media_reference
            assert unquote(urlparse(media.target_url).path) == str(case.media[source.id])
            assert (media.available_range.duration.value, media.available_range.duration.rate) == (
                source.frames,
                source.rate_hz,
            )


def test_markers_stand_at_the_seams(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.otio"))
    markers = read(tmp_path / "jam.otio").tracks.markers
    assert [marker.marked_range.start_time.value for marker in markers] == case.seams
    assert {marker.name for marker in markers} <= {"cut: Tuning between two takes"}


def test_transitions_are_as_long_as_the_crossfades(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.otio"))
    edit_list = build(case.state)
    lengths = {
        int(seam): segment.fade_in_samples
        for seam, segment in zip(edit_list.seams_samples, edit_list.segments, strict=True)
        if seam
    }
    track = read(tmp_path / "jam.otio").tracks[0]
    found = {}
    for child in track:
        if isinstance(child, otio.schema.Transition):
            start = child.range_in_parent().start_time + child.in_offset
            found[int(start.value)] = int((child.in_offset + child.out_offset).value)
            assert child.out_offset.value - child.in_offset.value in (0, 1)
    assert found == {seam: length for seam, length in lengths.items() if length}


def test_a_track_that_begins_inside_a_crossfade_has_only_the_material_it_has() -> None:
    whole = Source("a", "/a.wav", "", 8000, 1, 80_000, "WAV", "FLOAT")
    late = Source("b", "/b.wav", "", 8000, 1, 100, "WAV", "FLOAT")
    tracks = (Track("a", "a", "a", 0), Track("b", "b", "b", 1, start_samples=19_990))
    state = with_cuts(DocumentState(8000, {"a": whole, "b": late}, tracks), (10_000, 20_000))
    (found,) = clips(state, build(state), tracks[1])
    # The crossfade of 160 samples reaches 80 before the cut's end; 10 of them are there.
    assert (found.start_samples, found.length_samples, found.before_samples) == (10, 90, 10)
    assert (found.fade_in_samples, found.result_start_samples) == (90, 10_000)
    assert (found.after_samples, found.fade_out_samples) == (0, 0)


@pytest.mark.parametrize("suffix", [".otio", ".mid", ".edl", ".fcpxml", ".xml", ".aaf"])
def test_the_same_edit_gives_the_same_bytes(suffix: str, case: Case, tmp_path: Path) -> None:
    outs = [tmp_path / f"{name}{suffix}" for name in ("one", "two")]
    for out in outs:
        export(case.request(out))
    assert outs[0].read_bytes() == outs[1].read_bytes()
