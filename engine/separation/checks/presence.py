"""Estimate how likely a sound is present in a window: from the detector and from the mask of the sound.

The detector estimates how well words match the sound, the separation network the share of the window they
would cover. Neither is certain in a mixture; together they distinguish present from absent sounds better than
either. A logistic regression, fitted by `engine.lab.evaluation.separation.presence`, joins them. Speech is
detected by the network that separates it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.detection.detector import CONTEXT_S, detector
from engine.detection.spectra import MEL, Spectra
from engine.detection.versions import OTHER_SOUND, name_words
from engine.separation.by_prompt import is_speech
from engine.separation.mask import Mode, masked
from engine.separation.networked import inside_frames, network_separator
from engine.separation.plain.factors import FactorSeparator
from engine.separation.plain.outside import shares_in_bands
from engine.separation.plain.subtraction import SubtractionSeparator
from engine.separation.separator import Prompt, Stretch
from engine.separation.speech import speech_separator
from engine.words.text import SIZE

Floats = NDArray[np.float32]
FEATURES = 13
_STEPS = 2
_LEAST = 1e-3
_MEANS = (
    *(-4.2119, -6.2761, -4.2994, -6.1126, -1.6379, -0.9561, 0.5892, -1.0324),
    *(-1.8217, -2.1021, -4.1058, 0.7931, 0.8161),
)
_WEIGHTS = (
    *(0.1824, 0.1387, -0.0498, 0.2382, -0.2938, 0.9289, 1.1715, -0.331),
    *(0.3979, 0.0483, -0.1077, -1.1504, 1.672),
)
_OFFSET = -0.7177
NEW_HERE = Prompt("the most prominent sound", np.zeros(SIZE, np.float32))


def probabilities(stretch: Stretch, prompts: Sequence[Prompt]) -> NDArray[np.float64]:
    """Return the probability of each prompt in the windows of a segment, shape (prompts,).

    Parameters
    ----------
    prompts : words

    Raises
    ------
    OffcutError : weights are missing or damaged
    """
    spoken = np.array([is_speech(prompt) for prompt in prompts])
    found = np.empty(len(prompts))
    if spoken.any():
        found[spoken] = speech_separator().probability(stretch)
    if not spoken.all():
        others = [prompt for prompt, is_spoken in zip(prompts, spoken, strict=True) if not is_spoken]
        found[~spoken] = 1.0 / (1.0 + np.exp(-odds_of(features(stretch, others))))
    return found


def odds_of(measures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds that follow from `features`, shape (prompts,)."""
    return np.asarray((measures - np.array(_MEANS)) @ np.array(_WEIGHTS) + _OFFSET)


def features(stretch: Stretch, prompts: Sequence[Prompt]) -> NDArray[np.float64]:
    """Return the measures that the probability follows from, shape (prompts, FEATURES).

    Of the recording, and of the parts louder than its surroundings: log odds of the prompt, and their
    distance from those of all names of other sounds. Of the mask of the prompt: the share of the window's
    power that it covers, the same compared with all new sounds there, its highest shares and its fullest
    moment; its overlap with the new sounds of NMF and of the network without words, and its part outside
    NMF's; its correlation over time with both.
    """
    vectors = np.stack([prompt.vector for prompt in prompts])
    above = SubtractionSeparator().masks(stretch, prompts[:1])[0]
    new = masked(stretch.samples[:, None], MEL.rate_hz, above, Mode.KEEP)[:, 0]
    inside = np.zeros(len(new), bool)
    for start, stop in _spans(stretch):
        inside[start:stop] = True
    detected = [
        _detected(stretch.samples, _spans(stretch), vectors),
        _detected(np.where(inside, new, np.float32(0.0)), _spans(stretch), vectors),
    ]
    return np.concatenate([*detected, _covered(stretch, prompts)], axis=1)


def _spans(stretch: Stretch) -> list[tuple[int, int]]:
    """Return the windows of a segment in samples."""
    return [
        (round(start_s * MEL.rate_hz), round(stop_s * MEL.rate_hz)) for start_s, stop_s in stretch.windows_s
    ]


def _detected(samples: Floats, spans: Sequence[tuple[int, int]], vectors: Floats) -> NDArray[np.float64]:
    """Return the highest log odds of each prompt in some spans, and how far above other names they are.

    Returns
    -------
    measures : shape (prompts, 2)
    """
    reach = round(CONTEXT_S * MEL.rate_hz)
    padded = np.pad(samples, reach)
    found = []
    for start, stop in spans:
        around = padded[start : stop + 2 * reach]
        heard = detector().heard([around]).within(CONTEXT_S, stop - start).vectors
        found.append(np.stack([heard[at : at + _STEPS].mean(axis=0) for at in range(max(1, len(heard) - 1))]))
    means = np.concatenate(found)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    names = name_words()
    odds = detector().odds(means, np.concatenate([vectors, names])).max(axis=0)
    own, others = odds[: len(vectors)], odds[len(vectors) :]
    is_other = vectors @ names.T < OTHER_SOUND
    above = [each - np.logaddexp.reduce(others[other]) for each, other in zip(own, is_other, strict=True)]
    return np.stack([own, np.array(above)], axis=1).astype(np.float64)


def _covered(stretch: Stretch, prompts: Sequence[Prompt]) -> NDArray[np.float64]:
    """Return the coverage of the windows by the masks of prompts and of new sounds, shape (prompts, 9)."""
    masks = network_separator().masks(stretch, (*prompts, NEW_HERE))
    with torch.inference_mode():
        spectra = Spectra()
        spectrum = spectra.spectrum(torch.tensor(stretch.samples)[None])
        power = spectra.power(spectrum)[0].numpy()
        inside = inside_frames(stretch.windows_s, len(power)).numpy()
        bins = (spectrum.real.square() + spectrum.imag.square())[0].T.numpy()
        bank = spectra.bank.numpy()
    factors = FactorSeparator().masks(stretch, prompts[:1])[0].shares
    new = shares_in_bands(factors, bins, power, bank)[inside]
    sounding = power[inside]
    shares = np.stack([mask.shares[inside] for mask in masks])
    covered = _logarithm_of_share(shares, sounding)
    own = shares[:-1]
    return np.stack(
        [
            covered[:-1],
            covered[:-1] - covered[-1],
            np.quantile(own, 0.95, axis=(1, 2)),
            np.log(own.mean(axis=2).max(axis=1) + _LEAST),
            _logarithm_of_share(own * new, sounding),
            _logarithm_of_share(own * shares[-1], sounding),
            _logarithm_of_share(own * (1.0 - new), sounding),
            _likeness(own, new, sounding),
            _likeness(own, shares[-1], sounding),
        ],
        axis=1,
    ).astype(np.float64)


def _logarithm_of_share(shares: Floats, power: Floats) -> NDArray[np.float64]:
    """Return the logarithm of the share of power that each mask covers, shape (masks,)."""
    covered = (shares * power).sum(axis=(1, 2)) / max(float(power.sum()), 1e-12)
    return np.asarray(np.log(covered + _LEAST), np.float64)


def _likeness(shares: Floats, others: Floats, power: Floats) -> NDArray[np.float64]:
    """Return the correlation over time of each mask's power with another mask's, shape (masks,).

    0 where either does not change.
    """
    levels = (np.concatenate([shares, others[None]]) * power).sum(axis=2, dtype=np.float64)
    levels -= levels.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(levels, axis=1)
    products = levels[:-1] @ levels[-1]
    return np.asarray(products / np.maximum(sizes[:-1] * sizes[-1], 1e-12))
