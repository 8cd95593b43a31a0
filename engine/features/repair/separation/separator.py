"""Interface of a separator: takes a window, its surroundings and prompts, and returns masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.features.repair.separation.mask import Mask

CONTEXT_S = 4.0
"""Length of the context before and after a window."""


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A target: words, or an example sound.

    Attributes
    ----------
    text : as the user wrote it; of an example, its description
    vector : of length 1, shape (engine.analysis.words.text.SIZE,)
    example : whether the vector is that of a sound
    stays : whether it names a sound to keep, from which the target is separated
    """

    text: str
    vector: NDArray[np.float32]
    example: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A segment of a recording, mono, at the rate of `engine.analysis.detection.spectra.MEL`.

    Attributes
    ----------
    samples : float32, shape (frames,)
    windows_s : [start, stop) to be separated, from the start of the segment; may be many
    """

    samples: NDArray[np.float32]
    windows_s: tuple[tuple[float, float], ...]


@runtime_checkable
class Separator(Protocol):
    """Returns masks; one without words returns the same mask for any prompt."""

    @property
    def name(self) -> str:
        """Its name in the window, on the command line and as the maker of a repair."""

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt, over the whole segment."""
