"""What a WAV file says beside its samples, read by wavinfo and ffmpeg."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wavinfo

from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.sound.edl.build import build
from engine.sound.headers.bwf import Broadcast, CuePoint, append_chunks, broadcast_chunks
from engine.sound.writer import write_audio
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, cut_proposal, recording, with_cuts

MANY = tuple((200 + 300 * n, 260 + 300 * n) for n in range(500))


def said(path: Path) -> wavinfo.WavInfoReader:
    return wavinfo.WavInfoReader(str(path), info_encoding="utf-8")


def probed(path: Path, *what: str) -> dict:
    ran = subprocess.run(
        ["ffprobe", "-v", "warning", *what, "-of", "json", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    return json.loads(ran.stdout)


def chapters(path: Path) -> list[tuple[int, str]]:
    return [(each["start"], each["tags"]["title"]) for each in probed(path, "-show_chapters")["chapters"]]


def decoded(path: Path, subtype: str) -> np.ndarray:
    """Return the samples as ffmpeg decodes them."""
    kind, dtype = {"PCM_16": ("s16le", np.int16), "FLOAT": ("f32le", np.float32)}[subtype]
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", kind, "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, dtype)


@pytest.fixture
def band(tmp_path: Path) -> Recording:
    """A stereo and a mono track with noise."""
    rng = np.random.default_rng(7)
    tracks = [rng.uniform(-0.4, 0.4, (160_000, 2)), rng.uniform(-0.4, 0.4, 160_000)]
    return recording(tmp_path, tracks, subtype="PCM_16")


@pytest.mark.parametrize("cuts", [(), ((0, 1000), (5000, 9001), (150_000, 160_000)), MANY])
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_readers_find_the_seams_and_the_same_samples(
    tmp_path: Path, cuts: tuple[tuple[int, int], ...], subtype: str
) -> None:
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, 160_000)
    recorded = recording(tmp_path, [samples], subtype=subtype)
    state = with_cuts(recorded.state, *cuts, crossfade_ms=0.0)
    out, plain = tmp_path / "out.wav", tmp_path / "plain.wav"
    export(ExportRequest(state, recorded.media, out, document_name="Jam"))
    export(ExportRequest(state, recorded.media, plain, options=ExportOptions(broadcast=False)))
    source = decoded(recorded.media["s0"], subtype)
    kept = np.ones(len(source), bool)
    for start, stop in cuts:
        kept[start:stop] = False
    np.testing.assert_array_equal(decoded(out, subtype), source[kept])
    assert out.read_bytes()[8:].startswith(plain.read_bytes()[8:])

    removed_before = np.cumsum([0, *(stop - start for start, stop in cuts)])
    seams = [start - int(gone) for (start, _), gone in zip(cuts, removed_before, strict=False)]
    inner = [(at, "cut: Tuning between two takes") for at in seams if 0 < at < kept.sum()]
    assert chapters(out) == inner
    found = said(out)
    positions = [cue.sample_offset for cue in found.cues.cues] if found.cues else []
    assert positions == [at for at, _ in inner]
    assert found.bext.time_reference == np.argmax(kept)
    noun = "cut" if cuts else "edit"
    assert found.bext.description == f"Track 0: edited with {len(cuts)} {noun}{'s' * (len(cuts) != 1)}"


def test_the_project_and_the_tracks_are_named(band: Recording, tmp_path: Path) -> None:
    tracks = [
        replace(track, name=name)
        for track, name in zip(band.state.tracks, ("Git & Co", "Sängerin\0"), strict=True)
    ]
    out = tmp_path / "out.wav"
    for number, path in enumerate(band.media.values()):
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    export(ExportRequest(replace(band.state, tracks=tuple(tracks)), band.media, out, document_name="Jäm 🎸"))
    found = said(out)
    assert found.ixml.project == "Git & Co, Sängerin\ufffd"
    assert [track.name for track in found.ixml.track_list] == ["Git & Co + Sängerin\ufffd"] * 2
    assert [track.interleave_index for track in found.ixml.track_list] == ["1", "2"]
    assert (found.bext.originator, found.bext.description) == (
        "Offcut",
        "Git & Co, S?ngerin?: edited with 0 edits",
    )
    assert found.bext.coding_history == f"A=PCM,F={RATE_HZ},W=16,M=stereo,T=Offcut\r\n"
    assert (found.bext.originator_date, found.bext.originator_time) == ("2023-11-14", "22:13:20")


def test_neither_the_document_nor_the_file_gives_its_name(band: Recording, tmp_path: Path) -> None:
    outs = [tmp_path / "by keys.wav", tmp_path / "by verbs.wav"]
    for out in outs:
        export(ExportRequest(band.state, band.media, out, document_name=out.stem))
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_label_names_the_cut_that_took_most_at_the_seam(band: Recording, tmp_path: Path) -> None:
    state = with_cuts(band.state, (1000, 1900), (1900, 3000), (1500, 2500), (9000, 9500))
    first, second = [cut_proposal(*span) for span in ((1000, 1900), (1900, 3000))]
    changed = {
        first.id: replace(first, reason="A cough"),
        second.id: replace(second, reason="A\nfalse start ✂"),
    }
    state = replace(state, proposals={**state.proposals, **changed})
    out = tmp_path / "out.wav"
    export(ExportRequest(state, band.media, out))
    assert chapters(out) == [
        (1000, "cut: A false start ✂"),
        (7000, "cut: Tuning between two takes"),
    ]


CUES = tuple(CuePoint(10 * n, f"cut {n} ✂") for n in range(9))
SAID = Broadcast("x" * 300, "p", 2**33 + 5, ("a",), CUES, -16.04, -1.0)


@pytest.mark.parametrize(("limit_bytes", "magic"), [(10**6, b"RIFF"), (4000, b"RF64"), (202, b"RF64")])
def test_rf64_is_chosen_for_samples_and_chunks_together(
    tmp_path: Path, limit_bytes: int, magic: bytes
) -> None:
    chunks = broadcast_chunks(replace(SAID, cues=CUES * 12), rate_hz=RATE_HZ, bits=8)
    path = tmp_path / "a.wav"
    block = np.zeros((101, 1), np.float32)  # an odd number of bytes
    write_audio(
        path,
        [block],
        rate_hz=RATE_HZ,
        channels=1,
        container="WAV",
        subtype="PCM_U8",
        total_frames=101,
        riff_limit_bytes=limit_bytes,
        trailing_chunks=chunks,
    )
    assert path.read_bytes()[:4] == magic
    found = said(path)
    assert (found.bext.time_reference, found.bext.description) == (2**33 + 5, "x" * 256)
    assert (found.bext.loudness_value, found.bext.max_true_peak) == (-16.04, -1.0)
    assert len(found.cues.cues) == 108
    assert soundfile.info(path).frames == found.data.frame_count == 101


def test_chunks_after_five_gibibytes_are_found(tmp_path: Path) -> None:
    data_bytes = 5 * 2**30
    path = tmp_path / "long.wav"
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, data_bytes + 72, data_bytes, data_bytes // 2, 0)
    head = b"RF64\xff\xff\xff\xffWAVE" + ds64 + form + b"data\xff\xff\xff\xff"
    path.write_bytes(head)
    with path.open("r+b") as stream:
        stream.truncate(len(head) + data_bytes)  # a hole: nothing is written to the disk
    late = CuePoint(2**32 - 1, "the last that fits")
    append_chunks(
        path,
        broadcast_chunks(replace(SAID, cues=(late, CuePoint(2**32, "too late"))), rate_hz=RATE_HZ, bits=16),
    )
    found = said(path)
    assert [cue.sample_offset for cue in found.cues.cues] == [2**32 - 1]
    assert found.data.frame_count == data_bytes // 2
    assert found.ixml.project == "p"
    tags = probed(path, "-show_format")["format"]["tags"]
    assert tags["time_reference"] == str(2**33 + 5)
    assert soundfile.info(path).frames == data_bytes // 2


def test_seams_follow_a_range(band: Recording, tmp_path: Path) -> None:
    state = with_cuts(band.state, (1000, 2000), (50_000, 51_000), (90_000, 91_000))
    out = tmp_path / "out.wav"
    export(ExportRequest(state, band.media, out, options=ExportOptions(range_samples=(20_000, 60_000))))
    assert [at for at, _ in chapters(out)] == [49_000 - 20_000]
    assert said(out).bext.time_reference == build(state).to_source(20_000) == 21_000
