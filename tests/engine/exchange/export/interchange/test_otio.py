"""The timeline, read back by OpenTimelineIO."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import opentimelineio as otio
import pytest
import soundfile

from engine.document.state import DocumentState
from engine.document.tracks import Source, Track
from engine.exchange.export import export
from engine.exchange.export.placing.clips import clips
from engine.exchange.export.placing.timecode import FrameRate
from engine.sound.edl.build import build
from tests.engine.exchange.export.cases import CASES, Case, Piece
from tests.engine.sound.edl.recordings import with_cuts
from tests.sources import one_source_track

MOST_APART_SAMPLES = 1e-4
"""What the sums of 500 fractions of frames come to; a sample is found again wherever it is below a half."""


def read(path: Path) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(path))


def pieces(track: otio.schema.Track, rate_hz: int, rate: float = 25.0) -> list[Piece]:
    """Return the samples in the metadata, and hold what OpenTimelineIO itself says of the clips to them."""
    found, end = [], 0.0
    for clip in track.find_clips():
        placed, used, said = clip.range_in_parent(), clip.source_range, clip.metadata["offcut"]
        assert placed.duration == used.duration
        assert {time.rate for time in (placed.start_time, used.start_time, used.duration)} == {rate}
        assert said["rate_hz"] == rate_hz
        piece = Piece(*(said[f"{name}_samples"] for name in ("result_start", "start", "length")))
        start, stop = placed.start_time.value, placed.end_time_exclusive().value
        assert start == round(start) >= end
        assert stop == round(stop) > start
        per_sample = rate / rate_hz
        assert abs(start - piece.result_start * per_sample) < 1
        assert abs(stop - (piece.result_start + piece.length) * per_sample) < 1
        moved = (used.start_time.value - start) / per_sample - (piece.start - piece.result_start)
        assert abs(moved) < MOST_APART_SAMPLES
        media = clip.media_reference.available_range.duration.value
        assert 0 <= used.start_time.value <= used.end_time_exclusive().value <= media + 1e-9
        found.append(piece)
        end = stop
    return found


def long_enough(case: Case, track: Track, rate: Fraction) -> list[Piece]:
    """Return what a track plays, without what is too short for a frame."""
    per_sample = rate / case.state.rate_hz
    return [
        one
        for one in case.pieces(track)
        if floor(one.result_start * per_sample + Fraction(1, 2))
        < floor((one.result_start + one.length) * per_sample + Fraction(1, 2))
    ]


def test_clips_lie_where_the_edit_list_says(case: Case, tmp_path: Path) -> None:
    done = export(case.request(tmp_path / "jam.otio"))
    timeline = read(done.path)
    assert timeline.name == "Jäm & <Co>"
    assert [track.name for track in timeline.tracks] == [track.name for track in case.state.tracks]
    for laid, track in zip(timeline.tracks, case.state.tracks, strict=True):
        assert pieces(laid, case.state.rate_hz) == long_enough(case, track, Fraction(25))
        assert laid.kind == otio.schema.TrackKind.Audio
        assert laid.enabled == (not track.mute)
        assert laid.metadata["offcut"]["gain_db"] == track.gain_db
        assert laid.metadata["offcut"]["pan"] == track.pan
        source = case.state.sources[track.clips[0].source_id]
        for clip in laid.find_clips():
            media = clip.media_reference
            assert unquote(urlparse(media.target_url).path) == str(case.media[source.id])
            duration = media.available_range.duration
            assert duration.rate == 25
            assert duration.to_seconds() * source.rate_hz == pytest.approx(source.frames, rel=0, abs=1e-6)


@pytest.mark.parametrize("rate", [FrameRate.FPS_23_976, FrameRate.FPS_29_97, FrameRate.FPS_60])
def test_positions_are_frames_and_sound_stays_at_its_samples(
    case: Case, rate: FrameRate, tmp_path: Path
) -> None:
    export(case.request(tmp_path / "jam.otio", frame_rate=rate))
    timeline = read(tmp_path / "jam.otio")
    per_s = float(rate.exact)
    assert timeline.global_start_time == otio.opentime.RationalTime(0, per_s)
    for laid, track in zip(timeline.tracks, case.state.tracks, strict=True):
        assert pieces(laid, case.state.rate_hz, per_s) == long_enough(case, track, rate.exact)
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
    assert [marker.metadata["offcut"]["start_samples"] for marker in markers] == case.seams
    found = [marker.marked_range.start_time.value for marker in markers]
    assert found == [floor(seam * Fraction(25, case.state.rate_hz) + Fraction(1, 2)) for seam in case.seams]
    assert {marker.name for marker in markers} <= {"cut: Tuning between two takes"}
    assert all(marker.comment == marker.name for marker in markers)


def test_clips_abut_where_the_edit_list_joins_them(case: Case, tmp_path: Path) -> None:
    """Readers that round position and length by themselves must not find clips that overlap."""
    export(case.request(tmp_path / "jam.otio"))
    for laid in read(tmp_path / "jam.otio").tracks:
        found = list(laid.find_clips())
        for left, right in pairwise(found):
            one, other = left.metadata["offcut"], right.metadata["offcut"]
            if one["result_start_samples"] + one["length_samples"] == other["result_start_samples"]:
                stop, start = left.range_in_parent().end_time_exclusive(), right.range_in_parent().start_time
                assert stop == start


@pytest.mark.parametrize("name", ["Gast Zoë 1.wav", "50% #2? a:b.wav", "back\\slash\x07.wav"])
@pytest.mark.parametrize("collect", [False, True])
def test_addresses_keep_spaces_and_letters(name: str, collect: bool, tmp_path: Path) -> None:
    case = CASES[0]
    path = tmp_path / "in" / name
    path.parent.mkdir()
    soundfile.write(path, np.zeros((44_100 * 30, 1)), 44_100)
    out = tmp_path / ("out" if collect else "in") / "jam.otio"
    out.parent.mkdir(exist_ok=True)
    export(replace(case, media={"s0": path}).request(out, collect=collect))
    (clip,) = read(out).tracks[0].find_clips()
    address = clip.media_reference.target_url
    assert unquote(urlparse(address).path) == (name if collect else str(path))
    assert "%20" not in address
    assert ("Zoë" in address) == ("Zoë" in name)


def test_transitions_are_as_long_as_the_crossfades_of_a_frame_or_more(case: Case, tmp_path: Path) -> None:
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
            found[round(child.range_in_parent().start_time.value + child.in_offset.value)] = before + after
            assert after - before in (0, 1)
    frames = Fraction(25, case.state.rate_hz)
    assert found == {
        floor(seam * frames + Fraction(1, 2)): length
        for seam, length in lengths.items()
        if length * frames >= 1
    }


def test_a_track_that_begins_inside_a_crossfade_has_only_the_material_it_has() -> None:
    whole = Source("a", "/a.wav", "", 8000, 1, 80_000, "WAV", "FLOAT")
    late = Source("b", "/b.wav", "", 8000, 1, 100, "WAV", "FLOAT")
    tracks = (one_source_track("a", whole, "a", 0), one_source_track("b", late, "b", 1, 19_990))
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
