"""Estimate the weight of each mask of a window, and the improvement of their blend.

Candidates are the masks of plain methods and pools of all methods in log odds: independent opinions multiply
(logarithmic opinion pool: C. Genest and J. V. Zidek, "Combining probability distributions", Statistical
Science 1, 1986). The evidence is that of the sound detector in the window, in its new sounds and around it,
with the variation and rhythm of the surroundings. Speech changes in the rhythm of syllables, 3 to 8 Hz (E.
Scheirer and M. Slaney, "Construction and evaluation of a robust multifeature speech/music discriminator",
ICASSP 1997).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.analysis.detection.detector import FRAMES_EACH, detector, pooled
from engine.analysis.detection.spectra import LEAST_POWER, MEL
from engine.analysis.learning.loop import few_threads, with_weights
from engine.analysis.sound_names.prompts import text_encoder
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.core.build import RESOURCES
from engine.features.repair.separation.separator import Prompt

Shares = NDArray[np.float32]
Levels = NDArray[np.float64]


EVIDENCE = (
    "odds in the window",
    "odds in what is new",
    "odds around",
    "odds in the window relative to the likeliest sound",
    "odds in what is new relative to the likeliest sound",
)
"""Names of the measures, in their order."""
_MOST_ODDS = 20.0


@torch.inference_mode()
def evidence(
    power: Shares,
    inside: NDArray[np.bool_],
    around: NDArray[np.bool_],
    new: Shares,
    prompts: Sequence[Prompt],
) -> NDArray[np.float32]:
    """Return log odds of words for the detected sounds, in tens, shape (len(prompts), len(EVIDENCE)).

    NaN for a prompt without words.

    Parameters
    ----------
    power : mel power, shape (frames, bands)
    inside, around : frames inside the windows, and those that no window reaches, shape (frames,)
    new : share of each moment and band that is new in the windows, shape (frames, bands)
    """
    detecting = detector()
    fresh = power * np.square(new) * inside[:, None]
    with few_threads():
        levels = torch.log(torch.tensor(np.stack([power, fresh])).clamp(min=LEAST_POWER))
        vectors, telling = (each.numpy() for each in detecting.network(levels))
    within, beyond = _steps(inside, vectors.shape[1]), _steps(around, vectors.shape[1])
    heard = np.stack(
        [
            pooled(vectors[0][within], telling[0][within]),
            pooled(vectors[1][within], telling[1][within]),
            pooled(vectors[0][beyond], telling[0][beyond]),
        ]
    )
    odds = detecting.odds(heard, np.stack([prompt.vector for prompt in prompts]))
    likeliest = detecting.odds(heard[:2], _known_words()).max(axis=1, keepdims=True)
    found = np.concatenate([odds, odds[:2] - likeliest]).T / 10.0
    found = np.clip(found, -_MOST_ODDS / 10.0, _MOST_ODDS / 10.0)
    is_wordless = np.array([not np.any(prompt.vector) for prompt in prompts])
    found[is_wordless] = np.nan
    return np.asarray(found, np.float32)


def _steps(frames: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Return the steps of the detector with most frames marked, at least one."""
    padded = np.zeros(count * FRAMES_EACH, bool)
    padded[: min(len(frames), len(padded))] = frames[: len(padded)]
    shares = padded.reshape(count, FRAMES_EACH).mean(axis=1)
    found = np.flatnonzero(shares >= 0.5)
    return found if len(found) else np.array([int(np.argmax(shares))])


@cache
def _known_words() -> NDArray[np.float32]:
    return np.stack([text_encoder().encode(name) for name in vocabulary()])


METHODS = ("network", "network without words", "NMF", "subtraction")
POOLS = (
    (0.0, 1.0, 0.0, 0.0),
    (0.0, 0.0, 1.0, 0.0),
    (0.0, 0.0, 0.0, 1.0),
    (0.4, 0.3, 0.3, 0.0),
    (0.6, 0.3, 0.3, 0.2),
    (0.8, 0.1, 0.3, 0.0),
    (1.0, 0.0, 0.2, 0.0),
    (1.2, 0.0, 0.0, 0.0),
)
"""Exponent of each of `METHODS` in each candidate."""
_LEAST_SHARE = 0.003


def pooled_masks(masks: Shares) -> Shares:
    """Return the candidates, shape (len(POOLS), frames, bands).

    Parameters
    ----------
    masks : shares by each of `METHODS`, shape (len(METHODS), frames, bands)
    """
    limited = np.clip(masks, _LEAST_SHARE, 1.0 - _LEAST_SHARE)
    odds = np.log(limited / (1.0 - limited))
    pooled = np.tensordot(np.asarray(POOLS, np.float32), odds, axes=1)
    return np.asarray(1.0 / (1.0 + np.exp(-pooled)), np.float32)


def by_method(weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how much each of `METHODS` counts where candidates have some weights; adds up to 1.

    Parameters
    ----------
    weights : of each candidate, shape (len(POOLS),); add up to 1
    """
    exponents = np.asarray(POOLS)
    return np.asarray(weights @ (exponents / exponents.sum(axis=1, keepdims=True)))


SURROUNDINGS = (
    "rhythm of 3 to 8 Hz",
    "rhythm of 8 to 20 Hz",
    "tonality",
    "change of each band",
    "change from frame to frame",
    "tilt",
    "change of the level",
    "share of quiet frames",
    "difference between before and after",
    "deviation of the window",
    "share of the window that deviates much",
    "share of the window above the loudest around",
    "length of the surroundings",
    "change within the window",
)
"""Names of the measures, in their order."""
_LEAST_POWER = 1e-9
_QUIETEST_SHARE = 1e-4
_RHYTHMS_HZ = ((3.0, 8.0), (8.0, 20.0))
_ALL_RHYTHMS_HZ = (0.5, 20.0)
_LEAST_DEVIATION = 0.3
_LOUDEST_SHARE = 0.95


def surroundings(
    power: NDArray[np.float32], inside: NDArray[np.bool_], around: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the measures of one segment, shape (len(SURROUNDINGS),); NaN where there is nothing to compare.

    None depends on the level of the recording.

    Parameters
    ----------
    power : mel power, shape (frames, bands)
    inside, around : frames inside the windows, and those that no window reaches, shape (frames,)
    """
    levels = np.log(power.astype(np.float64) + _LEAST_POWER)
    quietest = np.log(np.exp(levels[around]).mean() * _QUIETEST_SHARE + _LEAST_POWER)
    beyond, within = (np.maximum(levels[each], quietest) for each in (around, inside))
    energy = np.exp(beyond).sum(axis=1)
    envelope = np.sqrt(energy) / np.sqrt(energy).mean() - 1.0
    half = power.shape[1] // 2
    bands = np.exp(beyond).sum(axis=0)
    return np.asarray(
        [
            *_rhythms(envelope),
            (np.log(np.exp(beyond).mean(axis=1)) - beyond.mean(axis=1)).mean(),
            beyond.std(axis=0).mean(),
            np.abs(np.diff(beyond, axis=0)).mean(),
            np.log(bands[half:].sum() / bands[:half].sum() + 1e-6),
            np.log(energy).std(),
            (envelope < -0.5).mean(),
            _difference(beyond, np.flatnonzero(around) < np.flatnonzero(inside)[0]),
            *_deviations(within, beyond),
            np.log(len(beyond)),
            levels[inside].std(axis=0).mean(),
        ],
        np.float32,
    )


def _rhythms(envelope: Levels) -> list[float]:
    """Return the share of an envelope's power in each of `_RHYTHMS_HZ`."""
    power = np.abs(np.fft.rfft(envelope * np.hanning(len(envelope)))) ** 2
    rates_hz = np.fft.rfftfreq(len(envelope), MEL.hop_samples / MEL.rate_hz)

    def between(lowest_hz: float, highest_hz: float) -> float:
        return float(power[(rates_hz > lowest_hz) & (rates_hz < highest_hz)].sum())

    total = between(*_ALL_RHYTHMS_HZ) + _LEAST_POWER
    return [between(*each) / total for each in _RHYTHMS_HZ]


def _difference(beyond: Levels, is_before: NDArray[np.bool_]) -> float:
    if is_before.all() or not is_before.any():
        return float("nan")
    return float(np.abs(beyond[is_before].mean(axis=0) - beyond[~is_before].mean(axis=0)).mean())


def _deviations(within: Levels, beyond: Levels) -> list[float]:
    """Return the level of the window above its surroundings: on average, and the share far above."""
    deviations = (within - beyond.mean(axis=0)) / (beyond.std(axis=0) + _LEAST_DEVIATION)
    power = np.exp(within)
    is_above = within > np.quantile(beyond, _LOUDEST_SHARE, axis=0)
    return [
        float(deviations.mean()),
        float((deviations > 2.0).mean()),
        float((power * is_above).sum() / power.sum()),
    ]


WEIGHTS = RESOURCES / "models" / "outcome.safetensors"
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
