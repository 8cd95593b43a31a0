"""Evidence of the sound detector for a prompt: in the window, in its new sounds, and around it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector, pooled
from engine.analysis.detection.network import FRAMES_EACH
from engine.analysis.detection.spectra import LEAST_POWER
from engine.analysis.learning.torch_threads import few_threads
from engine.analysis.words.text import text_encoder
from engine.analysis.words.vocabulary import vocabulary
from engine.features.repair.separation.separator import Prompt

EVIDENCE = (
    "odds in the window",
    "odds in what is new",
    "odds around",
    "odds in the window relative to the likeliest sound",
    "odds in what is new relative to the likeliest sound",
)
"""Names of the measures, in their order."""
_MOST_ODDS = 20.0
Shares = NDArray[np.float32]


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
