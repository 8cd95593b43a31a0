"""Frame rate and start timecode of videos, as FFmpeg writes them; what is damaged is passed over."""

from __future__ import annotations

import shutil
import struct
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.sound.headers.video import Picture, Timecode, frame_rate_of, read_picture
from tests.engine.sound.decoders.conftest import music, written
from tests.engine.sound.headers.videos import NTSC, video

FILM = Fraction(24_000, 1001)
DAY_S = 86_400 * Fraction(1001, 1000)
SUFFIXES = (".mov", ".mp4", ".mkv")
TIMECODES = [
    (Fraction(25), "01:00:00:00", Timecode(Fraction(3600))),
    (Fraction(25), "23:59:59:24", Timecode(86_400 - Fraction(1, 25))),
    (FILM, "01:00:00:00", Timecode(Fraction(86_400) / FILM)),
    (NTSC, "10:00:00:00", Timecode(Fraction(1_080_000) / NTSC)),
    (NTSC, "10:00:00;00", Timecode(Fraction(1_078_920) / NTSC, drops_frames=True)),
    (2 * NTSC, "00:01:00;04", Timecode(Fraction(3_600) / (2 * NTSC), drops_frames=True)),
]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("rate", "text", "expected"), TIMECODES)
def test_rate_and_timecode_are_exact(
    tmp_path: Path, suffix: str, rate: Fraction, text: str, expected: Timecode
) -> None:
    path = video(tmp_path / f"a{suffix}", rate, text)
    assert read_picture(path) == Picture(rate, False, expected)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_program_ffmpeg_writes_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    shown = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=30000/1001:duration=1"]
    command = ["ffmpeg", "-v", "error", *shown, "-c:v", "mpeg4", "-timecode", "10:00:00;00", path]
    subprocess.run(command, check=True)
    assert read_picture(path) == Picture(NTSC, False, TIMECODES[4][2])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_time_of_creation_is_not_a_timecode(tmp_path: Path, suffix: str) -> None:
    path = video(tmp_path / f"a{suffix}", NTSC, tags={"creation_time": "2024-05-01T13:00:00Z"})
    assert read_picture(path) == Picture(NTSC)


@pytest.mark.parametrize("timescale", ["600", "1000", "90000"])
def test_a_rate_that_is_counted_coarsely_is_found(tmp_path: Path, timescale: str) -> None:
    path = video(tmp_path / "a.mp4", NTSC, options={"video_track_timescale": timescale})
    assert read_picture(path) == Picture(NTSC)


def test_a_variable_rate_is_nominal(tmp_path: Path) -> None:
    times_s = (0.0, 0.04, 0.08, 0.4, 0.44, 0.48, 1.3)
    path = written(
        tmp_path / "a.mp4", "alac", [music(72_000, 48_000)], 48_000, form="s16", video_times_s=times_s
    )
    assert read_picture(path) == Picture(Fraction(25), True)


@pytest.mark.parametrize(
    ("durations", "units_hz", "expected"),
    [
        ({3003: 10}, 90_000, (NTSC, False)),
        ({33: 20, 34: 10}, 1_000, (Fraction(30), False)),
        ({2999: 4, 3000: 9, 3001: 4, 6000: 1}, 90_000, (Fraction(30), True)),
        ({0: 9, 3000: 1}, 90_000, (None, False)),
        ({90_000: 4}, 90_000, (None, False)),  # pictures of chapters
        ({1: 5}, 2**32 - 1, (None, False)),
        ({0: 5}, 1_000, (None, False)),
        ({5: 5}, 0, (None, False)),
        ({}, 600, (None, False)),
    ],
)
def test_durations_give_a_rate(
    durations: dict[int, int], units_hz: int, expected: tuple[Fraction | None, bool]
) -> None:
    assert frame_rate_of(durations, units_hz) == expected


def test_other_files_have_no_picture(tmp_path: Path) -> None:
    sound = written(tmp_path / "a.m4a", "alac", [music(9_000, 48_000)], 48_000)
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 8_000)
    (tmp_path / "a.mov").write_bytes(b"")
    (tmp_path / "a.mkv").write_bytes(b"\x1a\x45\xdf\xa3")
    for path in (sound, *(tmp_path / name for name in ("a.wav", "a.mov", "a.mkv", "gone.mp4")), tmp_path):
        assert read_picture(path) is None


@pytest.mark.parametrize("frame", [-1, 24 * 3600 * 25 + 90_000, 2**31 - 1, -(2**31)])
def test_a_timecode_outside_a_day_is_ignored(tmp_path: Path, frame: int) -> None:
    path = video(tmp_path / "a.mov", Fraction(25), "01:00:00:00")
    content = path.read_bytes()
    head = content.index(b"tmcd", content.index(b"stsd", content.index(b"tmcd")))
    (place,) = struct.unpack_from(">I", content, content.index(b"stco", head) + 12)
    assert struct.unpack_from(">i", content, place) == (90_000,)
    path.write_bytes(content[:place] + struct.pack(">i", frame) + content[place + 4 :])
    assert read_picture(path) == Picture(Fraction(25))


@pytest.mark.parametrize(
    "text", ["01:00:00:25", "noon", "99:99:99:99", "01:00:00:00:00", "x" * 500, "-1:00:00:00"]
)
def test_a_tag_that_is_not_a_timecode_is_ignored(tmp_path: Path, text: str) -> None:
    path = video(tmp_path / "a.mkv", Fraction(25), text)
    assert read_picture(path) == Picture(Fraction(25))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_files_raise_nothing(tmp_path: Path, suffix: str) -> None:
    path = video(tmp_path / f"a{suffix}", NTSC, "10:00:00;00", length_s=0.5)
    content, rng = path.read_bytes(), np.random.default_rng(37)
    places = [at for at in range(len(content)) if at < 600 or at > len(content) - 3_000]
    for number in range(300):
        damaged = bytearray(content)
        if number % 3:
            for at in rng.choice(places, 8):
                damaged[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])
        else:
            del damaged[rng.integers(len(content)) :]
        path.write_bytes(damaged)
        found = read_picture(path)
        if found is not None:
            assert 0 <= found.start.begin_s <= DAY_S
            assert found.frame_rate is None or 5 <= found.frame_rate <= 1_000


def atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def test_crowded_files_are_given_up(tmp_path: Path) -> None:
    crowd = atom(b"mdia", atom(b"free", b"") * 5_000)
    movie = tmp_path / "a.mov"
    movie.write_bytes(atom(b"ftyp", b"") + atom(b"moov", atom(b"trak", crowd) * 100))
    film = tmp_path / "a.mkv"
    segment = b"\x12\x54\xc3\x67\x80" * 300_000  # empty tags
    size = (len(segment) | 1 << 56).to_bytes(8, "big")
    film.write_bytes(b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67" + size + segment)
    assert (read_picture(movie), read_picture(film)) == (None, None)
