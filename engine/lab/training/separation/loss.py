"""The loss of the separator, and the batches it is computed of."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.analysis.detection.spectra import MEL, band_centres_hz
from engine.features.repair.separation.network import NetworkInput, SeparationNetwork
from engine.lab.band_shares import band_shares_to_bins
from engine.lab.training.detection.prompts import Prompts

_LEAST_ERROR = 3e-3
"""Error relative to the power of the window below which nothing is to be won: -25 dB."""
_NOTHING_DB = -10.0
"""Ratio for an empty target: lower than for an unchanged recording."""
_SILENT = 1e-6
"""Share of the power of the window below which a sound is absent."""
_TAG_WEIGHT = 0.05
_MASK_WEIGHT = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Views and their ground truth.

    Attributes
    ----------
    meant, whole : complex spectra, shape (batch, bins, VIEW_FRAMES)
    tags : 1 for each sound within the window, shape (batch, names)
    """

    heard: NetworkInput
    meant: Tensor
    whole: Tensor
    tags: Tensor


class Loss:
    """Distortion of target and remainder within the window.

    Where the sound that is asked for occurs, it is the mean of both scale-invariant signal-to-distortion
    ratios (J. Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019); where it does not, the energy
    of the estimate. The error of the estimate would be the wrong measure: an empty one costs little for a
    quiet sound, and gains much for an absent one, so a network in doubt would return an empty one.
    """

    def __init__(self, prompts: Prompts, *, bfloat16: bool = False) -> None:
        self._bfloat16 = bfloat16
        centres_hz = torch.tensor(band_centres_hz(), dtype=torch.float32)
        self._spread = band_shares_to_bins(MEL.n_fft // 2 + 1, MEL.rate_hz, centres_hz)
        self._names = prompts.named

    def __call__(self, network: SeparationNetwork, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the loss, and the mean error of the estimate in dB relative to the power of the window."""
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bfloat16):
            logits, tags = network(batch.heard)
        logits, tags = logits.float(), tags.float()
        shares = (torch.sigmoid(logits) @ self._spread).transpose(1, 2)
        truth = Truth.of(batch.whole, batch.meant, batch.heard.inside)
        products = Products.of(shares, truth)
        error_db = products.error_db()
        distortion_db = torch.where(products.is_present(), products.distortion_db(), error_db)
        distance = ((shares - truth.ideal).abs() * truth.weights).sum() / truth.weights.sum().clamp(min=1e-6)
        tagging = functional.binary_cross_entropy_with_logits(15.0 * (tags @ self._names.T) - 4.0, batch.tags)
        total = 0.1 * distortion_db.mean() + _MASK_WEIGHT * distance + _TAG_WEIGHT * 10.0 * tagging
        return total, error_db.mean().detach()


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """References of a batch for its masks, within the windows, each of shape (batch, bins, VIEW_FRAMES).

    Attributes
    ----------
    whole, meant : power of the recording and of the target
    common : real part of the product of both spectra
    ideal, weights : the ideal ratio mask, and how much each bin of it counts: loud bins before quiet ones
    """

    whole: Tensor
    meant: Tensor
    common: Tensor
    ideal: Tensor
    weights: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, whole_spectrum: Tensor, meant_spectrum: Tensor, inside: Tensor) -> Truth:
        """Return the references for masks of spectra, shape (batch, bins, VIEW_FRAMES).

        Parameters
        ----------
        inside : 1 for each frame of a window, else 0, shape (batch, VIEW_FRAMES)
        """
        real, imaginary = torch.view_as_real(whole_spectrum * inside[:, None]).unbind(dim=-1)
        meant_real, meant_imaginary = torch.view_as_real(meant_spectrum * inside[:, None]).unbind(dim=-1)
        whole = real * real + imaginary * imaginary
        meant = meant_real * meant_real + meant_imaginary * meant_imaginary
        common = real * meant_real + imaginary * meant_imaginary
        level = meant.sqrt()
        rest = (whole + meant - 2.0 * common).clamp(min=0.0).sqrt()
        return cls(whole, meant, common, level / (level + rest + 1e-6), whole.sqrt().sqrt())


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """Inner products of spectra in windows, each of shape (batch,).

    The spectra are complex, and masks are real, so that products of masked spectra follow from those of
    `Truth`.

    Attributes
    ----------
    whole, meant, kept : energies of the recording, of the target, and of the estimate
    whole_meant, whole_kept, meant_kept : products of two of them
    """

    whole: Tensor
    meant: Tensor
    kept: Tensor
    whole_meant: Tensor
    whole_kept: Tensor
    meant_kept: Tensor

    @classmethod
    def of(cls, shares: Tensor, truth: Truth) -> Products:
        """Return the products of masks, shape (batch, bins, VIEW_FRAMES)."""
        parts = (
            truth.whole,
            truth.meant,
            shares.square() * truth.whole,
            truth.common,
            shares * truth.whole,
            shares * truth.common,
        )
        return cls(*(part.sum(dim=(1, 2)) for part in parts))

    def is_present(self) -> Tensor:
        """Return whether the target is active in the window."""
        return self.meant > _SILENT * self.whole

    def error_db(self) -> Tensor:
        """Return the error of the estimate in dB relative to the power of the window."""
        error = self.kept - 2.0 * self.meant_kept + self.meant
        return 10.0 * torch.log10(error / self.whole.clamp(min=1e-9) + _LEAST_ERROR)

    def distortion_db(self) -> Tensor:
        """Return the mean of the distortions of target and remainder."""
        rest = self.whole + self.meant - 2.0 * self.whole_meant
        left = self.whole - 2.0 * self.whole_kept + self.kept
        rest_left = self.whole - self.whole_meant - self.whole_kept + self.meant_kept
        of_kept = self._si_sdr_db(self.meant_kept, self.kept, self.meant)
        of_left = self._si_sdr_db(rest_left, left, rest)
        return -0.5 * (of_kept + of_left)

    def _si_sdr_db(self, common: Tensor, energy: Tensor, true: Tensor) -> Tensor:
        """Return signal-to-distortion ratios, at least `_NOTHING_DB`.

        Parameters
        ----------
        common : products of estimate and ground truth
        energy, true : energies of both
        """
        least = _LEAST_ERROR * self.whole.clamp(min=1e-9)
        target = common.square() / true.clamp(min=1e-9)
        distortion = (energy - target).clamp(min=0.0)
        return 10.0 * torch.log10((target + 10 ** (_NOTHING_DB / 10) * least) / (distortion + least))
