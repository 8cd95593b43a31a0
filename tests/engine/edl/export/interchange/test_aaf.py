"""The AAF composition, read back by OpenTimelineIO's adapter and followed to the files by pyaaf2."""

from __future__ import annotations

import io
import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from threading import Event
from urllib.parse import unquote, urlparse

import aaf2
import opentimelineio as otio
import pytest

from engine.document.tracks.track import audible
from engine.edl.build import build
from engine.edl.export import export
from engine.edl.export.request import FrameRate
from engine.errors import Cancelled
from engine.progress import ReportingProgress
from tests.engine.edl.export.cases import CASES, Case, Piece


def test_opentimelineio_reads_clips_and_crossfades(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.aaf"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.aaf"))
    assert timeline.name == "Jäm & <Co>"
    fades = {segment.fade_in_samples for segment in build(case.state).segments} | {0}
    tracks = iter(timeline.tracks)
    for track in audible(case.state.tracks):
        for _ in range(case.state.sources[track.source_id].channels):
            laid = next(tracks)
            found = []
            for clip in laid.find_clips():
                placed, used = clip.range_in_parent(), clip.source_range
                times = (placed.start_time, used.start_time, used.duration)  # some in the source's rate
                samples = [time.value * case.state.rate_hz / time.rate for time in times]
                assert samples == list(map(int, samples))
                found.append(Piece(*map(int, samples)))
            assert found == case.pieces(track)
            for child in laid:
                if isinstance(child, otio.schema.Transition):
                    assert int((child.in_offset + child.out_offset).value) in fades
    assert next(tracks, None) is None


def test_every_clip_leads_to_its_file(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (composition,) = file.content.toplevel()
        timecode, *slots = composition.slots
        assert (timecode.media_kind, timecode.segment.components[0].fps) == ("Timecode", 25)
        channels = [
            (track, channel)
            for track in audible(case.state.tracks)
            for channel in range(1, case.state.sources[track.source_id].channels + 1)
        ]
        for slot, (track, channel) in zip(slots, channels, strict=True):
            source = case.state.sources[track.source_id]
            assert slot.name == track.name
            for clip in slot.segment.components:
                if not isinstance(clip, aaf2.components.SourceClip):
                    continue
                assert (clip.slot_id, clip.mob.slot_at(channel).segment.slot_id) == (channel, channel)
                descriptor = clip.mob.slot_at(channel).segment.mob.descriptor
                (locator,) = descriptor.locator
                assert unquote(urlparse(locator["URLString"].value).path) == str(case.media[source.id])
                assert isinstance(descriptor, aaf2.essence.WAVEDescriptor)
                assert (descriptor["SampleRate"].value, descriptor.length) == (source.rate_hz, source.frames)
                head = bytes(descriptor["Summary"].value) + b"data\0\0\0\0"
                with wave.open(io.BytesIO(head)) as read:
                    found = (read.getframerate(), read.getnchannels(), read.getsampwidth())
                assert found == (source.rate_hz, source.channels, 3)


@pytest.mark.parametrize(("container", "subtype"), [("FLAC", "PCM_24"), ("MP3", "MPEG_LAYER_III")])
def test_what_is_no_wav_is_described_as_pcm(container: str, subtype: str, tmp_path: Path) -> None:
    case = CASES[0]
    source = replace(case.state.sources["s0"], container=container, subtype=subtype)
    state = replace(case.state, sources={"s0": source})
    export(replace(case, state=state).request(tmp_path / "jam.aaf"))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (mob,) = file.content.sourcemobs()
        descriptor = mob.descriptor
        assert isinstance(descriptor, aaf2.essence.PCMDescriptor)
        assert (descriptor["Channels"].value, descriptor.length) == (source.channels, source.frames)


def test_the_timecode_counts_at_the_chosen_rate(tmp_path: Path) -> None:
    export(CASES[0].request(tmp_path / "jam.aaf", frame_rate=FrameRate.FPS_29_97))
    with aaf2.open(str(tmp_path / "jam.aaf"), "r") as file:
        (composition,) = file.content.toplevel()
        slot = next(iter(composition.slots))
        assert slot.edit_rate == Fraction(30_000, 1001)
        (timecode,) = slot.segment.components
        assert (timecode.fps, timecode.start, timecode.length) == (30, 0, 900)


def test_cancel_is_heard_while_the_objects_are_written(tmp_path: Path) -> None:
    cancelled = Event()

    def listen(fraction: float, _text: str, _figures: dict[str, float]) -> None:
        if fraction > 0.7:
            cancelled.set()

    with pytest.raises(Cancelled):
        export(CASES[2].request(tmp_path / "jam.aaf"), ReportingProgress(listen, cancelled))
    assert not list(tmp_path.iterdir())
