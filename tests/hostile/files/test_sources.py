"""Broken, odd and vanishing audio files: one clear sentence, or a warning where something can be saved."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import SourceError
from engine.sound.pictures.peaks import build_peaks
from engine.sound.reader import SourceReader, content_hash, probe


def _wave(path: Path, frames: int = 48_000, channels: int = 2, container: str = "WAV") -> Path:
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, (frames, channels))
    soundfile.write(path, noise, 48_000, format=container)
    return path


def _header_only(path: Path, rate_hz: int = 48_000, channels: int = 1, frames: int = 100) -> Path:
    """A WAV head written by hand, so that it may say anything, and silence after it."""
    data = bytes(2 * channels * frames)
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * 2 * channels, 2 * channels, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def _bytes(content: bytes) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _through_a_file(path: Path) -> Path:
    path.write_bytes(b"x")
    return path / "take.wav"


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


REFUSED = {
    "not audio": (_bytes(b"Dear diary, " * 500), "is not audio that Offcut can read: choose a WAV"),
    "raw by name": (_bytes(bytes(5_000)), "is not audio"),
    "empty": (_bytes(b""), r"is empty \(0 bytes\)"),
    "head without samples": (lambda path: _header_only(path, frames=0), "holds no samples"),
    "cut inside the head": (lambda path: _bytes(_wave(path).read_bytes()[:30])(path), "is not audio"),
    "1 Hz": (lambda path: _header_only(path, rate_hz=1), "sample rate of 1 Hz"),
    "1 MHz": (lambda path: _header_only(path, rate_hz=1_000_000), "sample rate of 1000000 Hz"),
    "65 channels": (lambda path: _wave(path, 100, 65), "65 channels, and Offcut takes up to 64"),
    "no channels": (lambda path: _header_only(path, channels=0), "is not audio"),
    "missing": (lambda path: path, "is not there: check the name, bring it back"),
    "folder": (_folder, "is a folder: choose the audio files in it"),
    "path through a file": (_through_a_file, "a part of its path is a file"),
}
if hasattr(os, "mkfifo"):
    REFUSED["pipe"] = (_pipe, "is not a plain file")


@pytest.mark.parametrize("case", REFUSED)
def test_what_holds_nothing_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    make, words = REFUSED[case]
    path = make(tmp_path / ("take.raw" if case == "raw by name" else "take.wav"))
    for read in (probe, SourceReader, build_peaks):
        with pytest.raises(SourceError, match=words) as caught:
            read(path)
        text = str(caught.value)
        assert str(path) in text
        assert text.endswith(".")
        assert "\n" not in text


SHORTENED = [
    ("wav", "WAV", 0.6, "ends early"),
    ("rf64.wav", "RF64", 0.6, "ends early"),
    ("w64", "W64", 0.6, "ends early"),
    ("aiff", "AIFF", 0.6, "ends early"),
    ("flac", "FLAC", 0.6, "ends early"),
    ("mp3", "MP3", 0.6, "ends early"),
    ("ogg", "OGG", 0.6, "has no proper end"),
]


@pytest.mark.parametrize(("suffix", "container", "share", "words"), SHORTENED)
def test_a_shortened_file_is_imported_as_far_as_it_goes(
    tmp_path: Path, suffix: str, container: str, share: float, words: str
) -> None:
    path = _wave(tmp_path / f"take.{suffix}", 96_000, container=container)
    with soundfile.SoundFile(path) as file:
        whole = file.read(file.frames, dtype="float32", always_2d=True)
    assert probe(path).warning == ""
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    info = probe(path)
    assert re.search(rf"take\.{re.escape(suffix)} {words}.*\.$", info.warning)
    assert 0.4 * 96_000 < info.frames < 0.7 * 96_000
    with SourceReader(path) as reader:
        there = np.concatenate(list(reader.blocks(10_000)))
    assert len(there) == info.frames
    # the last packet of a lossy format overlaps with one that is gone
    kept = info.frames - (0 if container in ("WAV", "RF64", "W64", "AIFF", "FLAC") else 4_000)
    np.testing.assert_array_equal(there[:kept], whole[:kept])
    assert build_peaks(path).frames == info.frames


def test_the_warning_tells_both_lengths(tmp_path: Path) -> None:
    path = _header_only(tmp_path / "take.wav", frames=96_000)
    path.write_bytes(path.read_bytes()[: 44 + 2 * 48_000])
    assert (
        probe(path).warning
        == f"{path} ends early: 0:01.000 is there of the 0:02.000 that its header promises."
    )


def test_a_stream_of_unknown_length_is_read_to_its_end_and_that_is_said(tmp_path: Path) -> None:
    path = _wave(tmp_path / "take.wav", 1_000)
    data = bytearray(path.read_bytes())
    position = data.index(b"data") + 4
    data[position : position + 4] = b"\xff" * 4
    path.write_bytes(data)
    assert probe(path).frames == 1_000
    assert "states no length" in probe(path).warning


def test_damage_in_the_middle_is_silent_and_its_place_is_named(tmp_path: Path) -> None:
    path = _wave(tmp_path / "take.flac", 96_000, container="FLAC")
    with SourceReader(path) as reader:
        whole = reader.read(0, 96_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20_000] = bytes(20_000)
    path.write_bytes(data)
    with SourceReader(path) as reader:
        there = np.concatenate(list(reader.blocks(10_000)))
        lost, first = reader.bad_samples, reader.first_bad_samples
    differs = np.flatnonzero((there != whole).any(axis=1))
    assert len(there) == 96_000
    assert not there[differs].any()
    assert first <= differs[0] <= differs[-1] < first + lost // whole.shape[1]
    assert lost // whole.shape[1] < 60_000


@pytest.mark.parametrize("container", ["WAV", "FLAC", "AIFF", "OGG", "MP3"])
def test_changed_bytes_never_do_worse_than_a_sentence(tmp_path: Path, container: str) -> None:
    path = _wave(tmp_path / "take", 6_000, container=container)
    data = path.read_bytes()
    rng = np.random.default_rng(11)
    for _ in range(40):
        changed = bytearray(data)
        for position in rng.integers(0, min(len(data), 400), 3):
            changed[position] = int(rng.integers(256))
        path.write_bytes(changed)
        try:
            with SourceReader(path) as reader:
                assert reader.read(0, 1_000).shape == (1_000, reader.channels)
                probe(path)
        except SourceError as error:
            assert str(path) in str(error)  # noqa: PT017 - either outcome is right


def test_sixty_four_channels_are_read(tmp_path: Path) -> None:
    path = _wave(tmp_path / "take.wav", 1_000, 64)
    assert probe(path).channels == 64
    assert build_peaks(path).levels[0].shape == (3, 64, 4)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse some of these names")
@pytest.mark.parametrize(
    "name", [b'it\'s "live" \xf0\x9f\xa5\x81.wav', b"latin \xe9.wav", b"-n $HOME; ls.flac"]
)
def test_any_name_is_read(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    _wave(tmp_path / "plain", 1_000, container="FLAC" if name.endswith(b"flac") else "WAV").rename(path)
    assert probe(path).frames == 1_000
    assert content_hash(path)
    path.unlink()
    with pytest.raises(SourceError, match="is not there: check the name") as caught:
        probe(path)
    str(caught.value).encode("utf-8")  # can be shown and logged


def test_a_file_that_vanishes_or_shrinks_while_open(tmp_path: Path) -> None:
    path = _wave(tmp_path / "take.wav")
    with SourceReader(path) as reader:
        os.truncate(path, 20_000)
        assert reader.read(0, 100).any()
        with pytest.raises(SourceError, match=r"take\.wav is damaged or was shortened"):
            reader.read(40_000, 48_000)
    path = _wave(tmp_path / "gone.ogg", 200_000, container="OGG")
    with SourceReader(path) as reader:
        reader.read(150_000, 150_100)
        path.unlink()
        with pytest.raises(SourceError, match=r"gone\.ogg is not there"):
            reader.read(0, 100)


AS_NOBODY = """
import os, sys
from pathlib import Path
from engine.sound.reader import content_hash, probe
from engine.core.errors import SourceError
if os.geteuid() == 0:
    os.seteuid(65534)
for read in (probe, content_hash):
    try:
        read(Path(sys.argv[1]))
    except SourceError as error:
        print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="modes mean this on POSIX only")
@pytest.mark.parametrize("locked", ["file", "folder"])
def test_a_file_and_a_folder_without_read_permission(tmp_path: Path, locked: str) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    path = _wave(folder / "take.wav", 100)
    for parent in folder.parents[:3]:
        parent.chmod(0o755)
    (path if locked == "file" else folder).chmod(0)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, path], capture_output=True, text=True, check=True, timeout=60
    )
    folder.chmod(0o755)
    assert done.stdout.count(f"{path} may not be read: allow yourself to read the file and its folder") == 2


@pytest.mark.parametrize("frames", [1, 2_000, 4_096, 50_000])
@pytest.mark.parametrize("promised", [2**36 - 1, 60_000])
def test_a_flac_that_promises_more_is_read_to_its_last_frame(
    tmp_path: Path, frames: int, promised: int
) -> None:
    path = tmp_path / "take.flac"
    whole = np.zeros(frames, np.int16)
    whole[-1] = 10_000  # all that sounds is the last frame
    soundfile.write(path, whole, 44_100, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[21] = data[21] & 0xF0 | promised >> 32  # of the head, STREAMINFO's total
    data[22:26] = (promised & 0xFFFFFFFF).to_bytes(4, "big")
    path.write_bytes(data)
    info = probe(path)
    assert info.frames == frames
    assert "ends early" in info.warning
    with SourceReader(path) as reader:
        np.testing.assert_array_equal(reader.read(0, frames, np.int16)[:, 0], whole)
        np.testing.assert_array_equal(reader.read(frames - 1, frames, np.int16)[:, 0], whole[-1:])
        np.testing.assert_array_equal(reader.read(0, 1, np.int16)[:, 0], whole[:1])
    assert build_peaks(path).frames == frames
