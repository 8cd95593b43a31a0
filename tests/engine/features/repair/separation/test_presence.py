"""How likely a sound is present in a window, and the measures that this follows from."""

import numpy as np
import pytest

from engine.analysis.detection.spectra import MEL
from engine.features.repair.separation.checks import FEATURES, features, odds_of, probabilities
from engine.features.repair.separation.separator import Stretch, prompts_of


def stretch(around: float, seconds: float = 6.0, window_s: tuple[float, float] = (2.0, 3.0)) -> Stretch:
    """Return noise in a window, and quieter noise around it."""
    rng = np.random.default_rng(4)
    samples = around * rng.standard_normal(round(seconds * MEL.rate_hz))
    inside = slice(*(round(each * MEL.rate_hz) for each in window_s))
    samples[inside] += 0.2 * rng.standard_normal(inside.stop - inside.start)
    return Stretch(samples.astype(np.float32), (window_s,))


@pytest.mark.parametrize("around", [0.0, 0.02])
@pytest.mark.parametrize("window_s", [(2.0, 3.0), (2.0, 2.02), (0.0, 6.0)])
def test_measures_are_finite_whatever_surrounds_the_window(
    around: float, window_s: tuple[float, float]
) -> None:
    """Silence around it, a window of one frame, and a window without surroundings."""
    found = features(stretch(around, window_s=window_s), prompts_of(["rain", "dog"]))
    assert found.shape == (1, 2, FEATURES)
    assert np.all(np.isfinite(found))
    assert np.all(np.abs(found[..., 11:]) <= 1.0 + 1e-6)


def test_a_mask_that_covers_what_is_new_makes_a_sound_likelier() -> None:
    """Of two sounds that differ in nothing else; what NMF explains by the surroundings counts against it."""
    row = features(stretch(0.02), prompts_of(["rain"]))[0, 0]
    less = row.copy()
    less[[8, 9, 11, 12]] -= 0.5
    less[10] += 0.5
    assert odds_of(row[None])[0] > odds_of(less[None])[0]


def test_probabilities_are_those_of_each_prompt() -> None:
    """Whatever else is asked about."""
    heard = stretch(0.02)
    together = probabilities(heard, prompts_of(["rain", "dog"]))
    alone = [probabilities(heard, prompts_of([name]))[0] for name in ("rain", "dog")]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert together[0] > together[1]


def test_each_window_of_a_segment_has_measures_of_its_own() -> None:
    """The surroundings are common: the loud second of two windows is likelier to hold the sound alone."""
    heard = stretch(0.02, window_s=(2.0, 3.0))
    quiet_s, loud_s = (4.5, 5.0), (2.0, 3.0)
    both = features(Stretch(heard.samples, (loud_s, quiet_s)), prompts_of(["rain"]))
    assert both.shape == (2, 1, FEATURES)
    assert odds_of(both)[0] > odds_of(both)[1]
    together = probabilities(Stretch(heard.samples, (loud_s, quiet_s)), prompts_of(["rain"]))
    assert together == pytest.approx(1.0 / (1.0 + np.exp(-odds_of(both)[0])))


def test_a_window_that_reaches_beyond_the_segment_does_not_count() -> None:
    heard = stretch(0.02)
    beyond = Stretch(heard.samples, ((2.0, 3.0), (5.5, 7.0)))
    assert features(beyond, prompts_of(["rain"])).shape == (1, 1, FEATURES)
    assert features(Stretch(heard.samples, ((5.5, 7.0),)), prompts_of(["rain"])).shape == (0, 1, FEATURES)
    assert probabilities(Stretch(heard.samples, ((5.5, 7.0),)), prompts_of(["rain", "speech"])).tolist() == [
        0,
        0,
    ]
