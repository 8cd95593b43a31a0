"""NMF of a window: one computation for the check of a prompt and for the separation, with the same bits."""

from __future__ import annotations

import numpy as np

from engine.analysis.detection.spectra import MEL
from engine.features.repair.separation.blend import blend_separator
from engine.features.repair.separation.checks import probabilities
from engine.features.repair.separation.outcome import Outcome
from engine.features.repair.separation.plain import FactorSeparator, factorised
from engine.features.repair.separation.separate import remembering
from engine.features.repair.separation.separator import Stretch, prompts_of
from tests.counting import calls_of


def heard() -> Stretch:
    """Return three seconds of noise that is louder for a second, each time as an array of its own."""
    samples = 0.02 * np.random.default_rng(4).standard_normal(3 * MEL.rate_hz)
    samples[MEL.rate_hz : 2 * MEL.rate_hz] *= 10.0
    return Stretch(samples.astype(np.float32), ((1.0, 2.0),))


def presence_and_outcome() -> tuple[float, Outcome]:
    prompts = prompts_of(["rain"])
    probability = float(probabilities(heard(), prompts)[0])
    return probability, blend_separator().outcomes(heard(), prompts)[0]


def test_the_check_of_a_prompt_and_the_separation_factorise_once_and_give_the_same_bits() -> None:
    remembering.cache_clear()
    made: list[tuple[float, Outcome]] = []
    calls = calls_of(lambda: made.append(presence_and_outcome()), of=factorised)
    assert calls == 2, "of the surroundings, and of the windows"
    ((probability, outcome),) = made
    remembering.cache_clear()
    alone = blend_separator().outcomes(heard(), prompts_of(["rain"]))[0]
    remembering.cache_clear()
    assert float(probabilities(heard(), prompts_of(["rain"]))[0]) == probability
    np.testing.assert_array_equal(alone.mask.shares, outcome.mask.shares)
    assert (alone.keep, alone.remove, alone.unchanged) == (outcome.keep, outcome.remove, outcome.unchanged)


def test_another_window_of_the_same_sound_is_factorised_again() -> None:
    remembering.cache_clear()
    first = remembering(FactorSeparator()).masks(heard(), prompts_of(["rain"]))[0]
    other = Stretch(heard().samples, ((1.0, 1.5),))
    second = remembering(FactorSeparator()).masks(other, prompts_of(["rain"]))[0]
    assert not np.array_equal(first.shares, second.shares)
