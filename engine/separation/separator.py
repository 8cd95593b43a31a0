"""What a separator is: it hears a window and what surrounds it, is told what is meant, and answers a mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.separation.mask import Mask

CONTEXT_S = 4.0
"""How much of the recording before and after a window is heard."""


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """What is meant: words, or a sound like those.

    Attributes
    ----------
    text : as the user wrote it; of an example, how it is told
    vector : of length 1, shape (engine.words.text.SIZE,)
    example : whether the vector is that of a sound
    stays : whether it says what is not meant, so that what is meant is told apart from it
    """

    text: str
    vector: NDArray[np.float32]
    example: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stretch of a recording, mono, at the rate of `engine.detection.spectra.MEL`.

    Attributes
    ----------
    samples : float32, shape (frames,)
    windows_s : [start, stop) of what is to be separated, from the start of the stretch; may be many
    """

    samples: NDArray[np.float32]
    windows_s: tuple[tuple[float, float], ...]


@runtime_checkable
class Separator(Protocol):
    """Answers masks; one that cannot tell words apart answers the same whatever is meant."""

    @property
    def name(self) -> str:
        """What it is called in the window, on the command line and as the maker of a repair."""

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt, over all of the stretch."""
