"""How a recipe comes to its score, in a few boxes; light, from the settings alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.anomaly.recipes.laboratory import DEFAULT, NAMES
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.extensions.laboratory import of_laboratory
from engine.overview.results import MethodStep

Steps = tuple[MethodStep, ...]
Worded = Callable[[Mapping[str, Any]], Steps]


def method_steps(config: RecipeConfig) -> Steps:
    """Return the way from a recording to its score; of a recipe without words of its own only the ends."""
    values = config.model_dump()
    worded: Mapping[str, Worded] = {DEFAULT: _own_faults}
    if config.recipe in NAMES:
        worded = of_laboratory("recipes.steps", "STEPS")
    middle = worded.get(config.recipe, _unknown)(values)
    return (
        *_heard(config),
        *middle,
        MethodStep("Score", "0.5 is typical of the training data, 1 is anomalous"),
    )


def _heard(config: RecipeConfig) -> Steps:
    mel = config.mel
    hop_ms = 1000.0 * mel.hop_samples / mel.rate_hz
    return (
        MethodStep("Recording", "mono, at playback level"),
        MethodStep(
            "Mel spectrogram", f"{mel.n_mels} bands every {hop_ms:.0f} ms, {mel.rate_hz / 1000:g} kHz"
        ),
    )


def _own_faults(values: Mapping[str, Any]) -> Steps:
    minutes = values["practice_s"] / 60
    compared = values["nearest_weight"] > 0.0 or values["residual_weight"] > 0.0
    beside = MethodStep(
        "Distances", "from the training data; sound and rhythm also from the rest of the recording"
    )
    return (
        MethodStep("Faults made from your edits", f"{minutes:.0f} minutes of training faults, one pass"),
        MethodStep(
            _networks(values["members"]),
            f"{values['width']} channels over time; distinguish damaged from undamaged audio",
        ),
        *([beside] if compared else []),
    )


def _unknown(values: Mapping[str, Any]) -> Steps:
    return (MethodStep(str(values["recipe"]), f"learned in {values['epochs']} epochs"),)


def _networks(members: int) -> str:
    return "A network" if members == 1 else f"{members} networks"
