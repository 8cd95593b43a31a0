"""How a recipe comes to its score, in a few boxes; light, from the settings alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.anomaly.overview.results import MethodStep
from engine.anomaly.recipe_config import RecipeConfig

Steps = tuple[MethodStep, ...]


def method_steps(config: RecipeConfig) -> Steps:
    """Return the way from a recording to its score; of a recipe without words of its own only the ends."""
    values = config.model_dump()
    middle = _MIDDLES.get(config.recipe, _unknown)(values)
    return (*_heard(config), *middle, MethodStep("Score", "0.5 is typical of what you kept, 1 is odd"))


def _heard(config: RecipeConfig) -> Steps:
    mel = config.mel
    hop_ms = 1000.0 * mel.hop_samples / mel.rate_hz
    return (
        MethodStep("Recording", "mono, brought to the level it is played at"),
        MethodStep(
            "Mel spectrogram", f"{mel.n_mels} bands every {hop_ms:.0f} ms, {mel.rate_hz / 1000:g} kHz"
        ),
    )


def _slicer(values: Mapping[str, Any]) -> Steps:
    mel = values["mel"]
    length_s = values["segment_frames"] * mel["hop_samples"] / mel["rate_hz"]
    channels = " · ".join(str(dim) for dim in values["hidden_dims"])
    return (
        MethodStep(
            "Squeeze", f"{length_s:.2f} s through {channels} channels into {values['latent_dim']} numbers"
        ),
        MethodStep("Rebuild", "from these numbers alone, as the kept music would be"),
        MethodStep("Error", "how far the rebuilt is from what was heard"),
    )


def _own_faults(values: Mapping[str, Any]) -> Steps:
    minutes = values["practice_s"] / 60
    return (
        MethodStep("Faults made from your edits", f"{minutes:.0f} minutes of practice, learned from once"),
        MethodStep(
            f"{_count(values['members'])} over time",
            f"{values['width']} channels; tell what is damaged from what is as it was kept",
        ),
        MethodStep("How damaged", "their mean opinion of each moment"),
    )


def _deep_svdd(values: Mapping[str, Any]) -> Steps:
    layers = " · ".join(str(size) for size in values["hidden_dims"])
    return (
        MethodStep("Embedding", f"of {values['window_s']:g} s by {values['embedding']}"),
        MethodStep(
            f"Network {values['network']}", f"first to rebuild, then to draw together; layers of {layers}"
        ),
        MethodStep("Distance", "from the centre of what you kept"),
    )


def _unknown(values: Mapping[str, Any]) -> Steps:
    return (MethodStep(str(values["recipe"]), f"learned in {values['epochs']} epochs"),)


def _count(members: int) -> str:
    return "A network" if members == 1 else f"{members} networks"


_MIDDLES: Mapping[str, Callable[[Mapping[str, Any]], Steps]] = MappingProxyType(
    {"slicer-ae": _slicer, "own-faults": _own_faults, "deep-svdd": _deep_svdd}
)
