"""The AAF composition, read back by OpenTimelineIO's adapter and followed to the files by pyaaf2."""

from __future__ import annotations

import io
import struct
import wave
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from itertools import cycle
from math import ceil
from pathlib import Path
from threading import Event
from urllib.parse import unquote, urlparse

import aaf2
import numpy as np
import opentimelineio as otio
import pytest

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.document.tracks import Track, audible
from engine.exchange.export import ExportRequest, export
from engine.exchange.export.placing.timecode import FrameRate
from engine.sound.edl.build import build
from tests.engine.exchange.export.cases import CASES, EVERYTHING_CUT, Case, Piece
from tests.engine.exchange.export.interchange.test_source_timecode import stamp
from tests.engine.sound.edl.recordings import RATE_HZ, recording
from tests.sources import played_whole


def effects_of(slot: aaf2.mobslots.MobSlot) -> dict[str, Fraction]:
    """Return the constant value of each effect around the sequence of a slot, by the effect's name."""
    found, segment = {}, slot.segment
    while isinstance(segment, aaf2.components.OperationGroup):
        (parameter,) = segment.parameters.value
        found[segment.operation.name] = Fraction(parameter.value)
        (segment,) = segment.segments.value
    return found


def file_mobs(file: aaf2.file.AAFFile) -> list[aaf2.mobs.SourceMob]:
    """Return the source mobs that lead to a file, not to a tape."""
    tape = aaf2.essence.TapeDescriptor
    return [mob for mob in file.content.sourcemobs() if not isinstance(mob.descriptor, tape)]


def sequence_of(slot: aaf2.mobslots.MobSlot) -> aaf2.components.Sequence:
    segment = slot.segment
    while isinstance(segment, aaf2.components.OperationGroup):
        (segment,) = segment.segments.value
    return segment


def slots_of(case: Case, track: Track) -> list[tuple[int, ...]]:
    """Return the channels of each slot of a track."""
    count = case.state.sources[track.clips[0].source_id].channels
    if count == 2 and not track.pan:
        return [(1, 2)]
    return [(channel,) for channel in range(1, count + 1)]


def clips_in(component: aaf2.components.Component) -> list[aaf2.components.SourceClip]:
    """Return the clip of each channel of a component; none of silences and transitions."""
    if isinstance(component, aaf2.components.OperationGroup):
        return list(component.segments.value)
    return [component] if isinstance(component, aaf2.components.SourceClip) else []


def samples_of(item: otio.schema.Item, case: Case) -> Piece:
    """Return what a clip plays, or the stack of one clip a channel."""
    clips = [item] if isinstance(item, otio.schema.Clip) else list(item.find_clips())
    assert all(one.source_range == clips[0].source_range for one in clips)
    placed, first, length = (
        item.range_in_parent(),
        clips[0].source_range.start_time,
        item.trimmed_range().duration,
    )
    if item is not clips[0] and item.source_range is not None:
        first += item.source_range.start_time
    times = [placed.start_time, first, length]  # some in the source's rate
    samples = [time.value * case.state.rate_hz / time.rate for time in times]
    assert samples == list(map(int, samples))
    return Piece(*map(int, samples))


def test_opentimelineio_reads_clips_and_crossfades(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.aaf"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.aaf"))
    assert timeline.name == "Jäm & <Co>"
    fades = {segment.fade_in_samples for segment in build(case.state).segments} | {0}
    tracks = iter(timeline.tracks)
    for track in audible(case.state.tracks):
        for channels in slots_of(case, track):
            laid = next(tracks)
            items = [one for one in laid if isinstance(one, otio.schema.Clip | otio.schema.Stack)]
            assert [samples_of(one, case) for one in items] == case.pieces(track)
            assert all(len(list(one.find_clips())) == len(channels) for one in items)
            for child in laid:
                if isinstance(child, otio.schema.Transition):
                    assert int((child.in_offset + child.out_offset).value) in fades
    assert next(tracks, None) is None


def test_every_clip_leads_to_its_file(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (composition,) = file.content.toplevel()
        timecode, *slots = composition.slots
        assert (timecode.media_kind, timecode.segment.fps) == ("Timecode", 25)
        expected = [
            (track, channels) for track in audible(case.state.tracks) for channels in slots_of(case, track)
        ]
        for slot, (track, channels) in zip(slots, expected, strict=True):
            source = case.state.sources[track.clips[0].source_id]
            assert slot.name == track.name
            clips = [one for component in sequence_of(slot).components for one in clips_in(component)]
            assert clips
            for clip, channel in zip(clips, cycle(channels)):
                assert (clip.slot_id, clip.mob.slot_at(channel).segment.slot_id) == (channel, channel)
                descriptor = clip.mob.slot_at(channel).segment.mob.descriptor
                (locator,) = descriptor.locator
                assert unquote(urlparse(locator["URLString"].value).path) == str(case.media[source.id])
                assert isinstance(descriptor, aaf2.essence.WAVEDescriptor)
                assert (descriptor["SampleRate"].value, descriptor.length) == (source.rate_hz, source.frames)
                with wave.open(io.BytesIO(bytes(descriptor["Summary"].value))) as read:
                    found = (read.getframerate(), read.getnchannels(), read.getsampwidth())
                assert found == (source.rate_hz, source.channels, 3)


@pytest.mark.parametrize(("container", "subtype"), [("FLAC", "PCM_24"), ("MP3", "MPEG_LAYER_III")])
def test_what_is_no_wav_is_described_as_pcm(container: str, subtype: str, tmp_path: Path) -> None:
    case = CASES[0]
    source = replace(case.state.sources["s0"], container=container, subtype=subtype)
    state = played_whole(replace(case.state, sources={"s0": source}))
    export(replace(case, state=state).request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (mob,) = file_mobs(file)
        descriptor = mob.descriptor
        assert isinstance(descriptor, aaf2.essence.PCMDescriptor)
        assert (descriptor["Channels"].value, descriptor.length) == (source.channels, source.frames)


def test_the_timecode_counts_at_the_chosen_rate(tmp_path: Path) -> None:
    export(CASES[0].request(tmp_path / "jam.aaf", frame_rate=FrameRate.FPS_29_97))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (composition,) = file.content.toplevel()
        slot = next(iter(composition.slots))
        assert slot.edit_rate == Fraction(30_000, 1001)
        timecode = slot.segment
        assert (timecode.fps, timecode.start, timecode.length) == (30, 0, 900)


def test_gain_and_pan_are_effects_and_stereo_lies_on_its_sides(tmp_path: Path) -> None:
    """A stereo track at -6 dB and 50 % right, a mono one 30 % left; the muted one is not there."""
    export(CASES[3].request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (composition,) = file.content.toplevel()
        found = [effects_of(slot) for slot in list(composition.slots)[1:]]
        for slot in list(composition.slots)[1:]:
            assert slot.segment.length == sequence_of(slot).length
            assert slot.segment.media_kind == "Sound"
        ids = {str(one.auid) for one in file.dictionary["OperationDefinitions"].value}
    level = 10 ** (-6 / 20)
    assert [one["Mono Audio Pan"] for one in found] == [0, 1, Fraction(35, 100)]
    assert float(found[0]["Mono Audio Gain"]) == pytest.approx(0.5 * level, rel=1e-6)
    assert float(found[1]["Mono Audio Gain"]) == pytest.approx(level, rel=1e-6)
    assert "Mono Audio Gain" not in found[2]
    assert {"9d2ea893-0968-11d3-8a38-0050040ef7d2", "9d2ea894-0968-11d3-8a38-0050040ef7d2"} <= ids


def test_a_file_leads_to_its_time_of_day(tmp_path: Path) -> None:
    made = recording(tmp_path, [np.zeros((8_000, 2)), np.zeros((8_000, 1))], subtype="PCM_16")
    stamp(made.media["s0"], 3_661 * RATE_HZ + 7)
    export(ExportRequest(made.state, made.media, tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        starts = {}
        for mob in file_mobs(file):
            for slot in mob.slots:
                tape = slot.segment.mob
                assert isinstance(tape.descriptor, aaf2.essence.TapeDescriptor)
                assert tape.slot_at(slot.slot_id).segment.length == 86_400 * RATE_HZ
                (timecode,) = [one.segment for one in tape.slots if one.media_kind == "Timecode"]
                assert (timecode.start, timecode.fps) == (0, 25)
                starts[mob.name, slot.slot_id] = (slot.segment.start, slot.segment.length)
    first, second = (path.name for path in made.media.values())
    late = (3_661 * RATE_HZ + 7, 8_000)
    assert starts == {(first, 1): late, (first, 2): late, (second, 1): (0, 8_000)}


def test_a_plain_mono_track_has_no_effects(tmp_path: Path) -> None:
    export(CASES[0].request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (composition,) = file.content.toplevel()
        assert isinstance(list(composition.slots)[1].segment, aaf2.components.Sequence)


def test_cancel_is_heard_while_the_objects_are_written(tmp_path: Path) -> None:
    cancelled = Event()

    def listen(fraction: float, _text: str, _figures: dict[str, float]) -> None:
        if fraction > 0.7:
            cancelled.set()

    with pytest.raises(Cancelled):
        export(CASES[2].request(tmp_path / "jam.aaf"), ReportingProgress(listen, cancelled))
    assert not list(tmp_path.iterdir())


def test_other_programs_find_what_they_ask_for(tmp_path: Path) -> None:
    """Names, dates, numbers of tracks and lengths, which OpenTimelineIO never looks at."""
    export(CASES[3].request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        date = datetime(2000, 1, 1)
        assert file.header["LastModified"].value == date
        (made_by,) = file.header["IdentificationList"].value
        assert [made_by[name].value for name in ("ProductName", "CompanyName", "Date")] == [
            "Offcut",
            "Offcut",
            date,
        ]
        (composition,) = file.content.toplevel()
        assert composition.usage == "Usage_TopLevel"
        for mob in file.content.mobs:
            assert mob["CreationTime"].value == mob["LastModified"].value == date
        timecode, *slots = composition.slots
        assert (timecode.name, timecode.edit_rate, timecode.segment["Drop"].value) == (
            "Timecode",
            25,
            False,
        )
        assert [slot["PhysicalTrackNumber"].value for slot in slots] == [1, 2, 3]
        assert [slot.edit_rate for slot in slots] == [48_000] * 3
        length = build(CASES[3].state).length_samples
        assert timecode.segment.length == ceil(length * 25 / 48_000)
        # the second track has begun late and is over early
        assert [slot.segment.length for slot in slots] == [length, length, 1_179_669]
        for mob in (*file.content.mastermobs(), *file_mobs(file)):
            frames = {"take 0.wav": 2_880_000, "take 1.wav": 960_011, "take 2.wav": 2_880_000}[mob.name]
            for number, slot in enumerate(mob.slots, 1):
                assert (slot.slot_id, slot["PhysicalTrackNumber"].value) == (number, number)
                assert (slot.edit_rate, slot.segment.length) == (48_000, frames)


def test_a_crossfade_is_a_dissolve_of_two_that_both_its_clips_reach_into(tmp_path: Path) -> None:
    export(CASES[3].request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (composition,) = file.content.toplevel()
        components = list(sequence_of(list(composition.slots)[1]).components)
        before, rising, first, dissolve, second, falling, behind = components
        assert (first.start, first.length) == (12_345, 500_001 - 12_345 + 720)
        assert (second.start, second.length) == (700_003 - 720, 2_000_000 - 700_003 + 720)
        assert (dissolve.length, dissolve.cutpoint) == (1_440, 720)
        group = dissolve["OperationGroup"].value
        assert group.length == 1_440
        how = group.operation
        told = ("NumberInputs", "IsTimeWarp", "Bypass", "OperationCategory")
        assert [how[name].value for name in told] == [2, False, 1, "OperationCategory_Effect"]
        assert (before.length, rising.length, rising.cutpoint) == (240, 240, 0)
        assert (falling.length, falling.cutpoint, behind.length) == (240, 240, 240)


@pytest.mark.parametrize(
    ("subtype", "channels", "rate_hz", "tag", "block"),
    [
        ("PCM_U8", 1, 8_000, 1, 1),
        ("PCM_16", 2, 44_100, 1, 4),
        ("PCM_24", 3, 48_000, 1, 9),
        ("PCM_32", 1, 96_000, 1, 4),
        ("FLOAT", 2, 48_000, 3, 8),
        ("DOUBLE", 1, 48_000, 3, 8),
    ],
)
def test_a_wav_is_described_by_the_head_that_it_has(
    tmp_path: Path, subtype: str, channels: int, rate_hz: int, tag: int, block: int
) -> None:
    case, frames = CASES[0], 1_001
    source = replace(
        case.state.sources["s0"], subtype=subtype, channels=channels, rate_hz=rate_hz, frames=frames
    )
    state = played_whole(replace(case.state, sources={"s0": source}))
    export(replace(case, state=state).request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (mob,) = file_mobs(file)
        assert struct.unpack("<4sI4s4sIHHIIHH4sI", bytes(mob.descriptor["Summary"].value)) == (
            *(b"RIFF", 36 + frames * block, b"WAVE", b"fmt ", 16),
            *(tag, channels, rate_hz, rate_hz * block, block, 8 * block // channels),
            *(b"data", frames * block),
        )


def test_a_wav_beyond_four_gigabytes_is_as_long_as_a_head_can_say(tmp_path: Path) -> None:
    case = CASES[0]
    source = replace(case.state.sources["s0"], frames=2**33)
    state = played_whole(replace(case.state, sources={"s0": source}))
    export(replace(case, state=state).request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (mob,) = file_mobs(file)
        assert bytes(mob.descriptor["Summary"].value)[4:8] == b"\xff" * 4
        assert mob.descriptor.length == 2**33


def test_what_is_no_wav_is_told_as_its_samples_are(tmp_path: Path) -> None:
    case = CASES[0]
    values = {"container": "AIFF", "subtype": "PCM_24", "channels": 2, "rate_hz": 96_000, "frames": 2_000}
    source = replace(case.state.sources["s0"], **values)
    state = played_whole(replace(case.state, sources={"s0": source}))
    export(replace(case, state=state).request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (mob,) = file_mobs(file)
        assert {name: mob.descriptor[name].value for name in PCM} == PCM
        assert not isinstance(mob.descriptor, aaf2.essence.WAVEDescriptor)


PCM = {
    "SampleRate": 96_000,
    "AudioSamplingRate": 96_000,
    "Channels": 2,
    "QuantizationBits": 24,
    "BlockAlign": 6,
    "AverageBPS": 576_000,
    "Length": 2_000,
}


def test_the_same_edit_is_the_same_file_and_another_has_other_ids(tmp_path: Path) -> None:
    for name in ("jam", "again"):
        export(CASES[1].request(tmp_path / f"{name}.aaf"))
    assert (tmp_path / "jam.aaf").read_bytes() == (tmp_path / "again.aaf").read_bytes()
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        ids = [str(mob.mob_id) for mob in file.content.mobs]
    assert len(set(ids)) == len(ids) == 10  # of three sources three each, and one composition


def test_a_compound_file_has_whole_sectors_and_no_table_of_tables(case: Case, tmp_path: Path) -> None:
    """LibAAF, with which Ardour reads, refuses a file whose last sector is short."""
    export(case.request(tmp_path / "jam.aaf"))
    content = (tmp_path / "jam.aaf").read_bytes()
    (shift,) = struct.unpack("<H", content[30:32])
    first_table, tables = struct.unpack("<II", content[68:76])
    assert len(content) % (1 << shift) == 0
    assert tables or first_table == 0xFFFF_FFFE


def test_nothing_heard_is_a_composition_of_nothing(tmp_path: Path) -> None:
    export(EVERYTHING_CUT.request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (composition,) = file.content.toplevel()
        timecode, slot = composition.slots
        assert timecode.segment.length == 1
        assert (slot.segment.length, len(list(sequence_of(slot).components))) == (0, 0)
