"""Likelihood that each rise is a hit of its drum: a small network over the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.octaves import Floats

_MODELS = Path(__file__).resolve().parents[4] / "resources" / "models"
HIT_WEIGHTS = _MODELS / "hits.safetensors"
SECOND_LOOK_WEIGHTS = _MODELS / "hits_second_look.safetensors"
ORNAMENT_WEIGHTS = _MODELS / "ornaments.safetensors"
ROLE_WEIGHTS = _MODELS / "microphone_roles.safetensors"
"""Their model cards are in the same folder."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Layers of a perceptron with rectified units between them.

    Attributes
    ----------
    mean, spread : float32, shape (inputs,), by which inputs are standardised
    layers : weights of shape (outputs, inputs) and biases of shape (outputs,) of each
    limit : of a standardised input
    """

    mean: Floats
    spread: Floats
    layers: tuple[tuple[Floats, Floats], ...]
    limit: float = inf

    def outputs(self, evidence: Floats) -> Floats:
        """Return the outputs for each row of evidence, shape (n, outputs): logits."""
        values: Floats = np.clip((evidence - self.mean) / self.spread, -self.limit, self.limit)
        for number, (weights, biases) in enumerate(self.layers, start=1):
            values = values @ weights.T + biases
            if number < len(self.layers):
                values = np.maximum(values, 0.0)
        return values

    def likelihoods(self, evidence: Floats) -> NDArray[np.float32]:
        """Return the probability of each row from a network with one output, float32, shape (n,), 0 to 1."""
        logits = np.clip(self.outputs(evidence)[:, 0], -60.0, 60.0)
        likely: NDArray[np.float32] = (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)
        return likely


@lru_cache(maxsize=4)
def network_of(path: Path) -> Network:
    """Read a network that is shipped."""
    from safetensors.numpy import load_file

    stored = load_file(path)
    count = sum(name.startswith("weights") for name in stored)
    layers = tuple((stored[f"weights{number}"], stored[f"biases{number}"]) for number in range(count))
    limit = float(stored["limit"][0]) if "limit" in stored else inf
    return Network(stored["mean"], stored["spread"], layers, limit)
