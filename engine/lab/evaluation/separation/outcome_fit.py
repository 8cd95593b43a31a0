"""Fit the estimator of outcomes: `python -m engine.lab.evaluation.separation.outcome_fit DATA OUT`.

Fitted on unseen mixtures of the part `Part.FITTED`, whose recordings are all free (CC0, CC BY, public domain,
Apache-2.0) and not reported. An SI-SDR improvement of a blend follows from inner products of its
masked spectra, so that the gate is fitted on these directly.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.detection.spectra import MEL, Spectra, band_centres_hz
from engine.analysis.learning.loop import seeded
from engine.features.repair.separation.blend import candidates
from engine.features.repair.separation.estimator import FEATURES, POOLS, OutcomeNetwork, pooled_masks
from engine.features.repair.separation.network import network_separator
from engine.features.repair.separation.separate import Recording, heard_around
from engine.features.repair.separation.separator import Stretch, prompts_of
from engine.lab.band_shares import band_shares_to_bins
from engine.lab.evaluation.separation.unseen_mixtures import UnseenMixture, unseen_mixtures
from engine.lab.evaluation.separation.unseen_sources import RATE_HZ, Part
from engine.lab.half_precision import save_half

Spectrum = NDArray[np.complex128]


class _Kind(Enum):
    """Kind of mixture."""

    SINGLE = "one new sound over a background"
    CROWDED = "two new sounds, one of them meant"
    BACKGROUND = "the background is meant"


DRAWN = (
    (_Kind.SINGLE, 500, 81),
    (_Kind.SINGLE, 500, 83),
    (_Kind.CROWDED, 240, 82),
    (_Kind.BACKGROUND, 500, 81),
    (_Kind.BACKGROUND, 500, 83),
)
"""Kind, count and seed of mixtures; of those in which the background is meant, those whose name is known."""
_WEIGHTS = {_Kind.SINGLE: 1.0, _Kind.CROWDED: 0.7, _Kind.BACKGROUND: 0.08}
_STEPS, _FORECAST_STEPS = 500, 800
_RATE = 1e-2
_NOISE = 1.0
_BAD_BELOW_DB, _BAD_WEIGHT = 0.5, 3.0
_BEST_DB = 20.0
_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One mixture, reduced to the quality of blends of its masks.

    Attributes
    ----------
    features : see `engine.features.repair.separation.estimator.FEATURES`
    products : inner products of the spectra by each of `POOLS`, and of the recording, shape (n + 1, n + 1)
    with_meant, with_rest : those with the target and with the rest, shape (n + 1,)
    energies : of the target and of the rest, shape (2,)
    weight : how much the mixture counts
    """

    features: NDArray[np.float32]
    products: NDArray[np.float64]
    with_meant: NDArray[np.float64]
    with_rest: NDArray[np.float64]
    energies: NDArray[np.float64]
    weight: float = 1.0


def judged(
    mixture: UnseenMixture, weight: float = 1.0, *, is_background_meant: bool = False
) -> Judged | None:
    """Separate a mixture by each method; None if nothing surrounds its window."""
    meant, rest = mixture.meant, mixture.rest
    if is_background_meant:
        meant, rest = rest, meant
    name = mixture.others[-1] if is_background_meant else mixture.name
    window = mixture.window_samples
    stretch = _stretch(mixture.whole, window)
    found = candidates(network_separator(), stretch, prompts_of([name]))
    if found.around is None:
        return None
    whole, true, other = (
        _spectrum(each)[found.core] for each in (stretch, _stretch(meant, window), _stretch(rest, window))
    )
    return reduced(found.features(0), found.masks(0)[:, found.core], (whole, true, other), weight)


def reduced(
    features: NDArray[np.float32], masks: NDArray[np.float32], spectra: tuple[Spectrum, ...], weight: float
) -> Judged:
    """Return the quality of blends of candidate masks.

    Parameters
    ----------
    masks : shares by each method, shape (methods, frames, bands)
    spectra : of the recording, of the target, and of the rest, each of shape (frames, bins)
    """
    whole, true, other = spectra
    bins = band_shares_to_bins(
        MEL.n_fft // 2 + 1, MEL.rate_hz, torch.tensor(band_centres_hz(), dtype=torch.float32)
    ).numpy()
    made = np.concatenate([(pooled_masks(masks) @ bins) * whole, whole[None]])
    rows = made.reshape(len(POOLS) + 1, -1)
    return Judged(
        features,
        (rows.conj() @ rows.T).real,
        (rows.conj() @ true.ravel()).real,
        (rows.conj() @ other.ravel()).real,
        np.array([np.vdot(true, true).real, np.vdot(other, other).real]),
        weight,
    )


def _stretch(samples: NDArray[np.float32], window: tuple[int, int]) -> Stretch:
    recording = Recording(lambda start, stop: samples[start:stop], len(samples), RATE_HZ)
    return heard_around(recording, (window,), window)[0]


def _spectrum(stretch: Stretch) -> Spectrum:
    found = Spectra().spectrum(torch.tensor(stretch.samples)[None])[0].T.numpy()
    return np.asarray(found, np.complex128)


def examples(data_dir: Path) -> Iterator[Judged]:
    """Yield the mixtures that are fitted on."""
    kinds = [
        (
            unseen_mixtures(data_dir, Part.FITTED, count, seed, is_crowded=kind is _Kind.CROWDED),
            _WEIGHTS[kind],
            kind is _Kind.BACKGROUND,
        )
        for kind, count, seed in DRAWN
    ]
    for mixtures, weight, is_background_meant in kinds:
        for mixture in mixtures:
            if is_background_meant and not mixture.others:
                continue
            found = judged(mixture, weight, is_background_meant=is_background_meant)
            if found is not None:
                yield found


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """`Judged` of many mixtures as tensors of a batch."""

    features: Tensor
    products: Tensor
    with_meant: Tensor
    with_rest: Tensor
    energies: Tensor
    weight: Tensor

    @classmethod
    def of(cls, rows: Sequence[Judged]) -> Examples:
        """Stack rows."""
        return cls(
            *(
                torch.tensor(np.stack([np.asarray(getattr(row, name)) for row in rows]))
                for name in ("features", "products", "with_meant", "with_rest", "energies", "weight")
            )
        )

    def improvements_db(self, weights: Tensor, unchanged: Tensor) -> Tensor:
        """Return SI-SDR improvements of target and remainder, shape (batch, 2)."""
        weights, unchanged = weights.double(), unchanged.double()
        whole = torch.zeros(len(weights), len(POOLS) + 1, dtype=torch.float64)
        whole[:, -1] = 1.0
        blend = torch.cat([weights, torch.zeros(len(weights), 1, dtype=torch.float64)], dim=1)
        kept = unchanged[:, :1] * whole + (1.0 - unchanged[:, :1]) * blend
        left = whole - (1.0 - unchanged[:, 1:]) * blend
        pairs = ((kept, self.with_meant, 0), (left, self.with_rest, 1))
        return torch.stack(
            [
                self._si_sdr_db(made, common, side) - self._si_sdr_db(whole, common, side)
                for made, common, side in pairs
            ],
            dim=1,
        )

    def _si_sdr_db(self, made: Tensor, common: Tensor, side: int) -> Tensor:
        energy = torch.einsum("bi,bij,bj->b", made, self.products, made)
        shared = (made * common).sum(dim=1).square()
        return 10.0 * torch.log10((shared + 1e-9) / ((self.energies[:, side] * energy - shared).abs() + 1e-9))


def fitted(rows: Sequence[Judged], seed: int = 0) -> OutcomeNetwork:
    """Fit the gate, then the forecast of its result."""
    examples = Examples.of(rows)
    network = OutcomeNetwork()
    known = examples.features.numpy()
    network.mean.copy_(torch.tensor(np.nanmean(known, axis=0)))
    network.deviation.copy_(torch.tensor(np.nanstd(known, axis=0) + 1e-3))
    scaled = network.scaled(examples.features)
    with seeded(seed):
        _fit_gate(network, examples, scaled)
        _fit_forecast(network, examples, scaled)
    return network.eval()


def _fit_gate(network: OutcomeNetwork, examples: Examples, scaled: Tensor) -> None:
    """Maximize improvements; shortfalls below `_BAD_BELOW_DB` have a larger weight."""
    nn_init = torch.nn.init
    nn_init.zeros_(network.gate.weight)
    with torch.no_grad():
        network.gate.bias.copy_(torch.cat([torch.log(network.base + 0.03), torch.tensor([-3.0, -4.0])]))
    optimiser = torch.optim.AdamW(network.gate.parameters(), lr=_RATE, weight_decay=0.05)
    for step in range(_STEPS):
        _slow_down(optimiser, step / _STEPS)
        found = examples.improvements_db(*network.gated(scaled + _NOISE * torch.randn_like(scaled)))
        bad = torch.relu(_BAD_BELOW_DB - found)
        each = (_BAD_WEIGHT * bad - found.clamp(max=_BEST_DB)).mean(dim=1)
        loss = (each * examples.weight).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _fit_forecast(network: OutcomeNetwork, examples: Examples, scaled: Tensor) -> None:
    """Make quantiles right by the pinball loss (R. Koenker and G. Bassett, Econometrica 46, 1978)."""
    with torch.no_grad():
        truth = examples.improvements_db(*network.gated(scaled))[..., None].float()
    levels = torch.tensor(_QUANTILES)
    optimiser = torch.optim.AdamW(network.forecast.parameters(), lr=_RATE, weight_decay=0.1)
    for step in range(_FORECAST_STEPS):
        _slow_down(optimiser, step / _FORECAST_STEPS)
        above = truth - network.forecasts(scaled + _NOISE * torch.randn_like(scaled))
        loss = torch.maximum(levels * above, (levels - 1.0) * above).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _slow_down(optimiser: torch.optim.Optimizer, share: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = _RATE * (1.0 - share) + 1e-4


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    chosen = parser.parse_args(arguments)
    rows = list(examples(chosen.data))
    save_half(fitted(rows), chosen.out)
    print(f"{len(rows)} mixtures, {len(FEATURES)} measures")


if __name__ == "__main__":
    main()
