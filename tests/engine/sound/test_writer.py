"""What is written reads back equal, sample for sample and byte for byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile

from engine.core.errors import Cancelled, ExportError
from engine.core.progress import ReportingProgress
from engine.sound.reader import SourceReader, probe
from engine.sound.writer import block_dtype, container_for, export_format, write_audio


def _source(path: Path, subtype: str, rng: np.random.Generator) -> None:
    """Write every corner of a subtype's range, with libsndfile's own integers or floats."""
    if subtype in ("FLOAT", "DOUBLE"):
        samples = rng.uniform(-3, 3, (5_000, 2)).astype(np.float32 if subtype == "FLOAT" else np.float64)
    else:
        samples = rng.integers(-(2**31), 2**31, (5_000, 2), dtype=np.int32)
        samples[:3] = [[-(2**31), 2**31 - 1], [0, -1], [1 << 24, -(1 << 24)]]
    soundfile.write(path, samples, 48_000, subtype)


def _copy(source: Path, target: Path, subtype: str, container: str = "WAV", **options: object):
    with SourceReader(source) as reader:
        return write_audio(
            target,
            reader.blocks(700, block_dtype(reader.subtype)),
            rate_hz=reader.rate_hz,
            channels=reader.channels,
            container=container,
            subtype=subtype,
            total_frames=reader.frames,
            **options,
        )


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_a_copy_equals_its_source(tmp_path: Path, rng: np.random.Generator, subtype: str) -> None:
    _source(tmp_path / "a.wav", subtype, rng)
    written = _copy(tmp_path / "a.wav", tmp_path / "b.wav", subtype)
    before, _ = soundfile.read(tmp_path / "a.wav", dtype="float64")
    after, _ = soundfile.read(tmp_path / "b.wav", dtype="float64")
    np.testing.assert_array_equal(after, before)
    assert (written.frames, written.clipped_samples) == (5_000, 0)
    assert written.peak == np.abs(before).max()
    assert probe(tmp_path / "b.wav").subtype == subtype


@pytest.mark.parametrize(
    ("subtype", "in_flac"), [("PCM_16", "PCM_16"), ("PCM_24", "PCM_24"), ("PCM_U8", "PCM_16")]
)
def test_flac_equals_its_source(tmp_path: Path, rng: np.random.Generator, subtype: str, in_flac: str) -> None:
    _source(tmp_path / "a.wav", subtype, rng)
    _copy(tmp_path / "a.wav", tmp_path / "b.flac", in_flac, "FLAC")
    before, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    after, _ = soundfile.read(tmp_path / "b.flac", dtype="float32")
    np.testing.assert_array_equal(after, before)


def test_signed_bytes_fit_into_wav(tmp_path: Path, rng: np.random.Generator) -> None:
    samples = rng.integers(-128, 128, (100, 1)) / 128
    path = tmp_path / "a.wav"
    write_audio(
        path, [samples], rate_hz=8_000, channels=1, container="WAV", subtype="PCM_S8", total_frames=100
    )
    np.testing.assert_array_equal(soundfile.read(path, always_2d=True)[0], samples)


def test_equal_audio_is_equal_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    _source(tmp_path / "a.wav", "FLOAT", rng)
    _copy(tmp_path / "a.wav", tmp_path / "b.wav", "FLOAT")
    assert b"PEAK" not in (tmp_path / "b.wav").read_bytes()[:100]


def test_too_loud_samples_are_clipped_and_counted(tmp_path: Path) -> None:
    block = np.array([[1.5], [1.0], [32_767 / 32_768], [-1.0], [-1.1]], np.float32)
    path = tmp_path / "a.wav"
    written = write_audio(
        path, [block], rate_hz=48_000, channels=1, container="WAV", subtype="PCM_16", total_frames=5
    )
    assert (written.peak, written.clipped_samples) == (1.5, 3)
    assert soundfile.read(path, dtype="int16")[0].tolist() == [32_767, 32_767, 32_767, -32_768, -32_768]


@pytest.mark.parametrize(("limit_bytes", "magic"), [(400, b"RIFF"), (399, b"RF64")])
def test_past_the_limit_wav_becomes_rf64(tmp_path: Path, limit_bytes: int, magic: bytes) -> None:
    block = np.linspace(-1, 0.9, 200, dtype=np.float32).reshape(100, 2)
    path = tmp_path / "a.wav"
    write_audio(
        path,
        [block],
        rate_hz=48_000,
        channels=2,
        container="WAV",
        subtype="PCM_16",
        total_frames=100,
        riff_limit_bytes=limit_bytes,
    )
    assert path.read_bytes()[:4] == magic
    np.testing.assert_allclose(soundfile.read(path)[0], block, atol=2**-15)
    assert probe(path).warning == ""


def test_cancelling_and_wrong_lengths_leave_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    _source(tmp_path / "a.wav", "PCM_16", rng)
    cancelled = Event()
    progress = ReportingProgress(lambda fraction, *_: fraction > 0.5 and cancelled.set(), cancelled)
    with pytest.raises(Cancelled):
        _copy(tmp_path / "a.wav", tmp_path / "b.wav", "PCM_16", progress=progress)
    with pytest.raises(ValueError, match="promised"):
        write_audio(
            tmp_path / "b.wav",
            [np.zeros((10, 1), np.float32)],
            rate_hz=48_000,
            channels=1,
            container="WAV",
            subtype="PCM_16",
            total_frames=11,
        )
    with pytest.raises(ExportError, match="cannot hold 64 channels"):
        write_audio(
            tmp_path / "b.flac",
            [],
            rate_hz=48_000,
            channels=64,
            container="FLAC",
            subtype="PCM_16",
            total_frames=0,
        )
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from engine.sound.writer import write_audio
from engine.core.errors import ExportError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
noise = np.random.default_rng(1).uniform(-1, 1, (50_000, 1)).astype(np.float32)
try:
    write_audio(Path(sys.argv[1]), [noise] * 2, rate_hz=48_000, channels=1, container=sys.argv[2],
                subtype="PCM_16", total_frames=100_000)
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a file-size limit stands in for the full disk")
@pytest.mark.parametrize("container", ["WAV", "FLAC"])
@pytest.mark.parametrize("room_bytes", [10, 60_000, 199_000])
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, container: str, room_bytes: int) -> None:
    target = tmp_path / "mix.wav"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, target, container, str(room_bytes)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "disk is full" in done.stdout
    assert not done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("subtypes", "suffix", "expected"),
    [
        (["PCM_16", "PCM_24"], ".wav", "PCM_24"),
        (["PCM_16"], ".WAV", "PCM_16"),
        (["PCM_S8"], ".wav", "PCM_U8"),
        (["PCM_24", "FLOAT"], ".wav", "FLOAT"),
        (["PCM_32"], ".wav", "PCM_32"),
        (["PCM_32", "FLOAT"], ".wav", "DOUBLE"),
        (["MPEG_LAYER_III"], ".wav", "FLOAT"),
        (["ULAW"], ".wav", "PCM_16"),
        (["ALAC_20"], ".wav", "PCM_24"),
        ([], ".wav", "PCM_24"),
        (["PCM_16", "PCM_U8"], ".flac", "PCM_16"),
        (["PCM_32"], ".flac", "PCM_24"),
        (["VORBIS"], ".flac", "PCM_24"),
    ],
)
def test_the_export_is_as_deep_as_the_deepest_source(subtypes: list[str], suffix: str, expected: str) -> None:
    assert export_format(subtypes, suffix) == expected


def test_other_suffixes_are_refused() -> None:
    with pytest.raises(ExportError, match=r"\.m4a: use \.wav, .* or \.opus"):
        container_for(".m4a")


def chunks_of(path: Path) -> dict[bytes, bytes]:
    """Return the chunks of a WAV or RF64 file up to its samples, of these nothing."""
    content, place, found = path.read_bytes(), 12, {}
    while True:
        name, size = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        found[name] = b"" if name == b"data" else content[place + 8 : place + 8 + size]
        if name == b"data":
            return found
        place += 8 + size + size % 2


@pytest.mark.parametrize("limit_bytes", [2**32, 100])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_floats_have_an_extension_and_a_fact(
    tmp_path: Path, rng: np.random.Generator, subtype: str, limit_bytes: int
) -> None:
    samples = rng.standard_normal((1_001, 3))
    path = tmp_path / "a.wav"
    write_audio(
        path,
        [samples],
        rate_hz=48_000,
        channels=3,
        container="WAV",
        subtype=subtype,
        total_frames=len(samples),
        riff_limit_bytes=limit_bytes,
        trailing_chunks=b"abcd\x02\0\0\0xy",
    )
    chunks = chunks_of(path)
    fmt = chunks[b"fmt "]
    assert len(fmt) == (18 if limit_bytes > 100 else 40)
    assert int.from_bytes(fmt[16:18], "little") == len(fmt) - 18
    assert int.from_bytes(chunks[b"fact"], "little") == 1_001
    assert b"PEAK" not in chunks  # which holds the time of writing
    assert int.from_bytes(path.read_bytes()[4:8], "little") in (path.stat().st_size - 8, 2**32 - 1)
    heard, rate_hz = soundfile.read(path)
    assert rate_hz == 48_000
    np.testing.assert_array_equal(heard, samples.astype(np.float32 if subtype == "FLOAT" else np.float64))
    shown = ["-show_entries", "stream=codec_name,duration_ts", "-of", "csv=p=0"]
    asked = ["ffprobe", "-v", "warning", *shown, path]
    told = subprocess.run(asked, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == f"{'pcm_f32le' if subtype == 'FLOAT' else 'pcm_f64le'},1001"
    assert not told.stderr
