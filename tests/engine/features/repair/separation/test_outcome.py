"""What a separation is expected to be worth, and what follows from it."""

from collections.abc import Sequence

import numpy as np
import pytest

from engine.analysis.detection.spectra import MEL
from engine.core.errors import NotCredibleError
from engine.features.repair.separation.blend import blend_separator
from engine.features.repair.separation.network import network_separator
from engine.features.repair.separation.outcome import Forecast, Outcome, combined, outcome_of
from engine.features.repair.separation.plain import FactorSeparator
from engine.features.repair.separation.registry import separator_named
from engine.features.repair.separation.separate import Asked, Recording, separate
from engine.features.repair.separation.separator import Mask, Mode, Prompt, Stretch, prompts_of
from engine.features.repair.separation.settings import DEFAULT


def mask(share: float) -> Mask:
    """Return a mask of the same share everywhere."""
    return Mask(np.full((4, 3), share, np.float32), 0.0, 0.016, np.array([100.0, 1000.0, 4000.0]))


def noise_with_tone(seconds: float = 6.0, around: float = 0.05) -> Stretch:
    """Return a tone of a second in noise, and the window around the tone."""
    rng = np.random.default_rng(3)
    samples = around * rng.standard_normal(round(seconds * MEL.rate_hz))
    times_s = np.arange(MEL.rate_hz) / MEL.rate_hz
    samples[2 * MEL.rate_hz : 3 * MEL.rate_hz] += 0.3 * np.sin(2 * np.pi * 700 * times_s)
    return Stretch(samples.astype(np.float32), ((1.9, 3.1),))


class HopelessSeparator:
    """Expects its results to be worse than the recording."""

    name = "hopeless"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        return tuple(outcome.mask for outcome in self.outcomes(stretch, prompts))

    def outcomes(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Outcome, ...]:
        """Return the same for each prompt: nothing is kept."""
        assert stretch.windows_s
        bad, fair = Forecast(-12.0, -5.0, 1.0), Forecast(-1.0, 2.0, 5.0)
        return (Outcome(mask(0.0), (("network", 1.0),), keep=bad, remove=fair),) * len(prompts)


def test_a_mask_that_keeps_nothing_leaves_the_recording_as_far_as_it_is_not_trusted() -> None:
    """Scaled alike everywhere, so that SI-SDR is that of the recording."""
    outcome = Outcome(mask(0.0), (("network", 1.0),), unchanged=(0.25, 0.5))
    np.testing.assert_array_equal(outcome.mask_for(Mode.KEEP).shares, np.full((4, 3), 0.25, np.float32))
    np.testing.assert_array_equal(outcome.mask_for(Mode.REMOVE).shares, np.zeros((4, 3), np.float32))
    whole = Outcome(mask(1.0), (("network", 1.0),), unchanged=(0.25, 0.5))
    np.testing.assert_array_equal(whole.mask_for(Mode.REMOVE).shares, np.full((4, 3), 0.5, np.float32))


def test_several_prompts_are_as_credible_as_the_least_credible() -> None:
    """Their masks add up; more of the recording stays where one of them needs it."""
    good = Outcome(mask(0.25), (("network", 1.0),), (0.0, 0.1), Forecast(1, 3, 5), Forecast(2, 4, 6))
    bad = Outcome(mask(0.5), (("NMF", 1.0),), (0.3, 0.0), Forecast(-8, 0, 4), Forecast(0, 1, 2))
    both = combined((good, bad))
    np.testing.assert_allclose(both.mask.shares, 0.75)
    assert (both.unchanged, both.keep, both.remove) == ((0.3, 0.1), bad.keep, bad.remove)
    assert both.methods == ("network", "NMF")


@pytest.mark.parametrize(
    ("forecast", "credibility"), [((-2, 4, 9), 0.87), ((-4, 0, 4), 0.5), ((-9, -3, 1), 0.2)]
)
def test_credibility_is_the_probability_of_no_harm(
    forecast: tuple[float, float, float], credibility: float
) -> None:
    """From the quantiles of the forecast."""
    assert Forecast(*forecast).credibility == pytest.approx(credibility, abs=0.03)


@pytest.mark.parametrize(
    ("forecast", "is_credible"), [((-6, 3, 9), True), ((-6, 0.1, 9), True), ((-1, -0.1, 2), False)]
)
def test_a_result_is_credible_if_it_is_expected_to_be_no_worse(
    forecast: tuple[float, float, float], is_credible: bool
) -> None:
    """An improvement of 3 dB was refused for a low forecast that does not foresee what goes wrong."""
    outcome = Outcome(mask(0.5), (("NMF", 1.0),), keep=Forecast(*forecast))
    assert outcome.is_credible(Mode.KEEP) is is_credible
    assert outcome.is_credible(Mode.REMOVE)


def test_a_result_that_may_be_worse_than_the_recording_is_refused_before_anything_is_made() -> None:
    """Only in the mode that may be worse."""
    rng = np.random.default_rng(0)
    samples = 0.1 * rng.standard_normal((96_000, 1)).astype(np.float32)
    recording = Recording(lambda start, stop: samples[start:stop].copy(), len(samples), 16_000)
    prompts = prompts_of(["dog"])
    with pytest.raises(NotCredibleError) as caught:
        list(separate(recording, ((32_000, 48_000),), Asked(prompts, Mode.KEEP), HopelessSeparator()))
    assert (caught.value.code, caught.value.prompt, caught.value.expected_db) == ("not_credible", "dog", -5.0)
    pieces = list(separate(recording, ((32_000, 48_000),), Asked(prompts, Mode.REMOVE), HopelessSeparator()))
    assert [piece.outcome.methods for piece in pieces] == [("network",)]


def test_the_default_blends_methods_and_tells_which() -> None:
    """The same at each call; weights add up, and a forecast has its quantiles in order."""
    stretch, prompts = noise_with_tone(), prompts_of(["siren"])
    outcome = outcome_of(stretch, prompts, separator_named(DEFAULT))
    again = outcome_of(stretch, prompts, blend_separator())
    np.testing.assert_array_equal(outcome.mask.shares, again.mask.shares)
    assert sum(weight for _, weight in outcome.weights) == pytest.approx(1.0)
    assert 0 < len(outcome.methods) <= 4
    for forecast in (outcome.keep, outcome.remove):
        assert forecast is not None
        assert forecast.low_db <= forecast.expected_db <= forecast.high_db


def test_without_surroundings_the_network_decides_alone() -> None:
    """Plain methods would mean everything there."""
    stretch, prompts = noise_with_tone(around=0.0), prompts_of(["siren"])
    outcome = outcome_of(stretch, prompts, blend_separator())
    (alone,) = network_separator().masks(stretch, prompts)
    np.testing.assert_allclose(outcome.mask.shares, alone.shares, atol=1e-5)
    assert (outcome.methods, outcome.keep) == (("network",), None)


def test_a_named_separator_makes_no_forecast() -> None:
    """It runs as it is."""
    outcome = outcome_of(noise_with_tone(), prompts_of(["siren"]), FactorSeparator())
    assert (outcome.methods, outcome.unchanged, outcome.remove) == (("nmf",), (0.0, 0.0), None)
