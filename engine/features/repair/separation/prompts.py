"""Prompts as users give them: words, or a sound that is marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.analysis.words.negation import without_not
from engine.analysis.words.text import SIZE, text_encoder
from engine.core.errors import UsageError
from engine.features.repair.separation.separator import Prompt

MOST_PROMPTS = 12


def prompts_of(texts: Sequence[str]) -> tuple[Prompt, ...]:
    """Return the prompts of words; without any, one for all new sounds in the window.

    "not speech" names a sound to keep, to be separated from the target.

    Raises
    ------
    UsageError : words are empty, too long or unknown, or there are too many
    """
    if len(texts) > MOST_PROMPTS:
        raise UsageError(f"{len(texts)} sounds are named at once: name {MOST_PROMPTS} at most.")
    if not texts:
        return (Prompt("the most prominent sound", np.zeros(SIZE, np.float32)),)
    return tuple(_named(" ".join(text.split())) for text in texts)


def _named(words: str) -> Prompt:
    meant = without_not(words)
    return Prompt(words, text_encoder().encode(meant), stays=meant != words)


def example_prompt(vector: NDArray[np.float32], told: str) -> Prompt:
    """Return a prompt for sounds like an example.

    Parameters
    ----------
    vector : as `engine.analysis.detection.detector.Detector.vector` returns it

    Raises
    ------
    UsageError : nothing sounds in it
    """
    if not np.any(vector):
        raise UsageError("The example is silent: select the sound.")
    return Prompt(told, np.asarray(vector, np.float32), example=True)
