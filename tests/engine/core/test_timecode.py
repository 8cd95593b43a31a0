"""Timecode as text and as numbers of frames, with and without dropped numbers."""

from __future__ import annotations

import pytest

from engine.core.timebase import timecode, timecode_frames


@pytest.mark.parametrize("nominal", [30, 60])
def test_drop_frame_timecode_comes_back(nominal: int) -> None:
    day = 24 * 6 * (600 * nominal - 9 * nominal // 15)
    for frame in (*range(40_000), *range(0, day, 997), day - 1):
        assert timecode_frames(timecode(frame, nominal, drops_frames=True), nominal) == frame


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (1_799, "00:00:59;29"),
        (1_800, "00:01:00;02"),
        (17_981, "00:09:59;29"),
        (17_982, "00:10:00;00"),
        (107_892, "01:00:00;00"),
        (2_589_408, "00:00:00;00"),
    ],
)
def test_numbers_are_dropped_at_each_minute_but_every_tenth(frame: int, text: str) -> None:
    assert timecode(frame, 30, drops_frames=True) == text


def test_timecode_without_drops_counts_every_frame() -> None:
    assert timecode(90_000, 25) == "01:00:00:00"
    assert timecode(24 * 90_000 + 24, 25) == "00:00:00:24"
