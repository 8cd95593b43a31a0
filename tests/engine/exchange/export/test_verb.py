"""``offcut export`` with its options, the way a script calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pycmx
import pytest
import soundfile
import wavinfo

from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.markers import NamedSpan, add_all, add_region
from engine.document.edits.proposals import decide, replace_proposals, set_analyses
from engine.document.grid_edits import halved, set_grid
from engine.document.proposals import Verdict
from engine.exchange.export import FORMATS
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.engine.sound.edl.recordings import RATE_HZ, cut_proposal

CUTS = ((0, 4000), (20_000, 28_000), (60_000, 61_000))
Export = Callable[..., list[Path]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A document of two tracks with three accepted cuts and a beat twice a second."""
    rng = np.random.default_rng(12)
    recordings = [tmp_path / "bass.wav", tmp_path / "drums.wav"]
    for path, channels in zip(recordings, (1, 2), strict=True):
        soundfile.write(path, rng.uniform(-0.3, 0.3, (80_000, channels)), RATE_HZ, subtype="PCM_24")
    path = tmp_path / "jam.offcut"
    with Document.create(path) as document:
        imported = import_audio(ImportRequest(tuple(recordings)), SILENT)
        document.apply(import_edit(document.state, imported))
        proposals = [cut_proposal(start, stop, name=f"cut-{start}") for start, stop in CUTS]
        document.apply(replace_proposals(document.state, proposals, {}, "Proposed"))
        document.apply(decide(document.state, [proposal.id for proposal in proposals], Verdict.ACCEPTED))
        beats = np.arange(2000, 80_000, 4000)
        grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "test")
        document.apply(set_analyses(document.state, {"beats": "b1"}, "Listened"), {"b1": grid})
    return path


@pytest.fixture
def export(project: Path, capsys: pytest.CaptureFixture[str]) -> Export:
    """Export and return the files that were written."""

    def run(*arguments: object) -> list[Path]:
        status = main(["export", str(project), "--json", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert status == 0, err
        return [Path(file["path"]) for file in json.loads(out)["files"]]

    return run


def test_the_edited_grid_is_the_one_that_is_written(export: Export, project: Path, tmp_path: Path) -> None:
    with Document.open(project) as document:
        grid = document.analysis("beats")
        assert isinstance(grid, BeatGrid)
        document.apply(*set_grid(document.state, halved(grid), "Half tempo"))
    export("--out", tmp_path / "mix.mid")
    tempi = [
        message.tempo
        for message in mido.MidiFile(tmp_path / "mix.mid").tracks[0]
        if message.type == "set_tempo"
    ]
    assert 1_000_000 in tempi, "one beat a second"
    assert 500_000 not in tempi


def test_every_format_at_once(export: Export, tmp_path: Path) -> None:
    asked = [tmp_path / f"mix{suffix}" for suffix in FORMATS]
    assert export("--out", *asked) == asked
    assert all(path.is_file() for path in asked)
    assert (
        wavinfo.WavInfoReader(str(tmp_path / "mix.wav")).bext.description == "bass, drums: edited with 3 cuts"
    )
    midi = mido.MidiFile(tmp_path / "mix.mid")
    assert midi.length == pytest.approx(67_000 / RATE_HZ, abs=0.001)
    assert [message.text for message in midi.tracks[0] if message.type == "marker"] == [
        "cut: Tuning between two takes"
    ] * 2


def test_knowing_the_formats_loads_no_library_for_them() -> None:
    waiting = {"aaf2", "mido", "opentimelineio", "rpp"}
    script = f"import sys, engine.exchange.export; print(*{waiting} & set(sys.modules))"
    root = Path(__file__).resolve().parents[4]
    ran = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_every_format_has_its_page() -> None:
    pages = (Path(__file__).resolve().parents[4] / "docs" / "formats").glob("*.md")
    titles = " ".join(page.read_text("utf-8").splitlines()[0] for page in pages)
    assert not [suffix for suffix in FORMATS if f"`{suffix}`" not in titles]


def test_regions_are_chapters_at_the_times_of_the_file(
    export: Export, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chapters = tmp_path / "jam.json"
    command = ["export", str(project), "--out", str(tmp_path / "a.mp3"), "--chapters", str(chapters)]
    assert main(command) == 2
    assert "No region" in capsys.readouterr().err
    named = [
        NamedSpan(4_000, 16_000, "Opening"),
        NamedSpan(19_000, 40_000, "Über Rom"),  # 8,000 samples of it are cut
        NamedSpan(60_100, 60_900, "Cut"),
        NamedSpan(44_000, 48_000, "★★"),
        NamedSpan(70_000, 70_000, "A marker"),
    ]
    with Document.open(project) as document:
        document.apply(add_all(document.state, named, "Named"))
    assert export("--out", tmp_path / "a.mp3", "--chapters", chapters)[1] == chapters
    content = json.loads(chapters.read_text("utf-8"))
    assert content["version"] == "1.2.0"
    assert content["chapters"] == [
        {"startTime": 0.0, "endTime": 1.5, "title": "Opening"},
        {"startTime": 1.875, "endTime": 3.5, "title": "Über Rom"},
    ]
    ranged = ("--out", tmp_path / "b.wav", "--range", "2", "4", "--chapters", chapters, "--force")
    export(*ranged)
    [only] = json.loads(chapters.read_text("utf-8"))["chapters"]
    assert only == {"startTime": 0.0, "endTime": 1.5, "title": "Über Rom"}
    before = chapters.read_bytes()
    assert main([*command, "--removed"]) == 2
    assert main(command) != 0, "both files exist"
    assert chapters.read_bytes() == before


def test_stems_of_a_range_with_fewer_bits(export: Export, tmp_path: Path) -> None:
    files = export("--out", tmp_path / "mix.flac", "--stems", "--range", 1, 3.5, "--bits", 16)
    assert [path.name for path in files] == ["mix 01 bass.flac", "mix 02 drums.flac"]
    for path in files:
        info = soundfile.info(path)
        assert (info.frames, info.subtype) == (20_000, "PCM_16")


def test_another_sample_rate_for_the_audio_alone(export: Export, tmp_path: Path) -> None:
    written = export(
        "--out", tmp_path / "a.flac", tmp_path / "a.ogg", tmp_path / "a.edl", "--rate-hz", 22_050
    )
    assert [path.suffix for path in written] == [".flac", ".ogg", ".edl"]
    for path in written[:2]:
        info = soundfile.info(path)
        assert (info.samplerate, info.frames) == (22_050, 67_000 * 22_050 // RATE_HZ + 1)


def test_regions_as_mp3_with_fades(export: Export, project: Path, tmp_path: Path) -> None:
    with Document.open(project) as document:
        for start, stop in ((4_000, 24_000), (30_000, 62_000)):
            document.apply(add_region(document.state, start, stop)[0])
    asked = ("--regions", "--fade-in-s", 0.5, "--fade-out-s", 1, "--quality", "best")
    files = export("--out", tmp_path / "song.mp3", tmp_path / "song.wav", *asked)
    assert [path.suffix for path in files] == [".mp3", ".mp3", ".wav", ".wav"]
    assert [soundfile.info(path).frames for path in files] == [16_000, 31_000] * 2
    for path in files:
        edges = np.abs(soundfile.read(path)[0])
        assert max(edges[:100].max(), edges[-100:].max()) < 0.03


def test_the_line_tells_what_was_before_and_after(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for suffix, depth in ((".wav", "24 bit"), (".ogg", "Vorbis at ")):
        assert main(["export", str(project), "--out", str(tmp_path / f"mix{suffix}")]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert line.startswith(f"Exported 0:08.4 to mix{suffix}: 8000 Hz, stereo, {depth}")
        assert "dBFS; before: 0:10.0, 8000 Hz, 24 bit, peak −10.5 dBFS." in line


def test_removed_parts_at_a_loudness(export: Export, tmp_path: Path) -> None:
    (path,) = export("--out", tmp_path / "gone.wav", "--removed", "--loudness", -23, "--dither", "tpdf")
    assert soundfile.info(path).frames == 13_000
    said = wavinfo.WavInfoReader(str(path))
    assert said.bext.to_dict()["loudness_value"] == -23.0
    assert [cue.sample_offset for cue in said.cues.cues] == [0, 4000, 12_000]


def test_louder_by_hand_and_lowered_until_nothing_clips(
    export: Export, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = export("--out", tmp_path / "a.wav", "--gain-db", 14)
    assert np.abs(soundfile.read(files[0])[0]).max() > 0.9999
    capsys.readouterr()
    assert main(["export", str(project), "--out", str(tmp_path / "b.wav"), "--gain-db", "14", "--lower"]) == 0
    line = capsys.readouterr().out
    assert "dB louder than the document." in line
    assert "too loud" not in line
    assert 0.98 < np.abs(soundfile.read(tmp_path / "b.wav")[0]).max() <= 1.0
    plain, lowered = (
        export("--out", tmp_path / "c.wav", "--force"),
        export("--out", tmp_path / "d.wav", "--lower"),
    )
    np.testing.assert_array_equal(soundfile.read(plain[0])[0], soundfile.read(lowered[0])[0])


def test_a_plain_wav_and_a_frame_rate(export: Export, tmp_path: Path) -> None:
    wav, edl = export("--out", tmp_path / "a.wav", tmp_path / "a.edl", "--plain", "--frame-rate", "30")
    assert wavinfo.WavInfoReader(str(wav)).bext is None
    with edl.open(encoding="utf-8") as stream:
        (first, *_) = pycmx.parse_cmx3600(stream).events
    assert first.edits[0].record_out == "00:00:02:00"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "{f}/a.json", "--stems"], "--stems is for audio"),
        (["--out", "{f}/a.otio", "--loudness", "-16"], "--loudness is for audio"),
        (["--out", "{f}/a.wav", "--range", "3", "3"], "not a span"),
        (["--out", "{f}/a.wav", "--range", "0", "60"], "choose a range inside it"),
        (["--out", "{f}/a.wav", "--loudness", "16"], "between -70 and 0"),
        (["--out", "{f}/a.wav", "--loudness", "-16", "--lower"], "leave --gain-db and --lower out"),
        (["--out", "{f}/a.wav", "--gain-db", "100"], "between -60 and 60"),
        (["--out", "{f}/a.json", "--lower"], "--lower is for audio"),
        (["--out", "{f}/a.flac", "--bits", "32f"], "floating-point"),
        (
            ["--out", "{f}/a.mp3", "--bits", "16"],
            "--bits is for audio, and --out names no .wav or .flac file",
        ),
        (["--out", "{f}/a.aaf", "--rate-hz", "44100"], "--rate-hz is for audio"),
        (["--out", "{f}/a.opus", "{f}/a.wav", "--rate-hz", "44100"], "choose 8000, 16000 or 48000 Hz"),
        (["--out", "{f}/a.wav", "--quality", "best"], "names no .mp3, .ogg or .opus file"),
        (["--out", "{f}/a.wav", "--fade-in-s", "-1"], "between 0 and 600"),
        (["--out", "{f}/a.wav", "--fade-out-s", "601"], "between 0 and 600"),
        (["--out", "{f}/a.edl", "--regions"], "--regions is for audio"),
        (["--out", "{f}/a.wav", "--regions"], "name a span first"),
    ],
)
def test_wrong_use_is_one_sentence_and_leaves_no_file(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    before = sorted(tmp_path.iterdir())
    status = main(["export", str(project), *(word.format(f=tmp_path) for word in arguments)])
    out, err = capsys.readouterr()
    assert status in (1, 2)
    assert (out, err.count("\n"), words in err) == ("", 1, True), err
    assert sorted(tmp_path.iterdir()) == before
