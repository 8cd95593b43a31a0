"""Places that reach full scale are found in the peaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.sound.pictures.peaks import BASE_SAMPLES, build_peaks, clipped_places


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_places_are_where_samples_reach_full_scale(tmp_path: Path, subtype: str) -> None:
    sound = np.zeros((100_000, 2))
    sound[[0, 300, 30_000, 90_000], [0, 1, 1, 0]] = (1.0, -1.0, 1.0, -1.0)
    sound[60_000] = 0.9999
    soundfile.write(tmp_path / "a.wav", sound, 8_000, subtype=subtype)
    found = clipped_places(build_peaks(tmp_path / "a.wav"), 4_000)
    assert found.tolist() == [at // BASE_SAMPLES * BASE_SAMPLES for at in (0, 30_000, 90_000)]
    nearer = clipped_places(build_peaks(tmp_path / "a.wav"), 100)
    assert len(nearer) == 4


def test_what_stays_below_has_none(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(9_000, 0.999), 8_000)
    assert len(clipped_places(build_peaks(tmp_path / "a.wav"), 4_000)) == 0
