"""Words to learn from: names of sounds and other words for them, as vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.analysis.sound_names.prompts import text_encoder
from engine.analysis.sound_names.vocabulary import Named, vocabulary

_FRAMES = ("{}", "the sound of {}", "a {}", "{} sound", "sound of a {}", "some {}")
"""Words around the name that do not change its meaning."""


class Prompts:
    """Vectors of all words for some sounds; `kept_back` are never among them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        encode = text_encoder().encode
        self.named = torch.tensor(np.stack([encode(name) for name in names]))
        self._said = [
            torch.tensor(
                np.stack(
                    [
                        encode(frame.format(word))
                        for word in (name, *vocabulary().get(name, Named(name)).said)
                        for frame in _FRAMES
                    ]
                )
            )
            for name in names
        ]

    def drawn(self, numbers: Sequence[int], rng: np.random.Generator, plain: float = 0.4) -> Tensor:
        """Return a vector for each sound by number, shape (n, SIZE): its name, or other words for it.

        Parameters
        ----------
        plain : how often the name itself is taken
        """
        rows = [
            self.named[number]
            if rng.random() < plain
            else self._said[number][int(rng.integers(len(self._said[number])))]
            for number in numbers
        ]
        return torch.stack(rows)
