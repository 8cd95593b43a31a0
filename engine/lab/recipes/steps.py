"""How each recipe of the laboratory comes to its score, in a few boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.features.taste.overview.results import MethodStep

Steps = tuple[MethodStep, ...]


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
        MethodStep("Difference", "how much better the raw one reconstructs it"),
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


STEPS: Mapping[str, Callable[[Mapping[str, Any]], Steps]] = MappingProxyType(
    {
        "slicer-ae": _slicer,
        "dual-ae": _dual,
        "edited-vs-raw": _classifier,
        "memory-bank": _bank,
        "deep-svdd": _deep_svdd,
        "embedding-bank": _embedding_bank,
    }
)
"""The boxes between the spectrogram and the score, from the settings alone."""
