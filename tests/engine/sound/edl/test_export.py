"""Audio, edit list and labels, read back from the files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.document.state import Marker
from engine.document.tracks import Clip, Source, Track
from engine.exchange.export import FORMATS, ExportRequest, export
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList, Segment
from engine.sound.edl.render import Renderer
from engine.sound.reader import content_hash
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, with_cuts
from tests.sources import played_whole

CUTS = ((1000, 2501), (4000, 4800))


@pytest.fixture
def duo(tmp_path: Path) -> Recording:
    """A stereo and a mono track, 16 and 24 bits deep, with two cuts."""
    rng = np.random.default_rng(11)
    recorded = recording(
        tmp_path, [rng.uniform(-0.4, 0.4, (8000, 2)), rng.uniform(-0.4, 0.4, 6000)], subtype="PCM_16"
    )
    soundfile.write(recorded.media["s1"], rng.uniform(-0.4, 0.4, 6000), RATE_HZ, subtype="PCM_24")
    sources = {**recorded.state.sources, "s1": replace(recorded.state.sources["s1"], subtype="PCM_24")}
    return Recording(with_cuts(replace(recorded.state, sources=sources), *CUTS), recorded.media)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".WAV"])
def test_audio_holds_the_render_at_the_depth_of_the_deepest_source(
    duo: Recording, tmp_path: Path, suffix: str
) -> None:
    reports: list[float] = []
    progress = ReportingProgress(lambda fraction, _text, _figures: reports.append(fraction))
    out = tmp_path / f"result{suffix}"
    exported = export(ExportRequest(duo.state, duo.media, out), progress)
    assert exported.path == out
    info = soundfile.info(out)
    assert (info.samplerate, info.channels, info.subtype) == (RATE_HZ, 2, "PCM_24")
    assert info.frames == 8000 - 1501 - 800
    heard, _ = soundfile.read(out, dtype="float32")
    with Renderer(duo.state, build(duo.state), duo.media) as renderer:
        np.testing.assert_allclose(heard, renderer.read(0, info.frames), atol=2**-23)
    assert exported.sentence == (
        f"Exported 0:00.7 to result{suffix}: 8000 Hz, stereo, 24 bit, peak −1.4 dBFS; "
        "before: 0:01.0, 8000 Hz, 24 bit, peak −8.0 dBFS."
    )
    assert exported.figures["length_s"] == info.frames / RATE_HZ
    assert exported.figures["cuts"] == 2
    assert reports[-1] == 1.0


@pytest.mark.parametrize(
    ("subtype", "suffix", "written"),
    [
        ("PCM_U8", ".wav", "PCM_U8"),
        ("PCM_16", ".wav", "PCM_16"),
        ("PCM_16", ".flac", "PCM_16"),
        ("PCM_24", ".flac", "PCM_24"),
        ("PCM_32", ".wav", "PCM_32"),
        ("FLOAT", ".wav", "FLOAT"),
        ("DOUBLE", ".wav", "DOUBLE"),
    ],
)
def test_an_unedited_track_is_exported_bit_for_bit(
    tmp_path: Path, subtype: str, suffix: str, written: str
) -> None:
    samples = np.random.default_rng(5).uniform(-1, 1, (70_000, 2))
    samples[:2] = [[1.0, -1.0], [-1.0, 1.0]]
    recorded = recording(tmp_path, [samples], subtype=subtype)
    out = tmp_path / f"out{suffix}"
    done = export(ExportRequest(recorded.state, recorded.media, out))
    assert done.figures["cuts"] == done.figures["edits"] == 0
    assert soundfile.info(out).subtype == written
    source, _ = soundfile.read(recorded.media["s0"])
    np.testing.assert_array_equal(soundfile.read(out)[0], source)


def test_the_same_document_gives_the_same_bytes(duo: Recording, tmp_path: Path) -> None:
    for suffix in (".wav", ".flac", ".json", ".txt", ".rpp"):
        outs = [tmp_path / f"{name}{suffix}" for name in ("one", "two")]
        for out in outs:
            export(ExportRequest(duo.state, duo.media, out, document_name="Jam"))
        assert outs[0].read_bytes() == outs[1].read_bytes()


def test_clipped_samples_are_counted_and_said(tmp_path: Path) -> None:
    recorded = recording(tmp_path, [np.full((100, 1), 0.75)], subtype="PCM_16", gain_db=[6.0])
    exported = export(ExportRequest(recorded.state, recorded.media, tmp_path / "out.wav"))
    assert "100 samples were too loud" in exported.sentence
    assert exported.figures["peak"] == pytest.approx(0.75 * 10**0.3)


def test_a_source_at_another_rate_is_heard_at_the_documents(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    recorded = recording(tmp_path, [tone], rate_hz=24_000)
    state = replace(recorded.state, rate_hz=48_000)
    source = replace(state.sources["s0"], content_hash=content_hash(recorded.media["s0"]))
    state = played_whole(replace(state, sources={"s0": source}))
    out = tmp_path / "out.wav"
    export(ExportRequest(state, recorded.media, out))
    heard, rate_hz = soundfile.read(out)
    assert (len(heard), rate_hz) == (48_000, 48_000)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    np.testing.assert_allclose(heard[2000:-2000], expected[2000:-2000], atol=1e-3)


def test_the_json_edit_list_reads_back_as_documented(duo: Recording, tmp_path: Path) -> None:
    out = tmp_path / "edits.json"
    exported = export(ExportRequest(duo.state, duo.media, out, document_name="Jäm 🎸"))
    content = json.loads(out.read_text("utf-8"))
    rate_hz = content["rate_hz"]
    assert (content["version"], content["document"], rate_hz) == (2, "Jäm 🎸", RATE_HZ)

    def read(kind: type, values: dict) -> object:
        looks = ("height_px", "is_collapsed", "channels_open", "picture")  # of the window, not of the edit
        own = {name: values[name] for name in kind.__dataclass_fields__ if name not in looks}
        if kind is Track:
            own["clips"] = tuple(read(Clip, clip) for clip in values["clips"])
        return kind(**own)

    segments = tuple(read(Segment, values) for values in content["segments"])
    edit_list = EditList.of(segments, rate_hz, content["length_samples"], content["source_length_samples"])
    assert edit_list == build(duo.state)
    assert tuple(read(Track, values) for values in content["tracks"]) == duo.state.tracks
    assert {v["id"]: read(Source, v) for v in content["sources"]} == duo.state.sources
    assert [(c["start_samples"], c["stop_samples"]) for c in content["cuts"]] == list(CUTS)
    assert content["cuts"][0]["reason"] == "Tuning between two takes"
    for track in content["tracks"]:
        assert (track["source_id"], track["start_samples"]) == (
            track["clips"][0]["source_id"],
            track["clips"][0]["start_samples"],
        )
    placed = [clip for track in content["tracks"] for clip in track["clips"]]
    for entry in (*content["segments"], *content["cuts"], *content["tracks"], *placed):
        for name in [name for name in entry if name.endswith("_s")]:
            assert entry[name] == entry[f"{name[:-2]}_samples"] / rate_hz
    assert exported.sentence == "Wrote 3 segments and 2 cuts to edits.json."


def test_every_field_of_the_json_is_documented(duo: Recording, tmp_path: Path) -> None:
    out = tmp_path / "edits.json"
    marked = replace(duo.state, markers={"m1": Marker("m1", 400, 1200, "Chorus")})
    export(ExportRequest(marked, duo.media, out))
    content = json.loads(out.read_text("utf-8"))
    (marker,) = content["markers"]
    assert marker["stop_s"] == 1200 / RATE_HZ
    assert (
        Marker(*(marker[name] for name in ("id", "start_samples", "stop_samples", "name")))
        == (marked.markers["m1"])
    )
    page = (Path(__file__).resolve().parents[4] / "docs/formats/edit-list.md").read_text("utf-8")
    names = {
        *content,
        *(name for entries in content.values() if isinstance(entries, list) for name in entries[0]),
        *content["tracks"][0]["clips"][0],
    }
    assert not [name for name in sorted(names) if f"`{name}`" not in page]


def test_labels_lie_on_the_source_timeline(duo: Recording, tmp_path: Path) -> None:
    first = next(iter(duo.state.proposals.values()))
    proposals = {**duo.state.proposals, first.id: replace(first, reason="A tab\there\nand a line")}
    out = tmp_path / "cuts.txt"
    export(ExportRequest(replace(duo.state, proposals=proposals), duo.media, out))
    lines = [line.split("\t") for line in out.read_text("utf-8").splitlines()]
    assert lines == [
        ["0.125000000", "0.312625000", "cut: A tab here and a line"],
        ["0.500000000", "0.600000000", "cut: Tuning between two takes"],
    ]


class CancelledAt:
    """A flag that somebody sets after it was looked at so many times."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("suffix", tuple(FORMATS))
def test_an_export_tells_how_far_it_is_and_ends_whenever_it_is_cancelled(
    duo: Recording, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    request = ExportRequest(duo.state, duo.media, out / f"result{suffix}")
    never, told = CancelledAt(1_000_000), []
    export(request, ReportingProgress(lambda fraction, *_: told.append(fraction), never))
    assert told == sorted(told)
    assert 0.0 <= told[0] <= told[-1] == 1.0
    for one in out.iterdir():
        one.unlink()
    looks = 1_000_000 - never.left
    for look in {0, looks // 2, looks - 1}:
        with pytest.raises(Cancelled):
            export(request, ReportingProgress(lambda *_: None, CancelledAt(look)))
        assert not list(out.iterdir())
