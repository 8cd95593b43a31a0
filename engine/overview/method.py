"""How a recipe comes to its score, in a few boxes; light, from the settings alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.overview.results import MethodStep

Steps = tuple[MethodStep, ...]


def method_steps(config: RecipeConfig) -> Steps:
    """Return the way from a recording to its score; of a recipe without words of its own only the ends."""
    values = config.model_dump()
    middle = _MIDDLES.get(config.recipe, _unknown)(values)
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


def _slicer(values: Mapping[str, Any]) -> Steps:
    return (
        MethodStep("Squeeze", _squeezed(values)),
        MethodStep("Rebuild", "by a decoder trained on your edits"),
        MethodStep("Error", "difference between input and reconstruction"),
    )


def _dual(values: Mapping[str, Any]) -> Steps:
    return (
        MethodStep("Squeeze", _squeezed(values)),
        MethodStep("Rebuild twice", "by a decoder of edited and one of raw recordings"),
        MethodStep("Difference", "how much better the raw one rebuilds it"),
    )


def _classifier(values: Mapping[str, Any]) -> Steps:
    return (
        MethodStep("Squeeze", _squeezed(values)),
        MethodStep("Edited or raw", "distinguished by a network trained on both"),
        MethodStep("How raw", "the probability of raw, for each segment"),
    )


def _squeezed(values: Mapping[str, Any]) -> str:
    if values.get("alignment") == "beats":
        length = "segments on beats"
    else:
        mel = values["mel"]
        length = f"{values['segment_frames'] * mel['hop_samples'] / mel['rate_hz']:.2f} s"
    channels = " · ".join(str(dim) for dim in values["hidden_dims"])
    return f"{length} through {channels} channels into {values['latent_dim']} numbers"


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


def _bank(values: Mapping[str, Any]) -> Steps:
    pulses, even_s = values["pulses"], values["even_s"]
    windows = f"of {pulses} beats" if values["on_beats"] else f"of {pulses * even_s:g} s"
    views = {"encoder": f"{values['latent']} numbers by a masked autoencoder"}
    measures = {
        "nearest": "distance to the nearest training window",
        "residual": "residual of principal components",
        "reconstruction": "reconstruction error",
    }
    return (
        MethodStep("Windows", f"{windows}, {values['slices']} spectra each"),
        MethodStep("Embedding", views.get(values["view"], "statistics of its mel bands and rhythm")),
        MethodStep("Memory of the training data", "; ".join(measures[name] for name in values["measures"])),
    )


def _embedding_bank(values: Mapping[str, Any]) -> Steps:
    measures = {
        "nearest": "distance to the nearest training window",
        "residual": "residual of principal components",
    }
    return (
        MethodStep("Embedding", f"of {values['window_s']:g} s: {values['embedding']}"),
        MethodStep("Memory of the training data", "; ".join(measures[name] for name in values["measures"])),
    )


def _deep_svdd(values: Mapping[str, Any]) -> Steps:
    layers = " · ".join(str(size) for size in values["hidden_dims"])
    return (
        MethodStep("Embedding", f"of {values['window_s']:g} s: {values['embedding']}"),
        MethodStep(f"Network {values['network']}", f"trained to reconstruct, then to contract; {layers}"),
        MethodStep("Distance", "from the centre of the training data"),
    )


def _unknown(values: Mapping[str, Any]) -> Steps:
    return (MethodStep(str(values["recipe"]), f"learned in {values['epochs']} epochs"),)


def _networks(members: int) -> str:
    return "A network" if members == 1 else f"{members} networks"


_MIDDLES: Mapping[str, Callable[[Mapping[str, Any]], Steps]] = MappingProxyType(
    {
        "slicer-ae": _slicer,
        "dual-ae": _dual,
        "edited-vs-raw": _classifier,
        "own-faults": _own_faults,
        "memory-bank": _bank,
        "deep-svdd": _deep_svdd,
        "embedding-bank": _embedding_bank,
    }
)
