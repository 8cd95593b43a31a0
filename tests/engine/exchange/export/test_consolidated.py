"""Edited sound in programs that edit none: stretches that play from a file of their own, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pycmx
import pytest
import soundfile
from hypothesis import given

from engine.core.errors import ExportError, SourceError
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.placing.clips import clips_of
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.plan import export_all, plan
from engine.sound.edl.tracks.voice import open_voice
from tests.engine.exchange.export.interchange.test_source_timecode import stamp
from tests.engine.sound.edl.heard.test_every_kind import MIXTURES, SLOW, Made, edited, heard, trio
from tests.engine.sound.edl.players import play_json, play_otio
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording
from tests.engine.sound.edl.test_reaper import play as play_reaper
from tests.sources import one_source_track

__all__ = ["trio"]  # a fixture

SECOND = RATE_HZ


def material(path: Path, start: int, stop: int) -> np.ndarray:
    """Return samples [start, stop) of a file, zeros beyond its ends."""
    sound, _ = soundfile.read(path, dtype="float32", always_2d=True)
    block = np.zeros((stop - start, sound.shape[1]), np.float32)
    first, last = max(start, 0), min(stop, len(sound))
    if first < last:
        block[first - start : last - start] = sound[first:last]
    return block


@SLOW
@given(made=MIXTURES)
def test_every_clip_holds_what_the_renderer_reads(
    trio: Recording, made: list[Made], tmp_path_factory: pytest.TempPathFactory
) -> None:
    state = edited(trio.state, made)
    request = ExportRequest(state, trio.media, tmp_path_factory.mktemp("out") / "jam.rpp")
    export(request)
    media = {**trio.media, **{one.source.id: one.path for one in request.consolidated.values()}}
    for track in state.tracks:
        patches = request.edit_list.patches.get(track.id)
        with closing(open_voice(state, track, trio.media, patches=patches)) as voice:
            for over_silence in (False, True):
                for clip in clips_of(request, track, over_silence=over_silence):
                    start = clip.start_samples - clip.before_samples
                    stop = clip.stop_samples + clip.after_samples
                    at = track.start_samples - clip.shift_samples
                    played = material(media[clip.source_id], start, stop)
                    np.testing.assert_array_equal(played, voice.read(start + at, stop + at))


@SLOW
@given(made=MIXTURES)
def test_parts_of_a_segment_abut_and_only_its_ends_fade(trio: Recording, made: list[Made]) -> None:
    state = edited(trio.state, made)
    request = ExportRequest(state, trio.media, Path("jam.rpp"))
    whole = replace(request, out=Path("jam.wav"))  # audio is not parted
    for track in state.tracks:
        for over_silence in (False, True):
            parts = list(clips_of(request, track, over_silence=over_silence))
            for clip in clips_of(whole, track, over_silence=over_silence):
                own = [part for part in parts if part.segment == clip.segment]
                assert own[0].result_start_samples == clip.result_start_samples
                assert own[0].fade_in_samples == clip.fade_in_samples
                assert own[-1].fade_out_samples == clip.fade_out_samples
                assert own[-1].result_stop_samples == clip.result_stop_samples
                for left, right in pairwise(own):
                    assert left.result_stop_samples == right.result_start_samples
                    assert left.source_id != right.source_id
                    inner = (left.fade_out_samples, left.after_samples, right.fade_in_samples)
                    assert inner == (0, 0, 0)
                for part in own:
                    reach = part.before_samples + part.length_samples + part.after_samples
                    assert part.fade_in_samples + part.fade_out_samples <= reach


def test_a_track_that_ends_within_a_fade_has_no_longer_one(tmp_path: Path) -> None:
    short = recording(tmp_path, [np.ones(2 * SECOND), np.ones(SECOND)])
    cut = Made("cut", (100, SECOND - 12), {"crossfade_ms": 5.0})
    request = request_of(short, tmp_path / "jam.fcpxml", cut)
    _, clip = clips_of(request, request.state.tracks[1])
    assert (clip.before_samples, clip.length_samples, clip.fade_in_samples) == (20, 12, 32)
    _, whole = clips_of(request, request.state.tracks[1], over_silence=True)
    assert whole.fade_in_samples == 40 <= whole.before_samples + whole.length_samples


@pytest.mark.parametrize(("start", "length", "begins"), [(0, SECOND, 0), (SECOND - 20, SECOND, SECOND - 30)])
def test_over_silence_a_fade_out_is_whole_where_a_track_begins_or_ends_within(
    tmp_path: Path, start: int, length: int, begins: int
) -> None:
    short = recording(tmp_path, [np.ones(3 * SECOND), np.ones(length)], start_samples=(0, start))
    cut = Made("cut", (SECOND - 10, 3 * SECOND - 100), {"crossfade_ms": 5.0})
    request = request_of(short, tmp_path / "jam.rpp", cut)
    clip, *_ = clips_of(request, request.state.tracks[1], over_silence=True)
    assert (clip.document_start_samples - clip.before_samples, clip.result_stop_samples) == (
        begins,
        SECOND - 10,
    )
    assert (clip.after_samples, clip.fade_out_samples) == (20, 40)


@pytest.fixture
def ten(tmp_path: Path) -> Recording:
    """Ten seconds of a ramp: each sample says its place; a track that begins a second later next to it."""
    (tmp_path / "in").mkdir()
    ramp = np.arange(10 * SECOND, dtype=np.float32) / 2**17
    return recording(tmp_path / "in", [ramp, ramp], start_samples=[0, SECOND], names=["Kick.wav", "Late.wav"])


SLIP = Made("slip", (4 * SECOND, 4 * SECOND + 400), {"by_samples": 0.5, "crossfade_ms": 5.0}, (0,))
CUT = Made("cut", (6 * SECOND, 7 * SECOND), {"crossfade_ms": 10.0})


def request_of(recorded: Recording, out: Path, *made: Made, **options: object) -> ExportRequest:
    state = edited(recorded.state, list(made))
    return ExportRequest(state, recorded.media, out, options=ExportOptions(**options))


def test_only_what_is_edited_is_written_and_the_space_is_told(ten: Recording, tmp_path: Path) -> None:
    request = request_of(ten, tmp_path / "jam.rpp", SLIP, CUT)
    planned = {file.path.name: file for file in plan(request)}
    assert list(planned) == ["jam.rpp", "jam edited 01 Track 0.wav"]
    done = export(request)
    assert done.sentence.endswith(
        "Such files cannot hold edited sound: 1 part of 'Track 0' plays from jam edited 01 Track 0.wav "
        "next to it."
    )
    beside = tmp_path / "jam edited 01 Track 0.wav"
    told = planned[beside.name]
    assert abs(beside.stat().st_size - told.size_bytes) < 4_096
    assert soundfile.info(beside).frames == round(told.length_s * RATE_HZ) < SECOND
    kick, late = (clips_of(request, track) for track in request.state.tracks)
    assert [clip.source_id for clip in kick] == ["s0", "edited-t0", "s0", "s0"]
    assert {clip.source_id for clip in late} == {"s1"}


def test_what_is_edited_and_not_heard_is_not_written(ten: Recording, tmp_path: Path) -> None:
    in_cut = replace(SLIP, span=(6 * SECOND + 2_000, 6 * SECOND + 3_000))
    whole = Made("gain", (0, 10 * SECOND), {"gain_db": -3.0}, (0,))
    most = Made("cut", (SECOND, 10 * SECOND), {"crossfade_ms": 0.0})
    assert not request_of(ten, tmp_path / "jam.rpp", in_cut, CUT).consolidated
    (own,) = request_of(ten, tmp_path / "jam.rpp", whole, most).consolidated.values()
    assert own.source.frames < 2 * SECOND


def test_a_stretch_that_is_heard_again_is_written_once(ten: Recording, tmp_path: Path) -> None:
    again = Made("repeat", (3 * SECOND, 5 * SECOND), {"times": 5})
    request = request_of(ten, tmp_path / "jam.otio", SLIP, again)
    (own,) = request.consolidated.values()
    assert len(own.stretches) == 1
    found = clips_of(request, request.state.tracks[0])
    assert sum(clip.source_id == own.source.id for clip in found) == 5


def test_a_seam_beside_a_stretch_plays_edited_sound_on_both_sides(ten: Recording, tmp_path: Path) -> None:
    at_cut = replace(SLIP, span=(6 * SECOND - 400, 6 * SECOND + 40))
    request = request_of(ten, tmp_path / "jam.rpp", at_cut, CUT)
    before, own, after = clips_of(request, request.state.tracks[0])
    assert (before.source_id, own.source_id, after.source_id) == ("s0", "edited-t0", "s0")
    assert own.fade_out_samples == after.fade_in_samples == 80
    assert own.after_samples == after.before_samples == 40


def test_an_hour_with_three_small_slips_takes_kilobytes(tmp_path: Path) -> None:
    rate_hz, frames, path = 48_000, 3_600 * 48_000, tmp_path / "hour.wav"
    with path.open("wb") as stream:  # an hour of silence that takes no room
        size = 2 * frames
        stream.write(b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little"))
        stream.write(
            bytes([1, 0, 1, 0]) + rate_hz.to_bytes(4, "little") + (2 * rate_hz).to_bytes(4, "little")
        )
        stream.write(bytes([2, 0, 16, 0]) + b"data" + size.to_bytes(4, "little"))
        stream.truncate(44 + size)
    source = Source("s0", str(path), "", rate_hz, 1, frames, "WAV", "PCM_16")
    tracks = tuple(one_source_track(f"t{number}", source, f"Take {number}", number) for number in range(2))
    slips = [
        Made("slip", (at * rate_hz, at * rate_hz + 4_800), {"by_samples": 0.5}) for at in (60, 1_800, 3_599)
    ]
    hour = Recording(DocumentState(rate_hz, {"s0": source}, tracks), {"s0": path})
    (tmp_path / "out").mkdir()
    for suffix in (".rpp", ".otio", ".json", ".aaf", ".fcpxml", ".xml", ".edl"):
        request = request_of(hour, tmp_path / "out" / f"jam{suffix}", *slips)
        request = replace(request, overwrite=True)
        export(request)
        assert sum(file.size_bytes for file in plan(request)) < 1_000_000
    assert sum(file.stat().st_size for file in (tmp_path / "out").iterdir()) < 2_000_000
    assert [len(one.stretches) for one in request.consolidated.values()] == [3, 3]


Laid = tuple[str, int, int, int]
"""Name of the medium, start in it, start in the result, length; in samples."""


def of_otio(path: Path) -> Iterator[list[Laid]]:
    timeline = otio.adapters.read_from_file(str(path))  # which its tracks do not hold
    for laid in timeline.tracks:
        found = []
        for clip in laid.find_clips():
            times = (clip.source_range.start_time, clip.range_in_parent().start_time, clip.duration())
            samples = [round(time.value * RATE_HZ / time.rate) for time in times]
            if exact := clip.metadata.get("offcut"):  # of a timeline, which counts frames
                samples = [exact[f"{name}_samples"] for name in ("start", "result_start", "length")]
            url = getattr(clip.media_reference, "target_url", "")
            found.append((Path(unquote(urlparse(url).path)).name or clip.name, *samples))
        yield found


def of_fcpxml(path: Path) -> Iterator[list[Laid]]:
    root = ElementTree.parse(path).getroot()
    names = {asset.get("id"): asset.get("name") for asset in root.iter("asset")}
    by_track: dict[str, list[Laid]] = {}
    for clip in root.iter("asset-clip"):
        times = [Fraction(clip.get(name)[:-1]) * RATE_HZ for name in ("start", "offset", "duration")]
        by_track.setdefault(clip.get("name"), []).append((names[clip.get("ref")], *map(int, times)))
    yield from by_track.values()


@pytest.mark.parametrize(("suffix", "read"), [(".otio", of_otio), (".aaf", of_otio), (".fcpxml", of_fcpxml)])
def test_exact_formats_name_the_medium_of_each_clip(
    ten: Recording, tmp_path: Path, suffix: str, read: object
) -> None:
    hard = replace(CUT, payload={"crossfade_ms": 0.0})
    request = request_of(ten, tmp_path / f"jam{suffix}", SLIP, hard)
    export(request)
    assert callable(read)
    expected = [
        [
            (
                Path(request.sources[clip.source_id].path).name,
                clip.start_samples,
                clip.result_start_samples,
                clip.length_samples,
            )
            for clip in clips_of(request, track)
        ]
        for track in request.state.tracks
    ]
    assert list(read(request.out)) == expected
    assert len(expected[0]) == 4


def in_xmeml(path: Path) -> list[tuple[Path, int, int, int]]:
    """Return file, in, start and end of the clips of the first track, in frames."""
    root = ElementTree.parse(path).getroot()
    files = {file.get("id"): file.findtext("pathurl") for file in root.iter("file") if len(file)}
    return [
        (
            Path(unquote(urlparse(files[item.find("file").get("id")]).path)),
            *(int(item.findtext(name)) for name in ("in", "start", "end")),
        )
        for item in root.find("sequence/media/audio/track").findall("clipitem")
    ]


def in_edl(path: Path, begin: int) -> list[tuple[Path, int, int, int]]:
    """Return the same of a decision list whose recording begins at a frame."""
    found = []
    with path.open(encoding="utf-8") as stream:
        for event in pycmx.parse_cmx3600(stream).events:
            (edit,) = event.edits
            codes = (edit.source_in, edit.record_in, edit.record_out)
            hours_to_frames = [
                sum(
                    int(part) * unit
                    for part, unit in zip(code.split(":"), (90_000, 1_500, 25, 1), strict=True)
                )
                for code in codes
            ]
            if edit.channels.a1 and not edit.channels.a2:
                is_recording = "EDITED" not in edit.source and "JAMED" not in edit.source
                name = "in/Kick.wav" if is_recording else "jam edited 01 Track 0.wav"
                first = hours_to_frames[0] - (begin if is_recording else 0)
                found.append((path.parent / name, first, *hours_to_frames[1:]))
    return found


def places(items: list[tuple[Path, int, int, int]], frame_rate: Fraction) -> list[tuple[int, int, bool]]:
    """Return of each clip which samples of the recording it plays, and whether from the recording itself.

    The ramp says so: each sample of it is its own place.
    """
    found = []
    for path, first, start, end in items:
        edges = [int(frame * RATE_HZ / frame_rate) for frame in (first, first + end - start)]
        sound = material(path, edges[0], edges[1] + 1)
        found.append((*(round(float(sound[at, 0]) * 2**17) for at in (0, -1)), path.parent.name == "in"))
    return found


@pytest.mark.parametrize("rate", [FrameRate.FPS_25, FrameRate.FPS_29_97, FrameRate.FPS_23_976])
@pytest.mark.parametrize("at", [32_000, 32_111, 32_222])
def test_clips_in_frames_go_on_where_the_one_before_ended(
    ten: Recording, tmp_path: Path, rate: FrameRate, at: int
) -> None:
    slip = replace(SLIP, span=(at, at + 400))
    first = Made("cut", (0, 1_234), {})
    request = request_of(ten, tmp_path / "jam.xml", slip, first, frame_rate=rate)
    export(request)
    one, two, three = places(in_xmeml(request.out), rate.exact)
    assert [one[2], two[2], three[2]] == [True, False, True]
    assert abs(one[1] - two[0]) <= 2, "to the sample that a frame is rounded to"
    assert abs(two[1] - three[0]) <= 2
    assert one[1] <= at - 40
    assert at + 440 <= three[0]


@pytest.mark.parametrize(("begin_samples", "apart"), [(0, 2), (50 * 320, 2), (50 * 320 + 111, 160 + 2)])
def test_a_decision_list_joins_at_the_recordings_own_time(
    ten: Recording, tmp_path: Path, begin_samples: int, apart: int
) -> None:
    stamp(ten.media["s0"], begin_samples)
    request = request_of(ten, tmp_path / "jam.edl", SLIP)
    export(request)
    begin = begin_samples // 320
    one, two, three = places(in_edl(request.out, begin), Fraction(25))
    assert abs(one[1] - two[0]) <= apart, "half a frame at the most"
    assert abs(two[1] - three[0]) <= apart


def test_formats_of_one_export_share_the_file_and_the_edit_list(ten: Recording, tmp_path: Path) -> None:
    first = request_of(ten, tmp_path / "jam.rpp", replace(SLIP, payload={"by_samples": 0.5}))
    requests = [
        replace(first, out=tmp_path / f"jam{suffix}") for suffix in (".rpp", ".otio", ".json", ".aaf")
    ]
    assert len({id(request.edit_list) for request in requests}) == 1
    export_all(requests)
    assert len(list(tmp_path.glob("*.wav"))) == 1
    sound = np.repeat(heard(ten, first.state), 2, axis=1)
    for played in (
        play_json(tmp_path / "jam.json", 2),
        play_reaper(tmp_path / "jam.rpp", len(sound), 2),
        play_otio(tmp_path / "jam.otio", 2, len(sound)),
    ):
        np.testing.assert_array_equal(played.astype(np.float32), sound)
    assert replace(first, state=ten.state).edit_list is not first.edit_list


def test_a_name_that_an_audio_file_wants_is_not_shared(ten: Recording, tmp_path: Path) -> None:
    first = request_of(ten, tmp_path / "jam.rpp", SLIP)
    mix = replace(first, out=tmp_path / "jam edited 01 Track 0.wav")
    with pytest.raises(ExportError, match="written twice"):
        export_all([first, mix])
    assert not list(tmp_path.glob("jam*"))


def test_a_project_that_fails_leaves_no_file_beside_it(ten: Recording, tmp_path: Path) -> None:
    request = request_of(ten, tmp_path / "jam.rpp", SLIP)
    (tmp_path / "jam.rpp").mkdir()
    with pytest.raises(ExportError):
        export(request)
    assert not list(tmp_path.glob("*.wav"))


def test_a_recording_that_is_gone_stops_what_needs_it(ten: Recording, tmp_path: Path) -> None:
    ten.media["s0"].unlink()
    for suffix in (".otio", ".edl"):
        with pytest.raises(SourceError, match="Kick"):
            export_all([request_of(ten, tmp_path / f"jam{suffix}", SLIP)])
    assert not list(tmp_path.glob("jam*"))
