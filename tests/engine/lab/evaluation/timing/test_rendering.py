"""What is said of an aligned recording is what can be heard of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.document.kinds.timing import HIT
from engine.lab.evaluation.timing import rendering
from engine.lab.evaluation.timing.aligned import Recorded, recorded
from engine.lab.simulated.performances.stored import read_performance
from engine.sound.edl.tracks.delay import delayed

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def files(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    performance = read_performance(next((data_dir / "drums").iterdir()))
    return recorded(performance, tmp_path_factory.mktemp("recorded"))


def test_a_channel_that_is_late_is_told_to_a_fraction_of_a_sample(files: Recorded) -> None:
    name, by = "Snare_top", 100.25
    sound = files.performance.microphones[name].astype(np.float64)[:, None]

    def read(start: int, stop: int) -> np.ndarray:
        padded = np.zeros((stop - start, 1))
        first, last = max(0, start), min(len(sound), stop)
        padded[first - start : last - start] = sound[first:last]
        return padded

    at = int(files.performance.truth.onsets_samples[0])
    for off in (0.0, 0.1):
        heard = {name: delayed(read, 0, len(sound), by + off)[:, 0].astype(np.float32)}
        lag = rendering._lag(files, heard, name, at + 110, at + 800, by)
        assert lag == pytest.approx(off, abs=0.02)


def test_a_document_of_a_performance_has_its_microphones(files: Recorded) -> None:
    performance = files.performance
    assert [track.name for track in files.state.tracks] == list(performance.microphones)
    assert [track.role for track in files.state.tracks] == [role.value for role in performance.roles.values()]


def test_a_performance_is_aligned_and_rendered_as_it_would_be_by_a_user(files: Recorded) -> None:
    done = files.aligned()
    heard = files.rendered(done)
    moved = [one for one in done.proposed.proposals if one.kind == HIT.name]
    assert moved
    assert {len(sound) for sound in heard.values()} == {files.state.length_samples}
    assert any(not np.array_equal(heard[name], files.performance.microphones[name]) for name in heard)
    assert max(rendering._lags_samples(files, done, heard)) < 0.05
