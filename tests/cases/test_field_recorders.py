"""Cases of field recorders: takes by timecode."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.recordings.placement.file_head import read_heads
from engine.recordings.placement.plan import propose_places


def test_takes_of_a_sound_devices_recorder_are_placed_by_timecode(inputs: Path) -> None:
    paths = sorted((inputs / "14-sound-devices-takes-in-a-row").glob("*.WAV"))
    places = propose_places(read_heads(paths))
    starts_s = [one.start_samples / places.rate_hz for one in places.files]
    assert starts_s == pytest.approx([0.0, 5.005, 16.016], abs=1e-3)
    assert all(one.is_certain for one in places.files)
    assert [len(track.files) for track in places.tracks] == [3]
