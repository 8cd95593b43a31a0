"""Forty files made by ffmpeg: exact samples by each decoder, or a sentence with format and remedy."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import SourceError
from engine.sound.decoders import registry
from engine.sound.decoders.decoder import Decoder
from engine.sound.decoders.ffmpeg_program import FFMPEG_PROGRAM
from engine.sound.decoders.libsndfile import LIBSNDFILE
from engine.sound.decoders.pyav import PYAV
from engine.sound.reader import SourceReader, probe
from tests.engine.sound.decoders.conftest import HAS_PROGRAM, decoded
from tests.mostly_long import mostly_long

pytestmark = pytest.mark.skipif(not HAS_PROGRAM, reason="no ffmpeg here")
VIDEO = "-f lavfi -i testsrc=s=64x48:r=25:d=1.7"
VARIABLE = "-filter:v select='not(mod(n\\,3))+not(mod(n\\,7))' -vsync vfr -c:v mpeg4"


@dataclass(frozen=True)
class File:
    """A file that ffmpeg makes.

    Attributes
    ----------
    coded : options of the output
    share : how much of the file is there; below 0 for 2,000 bytes overwritten in the middle
    trimmed_samples : how much longer than what Offcut reads ffmpeg's own output may be
    refusal : words of the sentence where the file is refused; empty where it is read
    """

    name: str
    coded: str
    rate_hz: int = 48_000
    channels: int = 2
    tracks: int = 1
    video: bool = False
    share: float = 1.0
    trimmed_samples: int = 0
    refusal: str = ""

    def made(self, folder: Path) -> Path:
        """Make it where it is not there yet."""
        return path if (path := folder / self.name).exists() else self.make(folder)

    def make(self, folder: Path) -> Path:
        path = folder / self.name
        sines = "|".join(f"0.3*sin(2*PI*{300 + 90 * one}*t)" for one in range(self.channels))
        heard = f"-f lavfi -i aevalsrc={sines}:s={self.rate_hz}:d=1.7"
        inputs = [*([VIDEO] if self.video else []), *[heard] * self.tracks]
        maps = [f"-map {number}" for number in range(len(inputs))]
        words = " ".join(["ffmpeg -v error -y", *inputs, *maps, self.coded]).split()
        subprocess.run([*words, str(path)], check=True, capture_output=True)
        data = bytearray(path.read_bytes())
        if self.share < 0:
            data[len(data) // 2 : len(data) // 2 + 2_000] = bytes(2_000)
        path.write_bytes(data[: int(abs(self.share) * len(data))])
        return path


PACKET = 1_024
FILES = [
    File("a.m4a", "-c:a aac", 8_000, 1, trimmed_samples=PACKET),
    File("b.m4a", "-c:a aac", 44_100, trimmed_samples=PACKET),
    File("c.m4a", "-c:a aac", 96_000, 8, trimmed_samples=PACKET),
    File("d.m4a", "-c:a aac -movflags +faststart", 44_100, 6, trimmed_samples=PACKET),
    File("e.m4a", "-c:a aac -movflags +frag_keyframe+empty_moov", 44_100, trimmed_samples=2 * PACKET),
    File("f.m4a", "-c:a alac", 44_100),
    File("g.m4a", "-c:a alac -sample_fmt s32p", 96_000, 6),
    File("h.m4b", "-c:a aac -f mp4", 22_050, trimmed_samples=PACKET),
    File("a.aac", "-c:a aac", 16_000, 1),
    File("b.aac", "-c:a aac", 48_000, 6),
    File("a.mp4", "-c:a aac -c:v mpeg4", video=True, trimmed_samples=PACKET),
    File("b.mp4", f"{VARIABLE} -c:a aac", video=True, trimmed_samples=PACKET),
    File("c.mp4", "-c:a ac3 -c:v mpeg4", channels=6, video=True, trimmed_samples=2_048),
    File("d.mp4", "-c:a aac -c:v mpeg4", tracks=2, video=True, trimmed_samples=PACKET),
    File("a.mov", "-c:a pcm_s24le -c:v mpeg4", channels=4, video=True),
    File("b.mov", f"{VARIABLE} -c:a pcm_s16be", 32_000, video=True),
    File("c.mov", "-c:a pcm_f32le", 96_000),
    File("a.webm", "-c:a libopus -c:v libvpx", video=True),
    File("b.webm", f"-c:a libopus {VARIABLE.replace('mpeg4', 'libvpx')}", channels=6, video=True),
    File("c.webm", "-c:a libvorbis", 44_100),
    File("a.mka", "-c:a flac", 96_000, 8),
    File("b.mka", "-c:a libmp3lame", 44_100),
    File("c.mka", "-c:a eac3", channels=6),
    File("d.mka", "-c:a pcm_s32le", 88_200),
    File("a.mkv", f"{VARIABLE} -c:a aac", tracks=2, video=True),
    File("b.mkv", "-c:v mpeg4 -c:a flac", tracks=3, video=True),
    File("a.wma", "-c:a wmav2", 44_100),
    File("b.wma", "-c:a wmav1", 22_050, 1),
    File("a.ac3", "-c:a ac3", channels=6),
    File("a.wv", "-c:a wavpack", 88_200, 8),
    File("b.wv", "-c:a wavpack -sample_fmt fltp", 8_000, 1),
    File("a.tta", "-c:a tta", 44_100),
    File("a.oga", "-c:a flac -f ogg", 48_000, 6),
    File("a.caf", "-c:a alac", 44_100),
    File("a.wav", "-c:a libmp3lame", 44_100, trimmed_samples=1_152),
    File("cut.mka", "-c:a flac", share=0.6),
    File("cut.m4a", "-c:a aac", share=0.6, refusal="begins as MP4 or QuickTime"),
    File("damaged.aac", "-c:a aac", share=-1.0),
    File("damaged.m4a", "-c:a alac -movflags +faststart", share=-1.0),
    File("silent.mp4", "-an -c:v mpeg4", tracks=0, video=True, refusal="no audio track"),
]
MORE = [
    File("speex.ogg", "-c:a libspeex", 16_000, 1),
    File("speex.flv", "-c:a libspeex", 16_000, 1),
    File("video.flv", "-c:v flv -c:a libmp3lame", 44_100, video=True),
    File("adpcm.flv", "-c:a adpcm_swf", 44_100),
    File("video.avi", "-c:v mpeg4 -c:a ac3", video=True),
    File("video.3gp", "-c:v mpeg4 -c:a aac", 44_100, video=True, trimmed_samples=PACKET),
]
"""Of formats that are asked for less often."""
EVERY = [*FILES, *MORE]
TELLING = [
    one
    for one in EVERY
    if one.name[:2] in ("a.", "h.", "e.")
    or one.name in ("f.m4a", "b.mov", "b.webm", "b.mkv", "b.wv", "speex.flv")
    or one.share != 1.0
    or one.refusal
]
"""One of each format and each way to be damaged."""


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files, to be read only."""
    return tmp_path_factory.mktemp("forty")


def test_there_are_forty() -> None:
    assert len({one.name for one in FILES}) == 40


def by_ffmpeg(path: Path, channels: int) -> np.ndarray:
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-map", "0:a:0", "-f", "f32le", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    return np.frombuffer(done.stdout[: len(done.stdout) // (4 * channels) * 4 * channels], "<f4").reshape(
        -1, channels
    )


@pytest.mark.parametrize("decoder", [PYAV, FFMPEG_PROGRAM], ids=["pip install", "bundle with ffmpeg"])
@mostly_long("file", EVERY, keep=TELLING, ids=lambda file: file.name)
def test_it_is_read_exactly_or_refused(made_once: Path, file: File, decoder: Decoder) -> None:
    path = file.made(made_once)
    if file.refusal:
        with pytest.raises(SourceError, match=file.refusal):
            decoder.open(path, 1)
        return
    stream, samples = decoded(path, decoder)
    assert (stream.rate_hz, stream.channels) == (file.rate_hz, file.channels)
    assert ("#2" in stream.notice) == (file.tracks > 1)
    expected = by_ffmpeg(path, file.channels)
    if file.share < 0:
        assert "damaged" in stream.notice or stream.frames < stream.promised_frames
        assert stream.frames > 0.4 * 1.7 * file.rate_hz
        return
    if file.share < 1:
        assert stream.frames < stream.promised_frames - stream.tolerance_frames
    assert 0 <= len(expected) - len(samples) <= file.trimmed_samples
    np.testing.assert_allclose(samples, expected[: len(samples)], atol=2e-6)


@mostly_long("file", EVERY, keep=TELLING[:20:3], ids=lambda file: file.name)
def test_a_bundle_without_ffmpeg_names_format_and_remedy(
    made_once: Path, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file.made(made_once)
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match=r"holds .*FFmpeg: install it \(.*ffmpeg\)"):
        probe(path)


def test_a_further_decoder_leaves_the_advice_as_it_is(
    made_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = TELLING[0].made(made_once)
    further = replace(LIBSNDFILE, name="further", suffixes=(".further",))
    monkeypatch.setattr(registry, "_ROWS", (*registry._ROWS[:1], further, *registry._ROWS[1:]))
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match=r"FFmpeg: install it \(.*ffmpeg\)"):
        probe(path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 5_000])
def test_a_program_that_is_ended_leaves_no_process(tmp_path: Path, content: bytes) -> None:
    path = File("a.mka", "-c:a flac", 48_000).make(tmp_path)
    stream = FFMPEG_PROGRAM.open(path, 1)
    assert stream.read(0, np.empty((100, 2), np.float32)) == 100
    stream.rewind()
    stream.close()
    path.write_bytes(path.read_bytes()[:60] + content)
    with pytest.raises(SourceError):
        FFMPEG_PROGRAM.open(path, 1)
    with pytest.raises(SourceError):
        SourceReader(path)
