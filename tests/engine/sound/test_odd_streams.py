"""Streams that were joined, cut or damaged: all of their sound, or a sentence."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import SourceError
from engine.sound.file_part import ogg_links
from engine.sound.headers.mp3 import mpeg_frames
from engine.sound.reader import SourceReader, probe

RATE_HZ = 44_100
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg makes these MP3s")


def _tone(length_s: float, rate_hz: int = RATE_HZ, channels: int = 1) -> np.ndarray:
    times = np.arange(round(length_s * rate_hz)) / rate_hz
    return np.repeat((0.3 * np.sin(2 * np.pi * 440 * times))[:, None], channels, 1).astype(np.float32)


def _ogg(path: Path, length_s: float, subtype: str, rate_hz: int = 48_000, channels: int = 1) -> bytes:
    soundfile.write(path, _tone(length_s, rate_hz, channels), rate_hz, subtype, format="OGG")
    return path.read_bytes()


def _samples(path: Path) -> np.ndarray:
    with SourceReader(path) as reader:
        samples = np.concatenate(list(reader.blocks(7_000)))
        reader.read(0, 10)  # back to the start
        np.testing.assert_array_equal(reader.read(100, 5_000), samples[100:5_000])
    return samples


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("lengths_s", [(1.0, 2.0), (0.5, 0.5, 0.5, 0.5), (2.0, 0.02)])
def test_links_of_an_ogg_file_follow_each_other(
    tmp_path: Path, subtype: str, lengths_s: tuple[float, ...]
) -> None:
    links = [_ogg(tmp_path / "link.ogg", length_s, subtype) for length_s in lengths_s]
    path = tmp_path / "chained.ogg"
    path.write_bytes(b"".join(links))
    assert len(ogg_links(path)) == len(links)
    assert probe(path).warning == ""
    samples = _samples(path)
    assert len(samples) == pytest.approx(sum(lengths_s) * 48_000, abs=2)
    seam = round(lengths_s[0] * 48_000)
    assert np.abs(samples[seam - 480 : seam]).max() > 0.2
    assert np.abs(samples[seam + 200 : seam + 800]).max() > 0.2


def test_a_link_is_its_own_recording_to_the_sample(tmp_path: Path) -> None:
    one, two = (_ogg(tmp_path / f"{n}.ogg", 1.0 + n, "VORBIS") for n in (0, 1))
    path = tmp_path / "chained.ogg"
    path.write_bytes(one + two)
    alone = np.concatenate([soundfile.read(tmp_path / f"{n}.ogg", dtype="float32")[0] for n in (0, 1)])
    np.testing.assert_array_equal(_samples(path)[:, 0], alone)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize(("rate_hz", "channels"), [(24_000, 1), (48_000, 2)])
def test_a_link_of_another_form_is_named(tmp_path: Path, subtype: str, rate_hz: int, channels: int) -> None:
    path = tmp_path / "chained.ogg"
    one = _ogg(tmp_path / "one.ogg", 1.5, subtype)
    path.write_bytes(one + _ogg(tmp_path / "two.ogg", 1.0, subtype, rate_hz, channels))
    assert len(_samples(path)) == pytest.approx(72_000, abs=2)
    assert "0:01.500: the rest of it is left out" in probe(path).warning


def test_a_damaged_link_is_named(tmp_path: Path) -> None:
    path = tmp_path / "chained.ogg"
    two = bytearray(_ogg(tmp_path / "two.ogg", 1.0, "VORBIS"))
    two[30:60] = bytes(30)
    path.write_bytes(_ogg(tmp_path / "one.ogg", 1.0, "VORBIS") + two)
    assert "cannot be read on from 0:01.000" in probe(path).warning
    assert len(_samples(path)) == 48_000


def test_an_encrypted_mogg_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.mogg"
    path.write_bytes(bytes((0x0B, 0, 0, 0, 40, 0, 0, 0)) + bytes(1_000))
    with pytest.raises(SourceError, match="encrypted"):
        probe(path)


def _mp3(path: Path, length_s: float, *options: str, noise_s: float = 0.0, rate_hz: int = RATE_HZ) -> bytes:
    """Return an MP3 of ffmpeg; noise at the start needs more bits than the tone after it."""
    samples = _tone(length_s, rate_hz)
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, (round(noise_s * rate_hz), 1))
    samples[: len(noise)] = noise
    wav = path.with_suffix(".wav")
    soundfile.write(wav, samples, rate_hz)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(wav), "-c:a", "libmp3lame", *options, str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def _length_s(path: Path) -> float:
    samples = _samples(path)
    assert np.abs(samples[-4_000:-1_500]).max() > 0.1, "there is sound up to the end"
    return len(samples) / probe(path).rate_hz


BARE = ("-write_xing", "0", "-id3v2_version", "0")


@needs_ffmpeg
@pytest.mark.parametrize("noise_s", [0.0, 0.5, 3.0])
@pytest.mark.parametrize(
    "options", [("-q:a", "2"), ("-q:a", "7"), ("-b:a", "128k"), ("-abr", "1", "-b:a", "96k")]
)
def test_mp3_without_a_head_has_the_length_of_its_frames(
    tmp_path: Path, noise_s: float, options: tuple[str, ...]
) -> None:
    path = tmp_path / "take.mp3"
    _mp3(path, 6.0, *options, *BARE, noise_s=noise_s)
    assert _length_s(path) == pytest.approx(6.0, abs=0.1)
    assert probe(path).warning == ""


@needs_ffmpeg
def test_mp3_with_a_head_is_as_long_as_before_it_was_coded(tmp_path: Path) -> None:
    path = tmp_path / "take.mp3"
    _mp3(path, 3.0, "-q:a", "2", noise_s=1.0)
    info = probe(path)
    assert (info.container, info.frames, info.warning) == ("MP3", 3 * RATE_HZ, "")


@needs_ffmpeg
@pytest.mark.parametrize("options", [(), BARE])
def test_mp3_files_that_were_joined_are_read_whole(tmp_path: Path, options: tuple[str, ...]) -> None:
    one = _mp3(tmp_path / "one.mp3", 2.0, "-q:a", "3", *options)
    two = _mp3(tmp_path / "two.mp3", 3.0, "-q:a", "3", *options, noise_s=1.0)
    path = tmp_path / "joined.mp3"
    path.write_bytes(one + two)
    assert _length_s(path) == pytest.approx(5.0, abs=0.15)


@needs_ffmpeg
def test_mp3_with_a_tag_in_the_middle_is_read_whole(tmp_path: Path) -> None:
    one, two = (_mp3(tmp_path / f"{n}.mp3", 2.0, "-b:a", "128k", *BARE) for n in (1, 2))
    tag = b"ID3\3\0\0\0\0\7\x68TIT2" + bytes(1_000)
    path = tmp_path / "take.mp3"
    path.write_bytes(one + tag[: 10 + (7 << 7 | 0x68)] + two)
    assert _length_s(path) == pytest.approx(4.0, abs=0.15)


@needs_ffmpeg
@pytest.mark.parametrize("junk", [b"\0" * 3_000, b"radio stream " * 400, bytes(range(256)) * 20])
def test_mp3_after_other_bytes_is_read(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "take.mp3"
    path.write_bytes(junk + _mp3(tmp_path / "whole.mp3", 3.0, "-b:a", "128k", *BARE))
    assert _length_s(path) == pytest.approx(3.0, abs=0.12)


@needs_ffmpeg
def test_mp3_with_tags_at_its_end_is_plain(tmp_path: Path) -> None:
    path = tmp_path / "take.mp3"
    tags = b"APETAGEX" + bytes(200) + b"TAG" + bytes(125)
    path.write_bytes(_mp3(tmp_path / "whole.mp3", 3.0, "-b:a", "128k") + tags)
    found = mpeg_frames(path)
    assert found is not None
    assert found.is_plain
    assert probe(path).frames == 3 * RATE_HZ


@needs_ffmpeg
def test_mp3_with_damage_between_frames_keeps_what_follows(tmp_path: Path) -> None:
    content = bytearray(_mp3(tmp_path / "whole.mp3", 4.0, "-b:a", "128k"))
    middle = len(content) // 2
    content[middle : middle + 900] = bytes(900)
    path = tmp_path / "take.mp3"
    path.write_bytes(content)
    assert _length_s(path) == pytest.approx(4.0, abs=0.2)


def _flac(path: Path, seed: int = 3) -> np.ndarray:
    sound = np.random.default_rng(seed).integers(-9_000, 9_000, (200_000, 2)).astype(np.int16)
    soundfile.write(path, sound, RATE_HZ, "PCM_16", format="FLAC")
    return sound


@pytest.mark.parametrize("shares", [(0.5,), (0.2, 0.21, 0.8), (0.1, 0.3, 0.5, 0.7, 0.9), (0.98,)])
def test_flac_with_flipped_bits_is_silent_there_and_nowhere_else(
    tmp_path: Path, shares: tuple[float, ...]
) -> None:
    path = tmp_path / "take.flac"
    sound = _flac(path)
    content = bytearray(path.read_bytes())
    for share in shares:
        content[round(share * len(content))] ^= 4
    path.write_bytes(content)
    with SourceReader(path) as reader:
        read = np.concatenate(list(reader.blocks(30_000)))
        bad, first = reader.bad_samples, reader.first_bad_samples
        again = reader.read(0, reader.frames)
    numbers = np.round(read * 32_768)
    differs = (numbers != sound).any(axis=1)
    assert len(read) == len(sound)
    assert not numbers[differs].any()
    assert 1 <= np.count_nonzero(differs) // 4_000 <= 2 * len(shares)
    assert bad == 2 * np.count_nonzero((read == 0).all(axis=1))
    assert first == int(differs.argmax())
    np.testing.assert_array_equal(again, read)


def test_flac_without_a_total_and_with_a_flipped_bit(tmp_path: Path) -> None:
    path = tmp_path / "take.flac"
    sound = _flac(path)
    content = bytearray(path.read_bytes())
    place = content.index(b"fLaC") + 8 + 13
    content[place] &= 0xF0
    content[place + 1 : place + 5] = bytes(4)
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with SourceReader(path) as reader:
        assert reader.frames == len(sound)
        read = np.round(np.concatenate(list(reader.blocks(30_000))) * 32_768)
    assert np.count_nonzero((read != sound).any(axis=1)) <= 2 * 4_096
