"""Importing a file with a microphone in each channel: offered as tracks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.desktop.conftest import Hands, press_button, type_path
from tests.engine.features.placement.field_recorders import ZOOM_F8, recorded
from tests.hostile.bad_files import RATE_HZ


@pytest.fixture
def poly(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Four microphones in one file, three of them named, and a stereo mix."""
    samples = rng.uniform(-0.5, 0.5, (2 * RATE_HZ, 4)).astype(np.float32)
    names = ("Kick", "Snare", "Gtr", "Mix")
    return recorded(
        tmp_path / "T001.WAV", samples, ZOOM_F8, datetime(2026, 5, 3), RATE_HZ, rate_hz=RATE_HZ, names=names
    )


def test_a_poly_file_is_offered_as_tracks_and_undo_takes_them_out(hands: Hands, poly: Path) -> None:
    seen: list[str] = []
    each = "A track for &each channel"
    hands.press_and_answer("Ctrl+O", type_path(poly), press_button(each, seen))
    hands.finish_work()
    assert "T001.WAV has 4 channels" in seen[0]
    assert "Kick, Snare, Gtr and Mix" in seen[1]
    assert seen[2] == each
    session = hands.window.session
    assert [track.name for track in session.state.tracks] == ["Kick", "Snare", "Gtr"]
    hands.press("Ctrl+Z")
    assert not session.state.tracks
    hands.press("Ctrl+Shift+Z")
    assert [track.name for track in session.state.tracks] == ["Kick", "Snare", "Gtr"]


def test_a_poly_file_can_stay_one_track(hands: Hands, poly: Path) -> None:
    hands.press_and_answer("Ctrl+O", type_path(poly), press_button("&One track"))
    hands.finish_work()
    state = hands.window.session.state
    assert [state.channels(track) for track in state.tracks] == [4]


def test_one_track_is_first_where_channels_have_no_names(
    hands: Hands, tmp_path: Path, rng: np.random.Generator
) -> None:
    path, seen = tmp_path / "surround.wav", list[str]()
    soundfile.write(path, rng.uniform(-0.5, 0.5, (RATE_HZ, 6)), RATE_HZ)
    hands.press_and_answer("Ctrl+O", type_path(path), press_button("Cancel", seen))
    assert seen[2] == "&One track"
    assert not hands.window.session.is_open
