"""Times, format and length of MP4 and QuickTime files, as FFmpeg, phones and cameras write them."""

from __future__ import annotations

import struct
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest

from engine.sound.headers.start_times import read_movie_start, stated_date
from tests.engine.sound.headers.videos import RATE_HZ, video

MADE = "2026-05-03T12:00:07.000000Z"


@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_creation_time_length_and_format_are_read(tmp_path: Path, suffix: str) -> None:
    path = video(tmp_path / f"a{suffix}", Fraction(25), length_s=3.0, tags={"creation_time": MADE})
    found = read_movie_start(path)
    assert found is not None
    assert found.created_utc == datetime(2026, 5, 3, 12, 0, 7)
    assert found.duration_s == pytest.approx(3.0, abs=0.1)
    assert (found.rate_hz, found.channels, found.codec) == (RATE_HZ, 1, "alac")


def test_the_date_of_apples_devices_has_its_zone(tmp_path: Path) -> None:
    tags = {"com.apple.quicktime.creationdate": "2026-05-03T14:00:07+0200"}
    tags["com.apple.quicktime.model"] = "iPhone 15"
    options = {"movflags": "use_metadata_tags"}
    found = read_movie_start(video(tmp_path / "a.mov", Fraction(25), tags=tags, options=options))
    assert found is not None
    assert found.creation_date == stated_date("2026-05-03 14:00:07+02:00")
    assert found.creation_date is not None
    assert (found.creation_date.utc_offset_s, found.device) == (7200, "iPhone 15")


def test_a_file_without_a_date_states_none(tmp_path: Path) -> None:
    found = read_movie_start(video(tmp_path / "a.mp4", Fraction(25)))
    assert found is not None
    assert found.created_utc is None
    assert found.creation_date is None


def test_other_and_damaged_files_state_nothing(tmp_path: Path) -> None:
    whole = video(tmp_path / "a.mp4", Fraction(25), tags={"creation_time": MADE}).read_bytes()
    path = tmp_path / "cut.mp4"
    for cut in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:cut])
        read_movie_start(path)
    path.write_bytes(struct.pack(">I4sI4s", 16, b"ftyp", 2**31, b"moov"))
    assert read_movie_start(path) is None
    assert read_movie_start(tmp_path / "missing.mp4") is None


@pytest.mark.parametrize(
    ("text", "moment", "offset"),
    [
        ("2026-05-03T14:22:10", datetime(2026, 5, 3, 14, 22, 10), None),
        ("2026:05:03 14:22:10.25Z", datetime(2026, 5, 3, 14, 22, 10, 250_000), 0),
        ("2026-05-03T14:22-0330", datetime(2026, 5, 3, 14, 22), -12_600),
    ],
)
def test_dates_are_parsed_with_their_zone(text: str, moment: datetime, offset: int | None) -> None:
    found = stated_date(text)
    assert found is not None
    assert (found.moment, found.utc_offset_s) == (moment, offset)


@pytest.mark.parametrize("text", ["", "2026", "2026-05-03", "2026-13-03T14:22:10", "yesterday at noon"])
def test_a_date_without_a_time_of_day_or_an_invalid_one_is_none(text: str) -> None:
    assert stated_date(text) is None
