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
from engine.edl.export.request import FrameRate
from tests.engine.edl.export.cases import CASES, Case, Piece
from tests.engine.edl.recordings import with_cuts

MOST_APART_SAMPLES = 1e-4
"""What the sums of 500 fractions of frames come to; a sample is found again wherever it is below a half."""


def read(path: Path) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(path))


def pieces(track: otio.schema.Track, rate_hz: int, rate: float = 25.0) -> list[Piece]:
    """Return where OpenTimelineIO itself places the clips."""
    found = []
    for clip in track.find_clips():
        placed, used = clip.range_in_parent(), clip.source_range
        assert placed.duration == used.duration
        times = (placed.start_time, used.start_time, used.duration)
        assert {time.rate for time in times} == {rate}
        samples = [time.value * rate_hz / rate for time in times]
        assert max(abs(one - round(one)) for one in samples) < MOST_APART_SAMPLES
        found.append(Piece(*map(round, samples)))
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
            duration = media.available_range.duration
            assert duration.rate == 25
            assert duration.to_seconds() * source.rate_hz == pytest.approx(source.frames, rel=0, abs=1e-6)


@pytest.mark.parametrize("rate", [FrameRate.FPS_23_976, FrameRate.FPS_29_97, FrameRate.FPS_60])
def test_times_count_frames_and_stay_at_their_samples(case: Case, rate: FrameRate, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.otio", frame_rate=rate))
    timeline = read(tmp_path / "jam.otio")
    per_s = float(rate.exact)
    assert timeline.global_start_time == otio.opentime.RationalTime(0, per_s)
    for laid, track in zip(timeline.tracks, case.state.tracks, strict=True):
        assert pieces(laid, case.state.rate_hz, per_s) == case.pieces(track)
    times = [clip.media_reference.available_range.duration for clip in timeline.find_clips()]
    times += [marker.marked_range.start_time for marker in timeline.tracks.markers]
    assert {time.rate for time in times} == {per_s}


def test_resolve_and_premiere_find_channels_gain_and_pan(tmp_path: Path) -> None:
    case = CASES[3]
    export(case.request(tmp_path / "jam.otio", frame_rate=FrameRate.FPS_29_97))
    timeline = read(tmp_path / "jam.otio")
    assert timeline.metadata["Resolve_OTIO"]["Resolve OTIO Meta Version"] == "1.0"
    assert timeline.metadata["PremierePro_OTIO"]["MetadataVersion"] == "1.0"
    sequence = timeline.tracks.metadata["PremierePro_OTIO"]
    assert sequence["VideoFrameRate"] == 30_000 / 1001
    assert sequence["AudioFrameRate"] == 48_000
    stereo, mono, plain = timeline.tracks
    for laid, kind, channels in ((stereo, "Stereo", 2), (mono, "Mono", 1)):
        assert laid.metadata["Resolve_OTIO"]["Audio Type"] == kind
        assert laid.metadata["PremierePro_OTIO"]["AudioChannels"]["ChannelType"] == kind
        for clip in laid.find_clips():
            read_by_resolve = clip.metadata["Resolve_OTIO"]["Channels"]
            assert [one["Source Channel ID"] for one in read_by_resolve] == list(range(channels))
            assigned = clip.metadata["PremierePro_OTIO"]["AudioChannels"]["SecondaryAssignments"]
            assert [one["SecondaryChannelIndex"] for one in assigned] == list(range(channels))
    effects = [
        {
            (effect.metadata["Resolve_OTIO"]["Type"], one["Parameter ID"]): one["Parameter Value"]
            for effect in laid[-1].effects
            for one in effect.metadata["Resolve_OTIO"]["Parameters"]
        }
        for laid in (stereo, mono, plain)
    ]
    assert effects == [{(62, "volume"): -6.0, (72, "pan"): 50.0}, {(72, "pan"): -30.0}, {}]


def test_markers_stand_at_the_seams(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.otio"))
    markers = read(tmp_path / "jam.otio").tracks.markers
    found = [marker.marked_range.start_time.to_seconds() * case.state.rate_hz for marker in markers]
    assert found == pytest.approx(case.seams, rel=0, abs=1e-6)
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
            per_frame = case.state.rate_hz / 25
            offsets = (child.in_offset, child.out_offset)
            before, after = (round(offset.value * per_frame) for offset in offsets)
            found[round(child.range_in_parent().start_time.value * per_frame) + before] = before + after
            assert after - before in (0, 1)
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
