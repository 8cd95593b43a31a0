"""Shares of bands, spread over the bins of a spectrum."""

from __future__ import annotations

import torch
from torch import Tensor


def band_shares_to_bins(bins: int, rate_hz: float, centres_hz: Tensor) -> Tensor:
    """Return the weights that spread shares of bands over bins of a spectrum, shape (bands, bins).

    Between the middles of two bands a bin takes of both by its distance; beyond the last, as the last.
    """
    bins_hz = torch.linspace(0.0, rate_hz / 2, bins)
    upper = torch.searchsorted(centres_hz, bins_hz).clamp(1, len(centres_hz) - 1)
    lower = upper - 1
    share = ((bins_hz - centres_hz[lower]) / (centres_hz[upper] - centres_hz[lower])).clamp(0.0, 1.0)
    weights = torch.zeros(len(centres_hz), bins)
    weights[lower, torch.arange(bins)] = 1.0 - share
    weights[upper, torch.arange(bins)] += share
    return weights
