"""What a blend of masks is made of, and what decides about it."""

import numpy as np
import pytest
import torch

from engine.analysis.detection.spectra import MEL, Spectra
from engine.features.repair.separation.estimator import (
    FEATURES,
    METHODS,
    POOLS,
    SHARED,
    SURROUNDINGS,
    by_method,
    pooled_masks,
    shared,
    surroundings,
)
from engine.lab.band_shares import band_shares_to_bins
from engine.lab.evaluation.separation.measures import si_sdr_db
from engine.lab.evaluation.separation.outcome_fit import Examples, reduced

BANDS = MEL.n_mels


def measures(samples: np.ndarray, window_s: tuple[float, float] = (3.0, 4.0)) -> dict[str, float]:
    """Return the measures of surroundings by name; the window is in the samples at the rate of `MEL`."""
    spectra = Spectra()
    power = spectra.power(spectra.spectrum(torch.tensor(samples, dtype=torch.float32)[None]))[0].numpy()
    times_s = np.arange(len(power)) * MEL.hop_samples / MEL.rate_hz
    inside = (times_s >= window_s[0]) & (times_s < window_s[1])
    return dict(zip(SURROUNDINGS, surroundings(power, inside, ~inside).tolist(), strict=True))


def noise(seconds: float = 7.0) -> np.ndarray:
    """Return white noise at the rate of `MEL`."""
    return 0.1 * np.random.default_rng(5).standard_normal(round(seconds * MEL.rate_hz))


def test_masks_that_agree_are_sharper_together() -> None:
    """Opinions in log odds add up; a candidate of one method is that method."""
    masks = np.full((len(METHODS), 2, 3), 0.9, np.float32)
    pooled = pooled_masks(masks)
    assert pooled.shape == (len(POOLS), 2, 3)
    for exponents, candidate in zip(POOLS, pooled, strict=True):
        odds = 9.0 ** sum(exponents)
        np.testing.assert_allclose(candidate, odds / (1.0 + odds), rtol=1e-4)
    masks[2] = 0.1
    assert pooled_masks(masks)[1] == pytest.approx(0.1, rel=1e-4)


def test_masks_without_doubt_stay_finite() -> None:
    """0 and 1 have no log odds."""
    pooled = pooled_masks(np.array([0.0, 1.0, 0.0, 1.0], np.float32)[:, None, None])
    assert np.all((pooled > 0.0) & (pooled < 1.0))


def test_the_share_of_each_method_adds_up_to_one() -> None:
    """A pool counts for its methods by their exponents."""
    weights = np.full(len(POOLS), 1.0 / len(POOLS))
    assert by_method(weights).sum() == pytest.approx(1.0)
    only = np.zeros(len(POOLS))
    only[4] = 1.0
    np.testing.assert_allclose(by_method(only), np.array([6, 3, 3, 2]) / 14)


def test_the_rhythm_of_syllables_is_found_in_the_surroundings() -> None:
    """Noise that comes and goes five times a second, beside steady noise."""
    steady = noise()
    times_s = np.arange(len(steady)) / MEL.rate_hz
    spoken = steady * (1.0 + 0.9 * np.sin(2 * np.pi * 5 * times_s))
    one, two = measures(spoken), measures(steady)
    assert one["rhythm of 3 to 8 Hz"] > 0.8
    assert two["rhythm of 3 to 8 Hz"] < 0.5
    assert one["change of the level"] > 2 * two["change of the level"]


def test_measures_of_surroundings_do_not_depend_on_the_level() -> None:
    """The same recording, 20 dB quieter."""
    loud = noise()
    loud[3 * MEL.rate_hz : 4 * MEL.rate_hz] *= 3.0
    one, two = measures(loud), measures(0.1 * loud)
    assert list(one.values()) == pytest.approx(list(two.values()), abs=1e-3)
    assert one["share of the window above the loudest around"] > 0.9


def test_a_window_at_the_start_has_nothing_before_it() -> None:
    """Which is not a difference of 0."""
    assert np.isnan(measures(noise(), (0.0, 1.0))["difference between before and after"])
    assert not np.isnan(measures(noise())["difference between before and after"])


def test_a_second_new_sound_is_what_words_do_not_mean() -> None:
    """The upper half of the bands is new, and the words mean the lower half."""
    power = np.ones((10, BANDS), np.float32)
    masks = np.zeros((len(METHODS), 10, BANDS), np.float32)
    masks[0, :, : BANDS // 2] = 1.0
    masks[1:] = 1.0
    found = dict(zip(SHARED, shared(power, masks).tolist(), strict=True))
    assert found["network and NMF"] == pytest.approx(-0.3, abs=0.01)
    assert found["network without words and NMF, not network"] == pytest.approx(-0.3, abs=0.01)
    assert found["network, not NMF"] == -4.0


def test_improvements_that_the_fit_uses_are_those_of_the_spectra() -> None:
    """Of one candidate alone, without and with a share that stays unchanged."""
    rng = np.random.default_rng(2)
    bins = MEL.n_fft // 2 + 1
    true, other = (rng.standard_normal((12, bins)) + 1j * rng.standard_normal((12, bins)) for _ in range(2))
    whole = true + other
    masks = rng.uniform(0.05, 0.95, (len(METHODS), 12, BANDS)).astype(np.float32)
    row = reduced(np.zeros(len(FEATURES), np.float32), masks, (whole, true, other), 1.0)
    weights = torch.zeros(1, len(POOLS))
    weights[0, 0] = 1.0
    centres = torch.tensor(Spectra().bank.numpy().T @ np.linspace(0.0, MEL.rate_hz / 2, bins))
    centres = (centres / Spectra().bank.sum(dim=0)).float()
    shares = masks[1] @ band_shares_to_bins(bins, MEL.rate_hz, centres).numpy()
    for unchanged in (0.0, 0.25):
        found = Examples.of([row]).improvements_db(weights, torch.full((1, 2), unchanged))[0].tolist()
        kept = (unchanged + (1.0 - unchanged) * shares) * whole
        left = whole - (1.0 - unchanged) * shares * whole
        expected = [_gain_db(kept, true, whole), _gain_db(left, other, whole)]
        assert found == pytest.approx(expected, abs=0.02)


def _gain_db(made: np.ndarray, truth: np.ndarray, whole: np.ndarray) -> float:
    flat = [np.concatenate([each.real.ravel(), each.imag.ravel()]) for each in (made, truth, whole)]
    return si_sdr_db(flat[0], flat[1]) - si_sdr_db(flat[2], flat[1])
