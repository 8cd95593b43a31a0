"""Other recorders of one performance: found, proposed as one edit for all their tracks, and lined up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from engine.core.progress import SILENT
from engine.document.state import DocumentState
from engine.document.tracks import Track
from engine.features.timing.finders.second_recorders import (
    ProposedRecorders,
    RecordersRequest,
    propose_recorders,
)
from engine.features.timing.finders.timing.aligned_files import hits_id
from engine.sound.edl.build import build
from engine.sound.edl.render import Renderer
from tests.engine.sound.edl.recordings import Recording, by_hand, recording

Sound = NDArray[np.float64]
RATE_HZ = 22_050


def by_another_clock(heard: Sound, ppm: float, late_samples: int) -> Sound:
    """Return what a recorder writes whose clock counts so many too many, begun earlier by so much."""
    counted = soxr.resample(heard, 1e6, 1e6 + ppm, quality="VHQ") if ppm else heard
    return np.concatenate([np.zeros(max(late_samples, 0)), counted[max(-late_samples, 0) :]])


def by_another_microphone(heard: Sound) -> Sound:
    """Return what a small microphone far away makes of it: less of both ends, and noise."""
    thin = sosfilt(butter(2, [150.0, 5_000.0], "band", fs=RATE_HZ, output="sos"), heard)
    noise = np.random.default_rng(4).standard_normal(len(thin))
    return 0.4 * thin + 0.4 * 10 ** (-35 / 20) * np.std(thin) * noise


@pytest.fixture(scope="module")
def drums(data_dir: Path) -> tuple[Sound, Sound]:
    """A real performance on a real kit, 28 s: close microphones, and overheads."""
    folder = data_dir / "grooves" / "15_funk_95"
    close, over = (
        soundfile.read(folder / f"15_funk_95_RAW_{name}.ogg")[0] for name in ("close", "overheads")
    )
    return close, over


def propose(made: Recording) -> ProposedRecorders:
    return propose_recorders(RecordersRequest(made.state, made.media), SILENT)


def heard_of(made: Recording, state: DocumentState, track: Track) -> Sound:
    alone = replace(state, tracks=(track,))
    with Renderer(alone, build(alone), made.media) as renderer:
        return np.concatenate(list(renderer.blocks(65_536)))[:, 0]


@pytest.mark.parametrize(
    ("ppm", "late"), [(230.0, -9_084), pytest.param(-300.0, 5_000, marks=pytest.mark.long), (0.0, 6_000)]
)
def test_a_second_recorder_is_lined_up_by_one_edit(
    drums: tuple[Sound, Sound], tmp_path: Path, ppm: float, late: int
) -> None:
    close, over = drums
    far = by_another_clock(by_another_microphone(close), ppm, late)
    made = recording(tmp_path, [close, over, far], rate_hz=RATE_HZ)
    (one,) = propose(made).proposals
    assert (one.kind, one.tracks) == ("recorder", ("t2",))
    assert abs(one.payload["drift_ppm"] - ppm) <= 2.0
    assert abs(one.payload["by_samples"] + late) <= 3.0, "a filter delays too"
    assert f"{abs(late) / RATE_HZ:.2f}"[:-1] in one.reason
    lined = by_hand(made.state, "recorder", (0, made.state.length_samples), one.payload, one.tracks)
    if not ppm:
        assert float(one.payload["by_samples"]).is_integer()
    again = propose(Recording(lined, made.media))
    assert not again.proposals, "it is heard by the clock of the others"
    ids = [hits_id(state, ("t0", "t2")) for state in (made.state, lined)]
    assert ids[0] != ids[1]
    assert hits_id(made.state, ("t0",)) == hits_id(lined, ("t0",))
    near, wanted = heard_of(made, lined, lined.tracks[2]), by_another_microphone(close)
    inner = slice(12_000, min(len(near), len(wanted)) - 12_000)
    off = near[inner] - wanted[inner]
    assert np.sum(off**2) < 0.2 * np.sum(wanted[inner] ** 2)


def test_tracks_of_one_recorder_are_one_proposal(drums: tuple[Sound, Sound], tmp_path: Path) -> None:
    """Each alone would get a correction of its own, and lose its phase beside the other."""
    close, over = drums
    both = [by_another_clock(sound, -250.0, 7_000) for sound in (by_another_microphone(close), close)]
    made = recording(tmp_path, [close, over, *both], rate_hz=RATE_HZ)
    (one,) = propose(made).proposals
    assert one.tracks == ("t2", "t3")
    assert one.reason.startswith("Track 2 and Track 3 come from another recorder: they run 2")
    assert "ppm slow" in one.reason
    assert one.payload["drift_ppm"] == pytest.approx(-250.0, abs=2.0)


def test_nothing_is_proposed_where_there_is_nothing(drums: tuple[Sound, Sound], tmp_path: Path) -> None:
    close, over = drums
    rng = np.random.default_rng(1)
    for name, tracks in {
        "the same clock": [close, over, by_another_microphone(close)],
        "silence": [close, np.zeros(len(close))],
        "noise": [close, 0.1 * rng.standard_normal(len(close))],
        "too short": [close[: 8 * RATE_HZ], by_another_clock(close[: 8 * RATE_HZ], 200.0, 9_000)],
        "another performance": [close, over[::-1], by_another_clock(over[::-1], 100.0, 9_000)[::-1]],
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        found = propose(recording(folder, tracks, rate_hz=RATE_HZ))
        assert not found.proposals, name
        assert "the same clock" in found.sentence
