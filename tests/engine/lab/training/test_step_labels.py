"""Where sounds of a mixture are audible."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.analysis.detection.detector import STEP_SAMPLES, SoundNetwork
from engine.analysis.detection.spectra import MEL, Spectra
from engine.lab.training.detection.step_labels import step_labels

STEPS = 8


def _noise(level_db: float, first: int, stop: int, seed: int = 1) -> np.ndarray:
    """Return noise in the steps [first, stop)."""
    samples = np.zeros(STEPS * STEP_SAMPLES, np.float32)
    part = slice(first * STEP_SAMPLES, stop * STEP_SAMPLES)
    samples[part] = np.random.default_rng(seed).standard_normal(part.stop - part.start)
    return samples * np.float32(10 ** (level_db / 20))


def test_a_sound_is_audible_in_its_steps_alone() -> None:
    labels = step_labels([(1, _noise(-20, 2, 5)), (None, _noise(-20, 0, 8, 2))], 1e-4, 3)
    assert labels.audible[:, 1].tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    assert not labels.audible[:, [0, 2]].any()
    assert labels.known.all()


@pytest.mark.parametrize(
    ("beside_db", "is_audible", "is_known"), [(-20, 1, 1), (-5, 0, 0), (10, 0, 1)], ids=str
)
def test_a_sound_that_is_masked_is_not_asked_for(beside_db: int, is_audible: int, is_known: int) -> None:
    """It is 0, 15 and 30 dB below what masks it."""
    labels = step_labels([(0, _noise(-20, 0, 8)), (1, _noise(beside_db, 0, 8, 2))], 1e-4, 2)
    assert labels.audible[4].tolist() == [is_audible, 1]
    assert labels.known[4].tolist() == [is_known, 1]


def test_noise_masks_and_hidden_frames_are_not_known() -> None:
    labels = step_labels([(0, _noise(-60, 0, 8))], 0.1, 1, (16, 40))
    assert not labels.audible.any()
    assert labels.known[:, 0].tolist() == [1, 0, 0, 1, 1, 1, 1, 1]


def test_two_of_a_name_are_one() -> None:
    labels = step_labels([(0, _noise(-20, 0, 2)), (0, _noise(-20, 6, 8))], 1e-4, 1)
    assert labels.audible[:, 0].tolist() == [1, 1, 0, 0, 0, 0, 1, 1]
    assert labels.known.all()


@pytest.mark.parametrize("seconds", [2, 4])
def test_there_are_as_many_steps_as_vectors(seconds: int) -> None:
    samples = np.zeros(seconds * MEL.rate_hz, np.float32)
    spectra = Spectra()
    vectors, _ = SoundNetwork().eval()(spectra.levels(spectra.spectrum(torch.tensor(samples)[None])))
    assert vectors.shape[1] == len(step_labels([(0, samples)], 0.1, 1).audible)
