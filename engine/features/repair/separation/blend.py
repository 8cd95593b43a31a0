"""The default separator: the network and plain methods, blended as far as they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.detection.spectra import (
    FAST_STEP_FRAMES,
    LEAST_POWER,
    MEL,
    Spectra,
    band_centres_hz,
    speech_network,
    speech_shares,
)
from engine.analysis.learning.loop import few_threads
from engine.features.repair.separation.estimator import (
    METHODS,
    OutcomeNetwork,
    agreement,
    by_method,
    evidence,
    outcome_network,
    pooled_masks,
    shared,
    surroundings,
)
from engine.features.repair.separation.network import (
    HOP_S,
    NetworkSeparator,
    inside_frames,
    network_separator,
)
from engine.features.repair.separation.outcome import Forecast, Outcome
from engine.features.repair.separation.plain import FactorSeparator, SubtractionSeparator, shares_in_bands
from engine.features.repair.separation.separate import remembering
from engine.features.repair.separation.separator import Mask, Prompt, Stretch, outside, prompts_of, surrounds

Shares = NDArray[np.float32]
_EDGE_FRAMES = 3
"""Frames at both ends of a window that the gate of the change mostly shuts."""
_LEAST_FRAMES = 4
_SPOKEN = 0.5
"""Share of the power around the windows above which speech is present there. Of the mixtures that the
estimator was fitted on, 95 % of those over speech have 0.97 or more, 95 % of the others 0.13 or less.
"""
_ALONE = 0.03
"""Share of the recording added to an isolated sound if the window has no surroundings."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Masks of one segment by each of `METHODS`, with the features to rate them by.

    Attributes
    ----------
    named : shares by the network with each prompt, shape (prompts, frames, bands)
    others : shares by the other methods, shape (len(METHODS) - 1, frames, bands)
    power : mel power, shape (frames, bands)
    core : bool, shape (frames,): inside the windows, without their ends
    around : mean mel power of the surroundings, shape (bands,); None where nothing surrounds the windows
    evidence : see `engine.features.repair.separation.estimator`, of each prompt
    surroundings : see `engine.features.repair.separation.estimator`; None where nothing surrounds
        the windows
    """

    named: Shares
    others: Shares
    power: Shares
    core: NDArray[np.bool_]
    around: Shares | None
    evidence: Shares
    surroundings: NDArray[np.float32] | None

    @property
    def level_around(self) -> float:
        """Level of the surroundings relative to the window, as a factor of amplitude."""
        assert self.around is not None
        inside = float(self.power[self.core].sum(axis=1).mean())
        return float(np.sqrt(float(self.around.sum()) / max(inside, LEAST_POWER)))

    def masks(self, prompt: int) -> Shares:
        """Return the shares by all methods for one prompt, shape (len(METHODS), frames, bands)."""
        return np.concatenate([self.named[prompt : prompt + 1], self.others])

    def features(self, prompt: int) -> NDArray[np.float32]:
        """Return the measures for one prompt, shape (len(FEATURES),); only with surroundings."""
        assert self.around is not None
        assert self.surroundings is not None
        power, masks = self.power[self.core], self.masks(prompt)[:, self.core]
        agreed = agreement(power, self.around, masks)
        return np.concatenate([agreed, self.evidence[prompt], shared(power, masks), self.surroundings])


@dataclass(frozen=True, slots=True, eq=False)
class BlendSeparator:
    """See `Separator` and `engine.features.repair.separation.outcome.Judging`."""

    network: NetworkSeparator
    estimator: OutcomeNetwork
    name: str = "offcut-blend-4"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        return tuple(outcome.mask for outcome in self.outcomes(stretch, prompts))

    def outcomes(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Outcome, ...]:
        """Return an outcome for each prompt; without surroundings that of the network alone."""
        length_s = len(stretch.samples) / MEL.rate_hz
        if any(start_s <= 0.0 and stop_s >= length_s for start_s, stop_s in stretch.windows_s):
            return tuple(_by_network(mask.shares) for mask in self.network.masks(stretch, prompts))
        found = candidates(self.network, stretch, prompts)
        if found.around is None or not found.core.any():
            return tuple(_by_network(shares) for shares in found.named)
        return tuple(self._blended(found, number) for number in range(len(prompts)))

    @torch.inference_mode()
    def _blended(self, found: Candidates, prompt: int) -> Outcome:
        with few_threads():
            scaled = self.estimator.scaled(torch.tensor(found.features(prompt))[None])
            weights, unchanged = (each[0].tolist() for each in self.estimator.gated(scaled))
            keep, remove = self.estimator.forecasts(scaled)[0].tolist()
        # Of a window far louder than its surroundings, no more stays than is as loud as these.
        unchanged[1] = min(unchanged[1], found.level_around)
        shares = np.tensordot(np.asarray(weights, np.float32), pooled_masks(found.masks(prompt)), axes=1)
        return Outcome(
            _mask(np.asarray(shares, np.float32)),
            tuple(zip(METHODS, by_method(np.asarray(weights)).tolist(), strict=True)),
            (unchanged[0], unchanged[1]),
            Forecast(*keep),
            Forecast(*remove),
        )


def blend_separator() -> BlendSeparator:
    """Return the default separator.

    Raises
    ------
    OffcutError : weights are missing or damaged
    """
    return BlendSeparator(network_separator(), outcome_network())


def candidates(network: NetworkSeparator, stretch: Stretch, prompts: Sequence[Prompt]) -> Candidates:
    """Separate a segment by each method."""
    anything = prompts_of(())
    masks = remembering(network).masks(stretch, (*prompts, *anything))
    with torch.inference_mode(), few_threads():
        spectra = Spectra()
        spectrum = spectra.spectrum(torch.tensor(stretch.samples)[None])
        mel = spectra.power(spectrum)[0]
        inside = inside_frames(stretch.windows_s, len(mel))
        is_surrounded = surrounds(mel, inside)
        beyond = outside(inside)
        around = mel[beyond].mean(dim=0).numpy() if is_surrounded else None
        bank = spectra.bank.numpy()
        bins = (spectrum.real.square() + spectrum.imag.square())[0].T.numpy()
    power = mel.numpy()
    plain = [
        shares_in_bands(separator.masks(stretch, anything)[0].shares, bins, power, bank)
        for separator in (remembering(FactorSeparator()), SubtractionSeparator())
        if is_surrounded
    ]
    others = np.stack([masks[-1].shares, *plain])
    named = np.stack([mask.shares for mask in masks[:-1]])
    proof = evidence(power, inside.numpy(), beyond.numpy(), others.mean(axis=0), prompts)
    where = surroundings(power, inside.numpy(), beyond.numpy()) if is_surrounded else None
    if is_surrounded and not any(prompt.example for prompt in prompts):
        other = _not_speech(mel, beyond)
        named, others = named * other, others * other
    return Candidates(named, others, power, _core(inside.numpy()), around, proof, where)


def _not_speech(mel: Tensor, beyond: Tensor) -> Shares:
    """Return shares that are not speech if speech is present around the windows, else 1.

    Parameters
    ----------
    mel : mel power, shape (frames, bands)
    beyond : frames that no window reaches, shape (frames,)
    """
    with few_threads():
        shares = speech_shares(speech_network(), mel, FAST_STEP_FRAMES)
        spoken = float((shares * mel)[beyond].sum() / mel[beyond].sum().clamp(min=LEAST_POWER))
        if spoken <= _SPOKEN:
            return np.ones((1, 1), np.float32)
        return (1.0 - speech_shares(speech_network(), mel)).numpy()


def _core(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the frames inside windows without those at their ends; all of them where windows are short."""
    padded = np.pad(inside, _EDGE_FRAMES)
    width = 2 * _EDGE_FRAMES + 1
    core = np.asarray(np.lib.stride_tricks.sliding_window_view(padded, width).all(axis=1))
    return core if core.sum() >= _LEAST_FRAMES else inside


def _mask(shares: Shares) -> Mask:
    return Mask(shares, 0.0, HOP_S, band_centres_hz())


def _by_network(shares: Shares) -> Outcome:
    return Outcome(_mask(shares), ((METHODS[0], 1.0),), (_ALONE, 0.0))
