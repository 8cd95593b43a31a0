"""How each recipe of the laboratory comes to its score, in a few boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.overview.results import MethodStep

Steps = tuple[MethodStep, ...]


def _slicer(values: Mapping[str, Any]) -> Steps:
    return (
        MethodStep("Squeeze", _squeezed(values)),
        MethodStep("Rebuild", "from these numbers alone, as the kept music would be"),
        MethodStep("Error", "how far the rebuilt is from what was heard"),
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
        MethodStep("Edited or raw", "told apart by a network that learned from both"),
        MethodStep("How raw", "its opinion of each segment"),
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
    views = {"encoder": f"{values['latent']} numbers by an encoder that learned to fill in what is hidden"}
    measures = {
        "nearest": "the nearest kept window",
        "residual": "what is left beside principal components",
        "reconstruction": "how well it is filled in",
    }
    return (
        MethodStep("Windows", f"{windows}, each heard as {values['slices']} spectra"),
        MethodStep("Embedding", views.get(values["view"], "statistics of its mel bands and rhythm")),
        MethodStep("Memory of what you kept", "; ".join(measures[name] for name in values["measures"])),
    )


def _embedding_bank(values: Mapping[str, Any]) -> Steps:
    measures = {"nearest": "the nearest kept window", "residual": "what is left beside principal components"}
    return (
        MethodStep("Embedding", f"of {values['window_s']:g} s: {values['embedding']}"),
        MethodStep("Memory of what you kept", "; ".join(measures[name] for name in values["measures"])),
    )


def _deep_svdd(values: Mapping[str, Any]) -> Steps:
    layers = " · ".join(str(size) for size in values["hidden_dims"])
    return (
        MethodStep("Embedding", f"of {values['window_s']:g} s: {values['embedding']}"),
        MethodStep(f"Network {values['network']}", f"learned to rebuild, then to draw together; {layers}"),
        MethodStep("Distance", "from the centre of what you kept"),
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
