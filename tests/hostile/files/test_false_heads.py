"""Heads that claim what cannot be: one sentence, nothing written, the same samples however they are read."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from engine.core.errors import ExportError, SourceError
from engine.sound.conform import conformed_path
from engine.sound.headers.bwf import read_cue_points
from engine.sound.headers.start_times import read_time_reference
from engine.sound.opening import sample_numbers_agree
from engine.sound.pictures.peak_cache import source_peaks
from engine.sound.reader import SourceReader, probe
from tests.hostile.bad_files import good, noise
from tests.hostile.verbs import run_verb, strictly_read
from tests.mostly_long import mostly_long
from tests.sources import source_of

RATE_HZ = 8_000


def written(path: Path, container: str, subtype: str, frames: int = 6_000, channels: int = 1) -> Path:
    soundfile.write(path, noise(frames, channels), RATE_HZ, subtype=subtype, format=container)
    return path


def patched(path: Path, place: int, content: bytes) -> Path:
    data = bytearray(path.read_bytes())
    data[place : place + len(content)] = content
    path.write_bytes(data)
    return path


def w64_that_claims(path: Path) -> Path:
    """Give the samples a size beyond what 63 bits hold, of which libsndfile makes 2e11 frames."""
    place = written(path, "W64", "GSM610", 1_600).read_bytes().index(b"data") + 21
    return patched(path, place, struct.pack("<I", 10**9))


CLAIMS: dict[str, Callable[[Path], Path]] = {
    "W64": w64_that_claims,
    "MAT4": lambda path: patched(written(path, "MAT4", "FLOAT", 64), 48, struct.pack("<I", 10**9)),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_what_the_bytes_cannot_hold_is_refused_before_anything_is_written(tmp_path: Path, case: str) -> None:
    path = CLAIMS[case](tmp_path / "take.w64")
    assert path.stat().st_size < 1_000
    with soundfile.SoundFile(path) as file:
        assert file.frames > 10**8  # or it proves nothing
    for read in (SourceReader, probe):
        with pytest.raises(SourceError, match=r"take\.w64 claims to hold .*, and its \d+ bytes cannot: "):
            read(path)
    done = run_verb("new", tmp_path / "new.offcut", path, status=1)
    assert done.stderr.count(b"\n") == 1
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        (container, subtype)
        for container in soundfile.available_formats()
        for subtype in soundfile.available_subtypes(container)
        if container != "RAW"
    ],
)
def test_silence_in_every_format_is_believed(tmp_path: Path, container: str, subtype: str) -> None:
    path = tmp_path / "take"
    frames, rate_hz = 400_000, 48_000 if subtype == "OPUS" else 44_100
    try:
        soundfile.write(path, np.zeros((frames, 1)), rate_hz, subtype=subtype, format=container)
        soundfile.info(path)
    except (soundfile.LibsndfileError, ValueError):
        pytest.skip("libsndfile does not write this pair, or not so that it reads it")
    with SourceReader(path) as reader:
        assert reader.frames >= 0.9 * frames


def full_disk(_folder: object) -> object:
    return SimpleNamespace(total=10**9, used=10**9 - 5_000, free=5_000)


def test_a_copy_that_the_disk_has_no_room_for_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(good(tmp_path / "take.wav"))
    monkeypatch.setattr(shutil, "disk_usage", full_disk)
    with pytest.raises(ExportError, match=r"has room for 5 kB and 133 kB are needed"):
        conformed_path(source, 11_025)
    long = source_of(good(tmp_path / "long.wav", 60.0))
    with pytest.raises(ExportError, match="has room for 5 kB"):
        source_peaks(long, RATE_HZ)


def mp3_with_a_negative_length(path: Path) -> Path:
    written(path, "MP3", "MPEG_LAYER_III", 6_000, 2)
    return patched(path, 2, bytes(4) + b"\x7f\xff\xff\xff")


def rf64_with_a_wide_size(path: Path) -> Path:
    data = written(path, "RF64", "PCM_16").read_bytes()
    return patched(path, data.index(b"ds64") + 16, struct.pack("<Q", 2**63))


def flac_with_wrong_blocks(path: Path, least: int = 0x1000, most: int = 0) -> Path:
    written(path, "FLAC", "PCM_16", 20_000)
    return patched(path, 8, struct.pack(">HH", least, most))


def sds_that_is_noted(path: Path) -> Path:
    data = bytearray(written(path, "SDS", "PCM_16").read_bytes())
    for place in range(21, len(data), 127):
        data[place] = 0x80  # libsndfile prints a note about each block
    path.write_bytes(data)
    return path


DAMAGED: dict[str, Callable[[Path], Path]] = {
    "MP3": mp3_with_a_negative_length,
    "RF64": rf64_with_a_wide_size,
    "FLAC": flac_with_wrong_blocks,
    "FLAC, twice as long blocks": lambda path: flac_with_wrong_blocks(path, 0x2000, 0x2000),
    "AU at 4": lambda path: patched(written(path, "AU", "PCM_16"), 4, struct.pack(">I", 4)),
    "AU at 0": lambda path: patched(written(path, "AU", "PCM_16"), 4, bytes(4)),
    "AU far in": lambda path: patched(written(path, "AU", "PCM_16"), 4, struct.pack(">I", 128)),
    "SDS": sds_that_is_noted,
    "AVR": lambda path: patched(written(path, "AVR", "PCM_16"), 0, b"\xff\xff"),
}


_INSIDE = b"has a header with an invalid sample offset"
REFUSED = {"AU at 4": _INSIDE, "AU at 0": _INSIDE, "AVR": b"is not audio that Offcut can read"}


@pytest.mark.parametrize("case", DAMAGED)
def test_one_sentence_or_the_same_samples_however_they_are_read(tmp_path: Path, case: str) -> None:
    path = DAMAGED[case](tmp_path / "take")
    try:
        with SourceReader(path) as reader:
            whole = reader.read(0, reader.frames)
            np.testing.assert_array_equal(np.concatenate(list(reader.blocks(1_000))), whole)
            third = reader.frames // 3
            np.testing.assert_array_equal(reader.read(third, 2 * third), whole[third : 2 * third])
        with SourceReader(path) as again:
            np.testing.assert_array_equal(again.read(third, 2 * third), whole[third : 2 * third])
            np.testing.assert_array_equal(again.read(0, len(whole)), whole)
        probe(path)
        read_cue_points(path)
        read_time_reference(path)
    except SourceError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right


@mostly_long("case", DAMAGED, keep=("FLAC",))
def test_standard_output_is_json_and_nothing_else(tmp_path: Path, case: str) -> None:
    path = DAMAGED[case](tmp_path / "take")
    said = REFUSED.get(case)
    done = run_verb("beats", path, "--json", status=int(said is not None))
    if said is not None:
        assert done.stdout == b""
        assert said in done.stderr
    else:
        assert "beats_s" in strictly_read(done.stdout)


def test_flac_files_that_programs_write_are_sought_in(tmp_path: Path) -> None:
    for frames in (1, 3_000, 4_096, 4_097, 200_000):
        path = written(tmp_path / f"{frames}.flac", "FLAC", "PCM_16", frames)
        assert sample_numbers_agree(path)
        tagged = tmp_path / f"tagged {frames}.flac"
        tagged.write_bytes(b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256) + path.read_bytes())
        assert sample_numbers_agree(tagged)
    assert not sample_numbers_agree(flac_with_wrong_blocks(tmp_path / "wrong.flac"))


def test_a_flac_that_was_streamed_has_no_length_to_miss(tmp_path: Path) -> None:
    path = written(tmp_path / "take.flac", "FLAC", "PCM_16", 20_000)
    patched(path, 22, bytes(4))
    assert probe(path).warning == ""
