"""Cases of field recorders: takes by timecode, and microphones in the channels of one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.features.placement.plan import propose_places
from engine.features.timing.kit import import_with_kit
from engine.recordings.import_audio import ImportRequest, import_edit
from engine.recordings.stated.file_head import read_heads
from engine.sound.reader import SourceReader


def test_takes_of_a_sound_devices_recorder_are_placed_by_timecode(inputs: Path) -> None:
    paths = sorted((inputs / "14-sound-devices-takes-in-a-row").glob("*.WAV"))
    places = propose_places(read_heads(paths))
    starts_s = [one.start_samples / places.rate_hz for one in places.files]
    assert starts_s == pytest.approx([0.0, 5.005, 16.016], abs=1e-3)
    assert all(one.is_certain for one in places.files)
    assert [len(track.files) for track in places.tracks] == [3]


def test_a_poly_file_of_eight_microphones_becomes_eight_tracks(inputs: Path) -> None:
    (path,) = (inputs / "16-poly-wav-8-channels-named").glob("*.WAV")
    imported = import_with_kit(ImportRequest((path,)), SILENT)
    state = apply_rows(DocumentState(), import_edit(DocumentState(), imported).changes)
    names = ["Kick", "Snare Top", "Snare Bot", "HiHat", "OH L", "OH R", "Bass DI", "Gtr"]
    assert [track.name for track in state.tracks] == names
    roles = ["kick", "snare", "snare", "hat", "overhead", "overhead", "", ""]
    assert [track.role for track in state.tracks] == roles
    with SourceReader(path) as whole:
        expected = whole.read(0, whole.frames)
    for number, track in enumerate(state.tracks):
        with SourceReader(imported.media.paths[track.source_ids[0]]) as channel:
            np.testing.assert_array_equal(channel.read(0, channel.frames)[:, 0], expected[:, number])
