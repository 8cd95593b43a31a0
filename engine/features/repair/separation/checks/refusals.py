"""Refuse prompts that cannot be separated: one rule for every surface.

A prompt must name a known sound, and that sound must be likely enough in a window. Whether the result is
credible is decided where it is made (`engine.features.repair.separation.outcomes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from engine.analysis.learning.torch_threads import few_threads
from engine.analysis.words.negation import without_not
from engine.analysis.words.understanding import known_sounds, require_understood, require_words, separable
from engine.core.errors import SoundNotFoundError
from engine.core.processes.side_by_side import in_groups
from engine.core.progress import SILENT, Progress
from engine.features.repair.separation.checks.presence import probabilities
from engine.features.repair.separation.levels.level_change import LEAST_PROBABILITY
from engine.features.repair.separation.names import DEFAULT
from engine.features.repair.separation.prompts import prompts_of
from engine.features.repair.separation.registry import SEPARATORS
from engine.features.repair.separation.separate import Recording, neighbourhoods
from engine.features.repair.separation.separator import Prompt


def understood_prompts(texts: Sequence[str], separator: str = DEFAULT) -> tuple[Prompt, ...]:
    """Return the prompts of texts that name sounds which Offcut knows.

    A separator of another package, or one with weights of its own, may know other sounds: of its prompts
    only words without meaning are refused.

    Parameters
    ----------
    separator : name or file of the separator that is asked

    Raises
    ------
    UnknownPromptError : a text does not name a known sound
    UsageError : a text is empty or too long, or there are too many
    """
    prompts = prompts_of(texts)
    known = separable() if separator == DEFAULT else known_sounds()
    require = require_understood if separator in SEPARATORS.own else require_words
    for text in texts:
        require(without_not(" ".join(text.split())), known)
    return prompts


def require_present(
    recordings: Iterable[Recording],
    windows: Sequence[tuple[int, int]],
    prompts: Sequence[Prompt],
    separator: str = DEFAULT,
    progress: Progress = SILENT,
) -> float | None:
    """Return the probability of the least likely of some sounds, and refuse an absent one.

    A sound is present if it is in one of the windows of one of the recordings. Examples and new sounds are
    not checked, nor are sounds to keep if another one is named.

    Parameters
    ----------
    recordings : of one moment, such as the tracks of a document
    windows : as `engine.features.repair.separation.windows.joined` returns them
    separator : name of the separator that is asked; only of prompts for Offcut's own the sounds are known

    Returns
    -------
    probability : 0 to 1; None where nothing was asked about

    Raises
    ------
    SoundNotFoundError : a sound is less likely than `LEAST_PROBABILITY`
    """
    asked = [prompt for prompt in prompts if not prompt.example and np.any(prompt.vector)]
    asked = [prompt for prompt in asked if not prompt.stays] or asked
    if not asked or separator not in SEPARATORS.own:
        return None
    highest = np.zeros(len(asked))
    sounding = (
        stretch
        for recording in recordings
        for stretch, _ in neighbourhoods(recording, windows, pieces_alone=True)
        if np.any(stretch.samples)
    )
    with few_threads():
        for found in in_groups(lambda stretch: probabilities(stretch, asked), sounding):
            progress.check_cancelled()
            highest = np.maximum(highest, found)
    place = int(highest.argmin())
    if highest[place] < LEAST_PROBABILITY:
        raise SoundNotFoundError(without_not(asked[place].text), float(highest[place]))
    return float(highest[place])
