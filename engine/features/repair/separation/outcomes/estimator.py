"""Estimates the weight of each mask of a window, and the improvement of their blend."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.analysis.learning.shipped import with_weights
from engine.features.repair.separation.outcomes.evidence import EVIDENCE
from engine.features.repair.separation.outcomes.pools import METHODS, POOLS
from engine.features.repair.separation.outcomes.surroundings import SURROUNDINGS

WEIGHTS = Path(__file__).resolve().parents[5] / "resources" / "models" / "outcome.safetensors"
_BASE = (0.05, 0.05, 0.05, 0.2, 0.2, 0.2, 0.15, 0.1)
"""Weights of the candidates where nothing else is known."""
_BASE_SHARE = 0.3
"""Share of the weights that never changes, so that no single mask is trusted alone."""
_LEAST_UNCHANGED = 0.03
"""At least -30 dB of the recording stays in an isolated sound: an empty mask then has an improvement of 0 dB.
"""
_LOWEST_DB = -40.0
_QUIETEST = 1e-9
_MOST_DEVIATIONS = 3.0
Shares = NDArray[np.float32]


class OutcomeNetwork(nn.Module):
    """Maps measures of a window to weights, unchanged shares and forecasts (a mixture-of-experts gate).

    R. A. Jacobs et al., "Adaptive mixtures of local experts", Neural Computation 3 (1991).
    """

    mean: Tensor
    deviation: Tensor
    base: Tensor

    def __init__(self) -> None:
        super().__init__()
        count = len(FEATURES)
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("deviation", torch.ones(count))
        self.register_buffer("base", torch.tensor(_BASE), persistent=False)
        self.gate = nn.Linear(count, len(POOLS) + 2)
        self.forecast = nn.Sequential(nn.Linear(count, 12), nn.Tanh(), nn.Linear(12, 6))

    def scaled(self, features: Tensor) -> Tensor:
        """Return features relative to those of the fitted mixtures; NaN counts as their mean."""
        scaled = (features - self.mean) / self.deviation
        return torch.nan_to_num(scaled, nan=0.0).clamp(-_MOST_DEVIATIONS, _MOST_DEVIATIONS)

    def gated(self, scaled: Tensor) -> tuple[Tensor, Tensor]:
        """Return weights, shape (batch, candidates), and unchanged shares, shape (batch, 2)."""
        found = self.gate(scaled)
        count = len(POOLS)
        weights = _BASE_SHARE * self.base + (1.0 - _BASE_SHARE) * torch.softmax(found[:, :count], dim=1)
        unchanged = torch.sigmoid(found[:, count:])
        kept = _LEAST_UNCHANGED + (1.0 - _LEAST_UNCHANGED) * unchanged[:, 0]
        return weights, torch.stack([kept, unchanged[:, 1]], dim=1)

    def forecasts(self, scaled: Tensor) -> Tensor:
        """Return quantiles of the improvement in dB, ascending, shape (batch, 2 modes, 3)."""
        found = self.forecast(scaled).reshape(-1, 2, 3)
        steps = nn.functional.softplus(found[..., [0, 2]])
        middle = 10.0 * found[..., 1]
        return torch.stack([middle - 3.0 * steps[..., 0], middle, middle + 3.0 * steps[..., 1]], dim=-1)


@cache
def outcome_network(weights: Path = WEIGHTS) -> OutcomeNetwork:
    """Return the estimator that comes with Offcut.

    Raises
    ------
    OffcutError : its weights are missing or damaged
    """
    return with_weights(OutcomeNetwork(), weights, "outcomes of separations")


AGREEMENT = (
    *(f"{part} {name}" for part in ("kept", "left", "undecided") for name in METHODS),
    *(f"kept {one}, kept {two}" for at, one in enumerate(METHODS) for two in METHODS[at + 1 :]),
    *(f"left {one}, left {two}" for at, one in enumerate(METHODS) for two in METHODS[at + 1 :]),
    "kept network, left network without words",
    "rise",
    "length",
)
"""Names of the measures of agreement, in their order."""
SHARED = (
    "network and NMF",
    "network without words and NMF",
    "network, not NMF",
    "network without words, not network",
    "network without words and NMF, not network",
)
"""Names of the measures of the common part of several methods, in their order."""
FEATURES = (*AGREEMENT, *EVIDENCE, *SHARED, *SURROUNDINGS)


def agreement(power: Shares, around: Shares, masks: Shares) -> NDArray[np.float32]:
    """Return measures of the agreement of masks of one window, shape (len(AGREEMENT),).

    Energies inside, outside and undecided (in tens of dB below the window, or as shares), cosines between
    magnitudes inside or outside two masks, the level of the window above its surroundings, and its length.
    None depends on the level of the recording.

    Parameters
    ----------
    power : mel power inside the window, shape (frames, bands)
    around : mean mel power of its surroundings, shape (bands,)
    masks : shares by each of `METHODS`, shape (len(METHODS), frames, bands)
    """
    total = float(power.sum()) + _QUIETEST
    levels = np.sqrt(power)
    kept, left = levels * masks, levels * (1.0 - masks)
    undecided = (power * masks * (1.0 - masks)).sum(axis=(1, 2)) / total
    rise = 10.0 * np.log10(max(total / len(power), _QUIETEST) / max(float(around.sum()), _QUIETEST))
    return np.asarray(
        [
            *_below_db(kept, total),
            *_below_db(left, total),
            *undecided,
            *_cosines(kept, kept),
            *_cosines(left, left),
            _cosine(kept[0], left[1]),
            np.clip(rise, -20.0, 20.0) / 10.0,
            np.log(len(power)),
        ],
        np.float32,
    )


def shared(power: Shares, masks: Shares) -> NDArray[np.float32]:
    """Return energies inside several masks of one window, shape (len(SHARED),).

    In tens of dB below the window. A second new sound is inside the network's mask without words and outside
    the one with them.

    Parameters
    ----------
    power, masks : as those of `agreement`
    """
    named, new, factors, _louder = masks
    unnamed = (1.0 - named) * new
    together = np.stack([named * factors, new * factors, named * (1.0 - factors), unnamed, unnamed * factors])
    return np.asarray(_below_db(np.sqrt(power) * together, float(power.sum()) + _QUIETEST), np.float32)


def _below_db(levels: Shares, total: float) -> NDArray[np.float64]:
    shares = np.square(levels, dtype=np.float64).sum(axis=(1, 2)) / total
    return np.asarray(np.maximum(10.0 * np.log10(shares + 1e-12), _LOWEST_DB) / 10.0)


def _cosines(ones: Shares, others: Shares) -> list[float]:
    count = len(ones)
    return [_cosine(ones[one], others[two]) for one in range(count) for two in range(one + 1, count)]


def _cosine(one: Shares, two: Shares) -> float:
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(np.vdot(one, two)) / (size + _QUIETEST)
