"""MP3, Vorbis and Opus read back: length, place of a click, tags, and how much of the sound is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.sound.codecs import CODECS, Coding, Quality, Tags
from engine.sound.conform import conformed_path
from engine.sound.headers.mp3 import encoder_delay_samples
from engine.sound.reader import SourceReader, probe
from engine.sound.writer import write_audio
from tests.sources import source_of

RATE_HZ = 48_000
PLAIN = Tags()
SUFFIXES = tuple(CODECS)


def coded(
    path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ, *, tags: Tags = PLAIN, **coding: object
) -> Path:
    """Write samples, shape (n, channels), in the format of the suffix."""
    codec = CODECS[path.suffix]
    write_audio(
        path,
        np.array_split(samples, 7),
        rate_hz=rate_hz,
        channels=samples.shape[1],
        container=codec.container,
        subtype=codec.subtype,
        total_frames=len(samples),
        coding=Coding(codec, **coding),
        tags=tags,
    )
    return path


def click(frames: int, at: int, channels: int = 2) -> np.ndarray:
    """Return silence with three loud samples around `at`, the loudest there."""
    samples = np.zeros((frames, channels))
    samples[at - 1 : at + 2] = [[-0.4], [0.9], [-0.4]]
    return samples


def music(frames: int, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Return two channels of chords that swell, with a little noise."""
    t = np.arange(frames)[:, None] / rate_hz
    notes = sum(np.sin(2 * np.pi * f * t * [1, 1.25]) for f in (220, 330, 440.5, 1_100))
    return 0.1 * notes * (1 + np.sin(2 * np.pi * t)) + np.random.default_rng(2).normal(0, 2e-3, (frames, 2))


@pytest.mark.parametrize("frames", [1, 2, 100, 575, 1_151, 1_152, 1_153, 48_000, 131_072, 131_073])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_length_is_exact_for_everyone(tmp_path: Path, suffix: str, frames: int) -> None:
    path = coded(tmp_path / f"a{suffix}", music(frames), tags=Tags("Song", "Jam"))
    assert soundfile.info(path).frames == frames
    assert len(soundfile.read(path)[0]) == frames
    with SourceReader(path) as reader:
        assert reader.frames == frames
        assert sum(len(block) for block in reader.blocks(1_000)) == frames
    assert probe(path).warning == ""


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("at", [1, 700, 47_000, 95_997])
def test_a_click_stays_at_its_sample(tmp_path: Path, suffix: str, at: int) -> None:
    path = coded(tmp_path / f"a{suffix}", click(96_000, at), quality=Quality.BEST)
    for heard in (soundfile.read(path)[0], SourceReader(path).read(0, 96_000)):
        assert np.argmax(np.abs(heard[:, 0])) == at
        assert np.argmax(np.abs(heard[:, 1])) == at


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_import_has_no_gap(tmp_path: Path, suffix: str) -> None:
    path = coded(tmp_path / f"a{suffix}", click(100_000, 50_000))
    source = source_of(path)
    assert source.frames == 100_000
    with SourceReader(conformed_path(source, RATE_HZ)) as reader:
        assert reader.frames == 100_000
        assert np.argmax(np.abs(reader.read(0, 100_000)[:, 0])) == 50_000
    with SourceReader(conformed_path(source, 96_000)) as reader:
        assert reader.frames == 200_000
        assert abs(int(np.argmax(np.abs(reader.read(0, 200_000)[:, 0]))) - 100_000) <= 1


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("quality", Quality)
def test_the_sound_is_there(tmp_path: Path, suffix: str, quality: Quality) -> None:
    sent = music(5 * RATE_HZ)
    path = coded(tmp_path / f"a{suffix}", sent, quality=quality)
    heard = soundfile.read(path)[0]
    snr_db = 10 * np.log10(np.sum(sent**2) / np.sum((sent - heard) ** 2))
    assert snr_db > {"small": 15, "good": 18, "best": 22}[quality]
    assert 10 * np.log10(np.sum(heard**2) / np.sum(sent**2)) == pytest.approx(0.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(heard[:, 0]))
    assert np.sort(np.argsort(spectrum)[-400:] / 5).max() < 1_120  # nothing loud but the chords
    smaller = path.stat().st_size * 8 / 5 / 1_000
    assert smaller < 1.4 * CODECS[suffix].stereo_kbit_s[quality]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "tags",
    [
        Tags("Song", "Jam", 3),
        Tags("Übergänge für später, ein langer Name mit Umlauten äöü", "Probe März", 12),
        Tags("Ж 日本 🎺", "", 0),
        Tags("x" * 200, "日本" * 100, 300),
        Tags(),
    ],
)
def test_tags_read_back(tmp_path: Path, suffix: str, tags: Tags) -> None:
    path = coded(tmp_path / f"a{suffix}", music(20_000), tags=tags)
    with soundfile.SoundFile(path) as file:
        assert (file.title, file.album) == (tags.title, tags.album)
        assert file.tracknumber == (str(tags.number) if tags.number else "")
        assert file.software.startswith("Offcut")
        assert file.frames == 20_000
    if shutil.which("ffprobe"):
        asked = ["ffprobe", "-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "flat", path]
        told = subprocess.run(asked, capture_output=True, check=True).stdout.decode()
        assert tags.title in told
        assert tags.album in told
        assert "xxxx" in tags.title or "xxxx" not in told  # the room that LAME was made to leave


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is the other decoder")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_decoder_hears_the_same(tmp_path: Path, suffix: str) -> None:
    sent = 0.3 * music(60_000) + click(60_000, 30_000)
    path = coded(tmp_path / f"a{suffix}", sent, tags=Tags("Ä" * 50))
    asked = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"]
    heard = np.frombuffer(subprocess.run(asked, capture_output=True, check=True).stdout, "<f4").reshape(-1, 2)
    assert np.argmax(np.abs(heard[:, 0])) == 30_000
    assert len(heard) == 60_000


def test_the_delay_of_an_mp3_is_what_a_player_without_its_head_adds(tmp_path: Path) -> None:
    path = coded(tmp_path / "a.mp3", click(60_000, 30_000))
    assert encoder_delay_samples(path, RATE_HZ) == 576 + 529
    raw = path.read_bytes()
    head = raw.find(b"Xing") - 36  # four bytes and the side information of stereo
    stop = raw.find(raw[head : head + 2], head + 4)
    bare = tmp_path / "bare.mp3"
    bare.write_bytes(raw[stop:])
    heard = soundfile.read(bare)[0]
    assert np.argmax(np.abs(heard[:, 0])) == 30_000 + 576 + 529
    assert len(heard) % 1_152 == 0  # whole frames


@pytest.mark.parametrize(
    ("suffix", "rate_hz", "delay_samples"),
    [(".opus", 48_000, 312), (".opus", 16_000, 104), (".ogg", 48_000, 0), (".mp3", 8_000, 1_105)],
)
def test_the_delay_is_told(tmp_path: Path, suffix: str, rate_hz: int, delay_samples: int) -> None:
    path = coded(tmp_path / f"a{suffix}", music(9_000, rate_hz), rate_hz, tags=Tags("Song"))
    assert encoder_delay_samples(path, rate_hz) == delay_samples


@pytest.mark.parametrize("content", [b"", b"ID3", b"ID3\x03\0\0\0\0\0\0", b"\xff\xfbXing", b"x" * 5_000])
def test_a_file_that_says_nothing_has_no_delay(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp3").write_bytes(content)
    assert encoder_delay_samples(tmp_path / "a.mp3", RATE_HZ) == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_too_loud_samples_are_clipped_and_counted(tmp_path: Path, suffix: str) -> None:
    samples = np.full((5_000, 1), 0.5)
    samples[2_000:2_003] = [[1.5], [-1.5], [1.0]]
    codec = CODECS[suffix]
    written = write_audio(
        tmp_path / f"a{suffix}",
        [samples],
        rate_hz=RATE_HZ,
        channels=1,
        container=codec.container,
        subtype=codec.subtype,
        total_frames=5_000,
        coding=Coding(codec),
    )
    assert (written.peak, written.clipped_samples) == (1.5, 2)


@pytest.mark.parametrize(
    ("suffix", "rate_hz", "expected_hz"),
    [
        (".mp3", 44_100, 44_100),
        (".mp3", 4_000, 8_000),
        (".mp3", 37_800, 44_100),
        (".mp3", 64_000, 32_000),
        (".mp3", 88_200, 44_100),
        (".mp3", 96_000, 48_000),
        (".mp3", 768_000, 48_000),
        (".mp3", 50_001, 48_000),
        (".opus", 44_100, 48_000),
        (".opus", 96_000, 48_000),
        (".ogg", 37_801, 37_801),
        (".ogg", 192_000, 192_000),
        (".ogg", 352_800, 176_400),
        (".ogg", 768_000, 192_000),
    ],
)
def test_the_rate_that_is_written(suffix: str, rate_hz: int, expected_hz: int) -> None:
    assert CODECS[suffix].rate_for(rate_hz) == expected_hz


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("quality", Quality)
def test_every_rate_can_be_written_at_every_quality(tmp_path: Path, suffix: str, quality: Quality) -> None:
    own = (4_000, 4_001, 7_999, 8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 64_000)
    for rate_hz in {*CODECS[suffix].rates_hz, *(each for each in own if CODECS[suffix].is_any_rate)}:
        for channels in (1, 2):
            path = coded(
                tmp_path / f"{rate_hz} {channels}{suffix}",
                music(3_000)[:, :channels],
                rate_hz,
                quality=quality,
            )
            assert soundfile.info(path).frames == 3_000
            assert soundfile.info(path).samplerate == rate_hz


def click_heard(path: Path, *options: str) -> int:
    """Return where ffmpeg finds the loudest sample of a file."""
    command = ["ffmpeg", "-v", "error", *options, "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-"]
    heard = subprocess.run(command, check=True, capture_output=True).stdout
    return int(np.argmax(np.abs(np.frombuffer(heard, np.float32).reshape(-1, 2)[:, 0])))


def test_the_info_frame_of_mp3_says_what_comes_before_and_after(tmp_path: Path) -> None:
    """Readers are late by what they ignore: the delay, and those that play the info frame by that too."""
    path = coded(tmp_path / "a.mp3", click(48_000, 10_000), tags=Tags("Song"))
    content = path.read_bytes()
    info = content.index(b"Xing")
    frames = int.from_bytes(content[info + 8 : info + 12], "big")
    gaps = int.from_bytes(content[info + 141 : info + 144], "big")
    delay, padding = gaps >> 12, gaps & 0xFFF
    assert (delay, frames * 1_152) == (576, 48_000 + delay + padding)
    assert click_heard(path) == 10_000
    assert click_heard(path, "-flags2", "skip_manual") == 10_000 + delay + 529
    played = tmp_path / "played.mp3"
    played.write_bytes(content[:info] + bytes(4) + content[info + 4 :])
    assert click_heard(played) == 10_000 + delay + 529 + 1_152
