"""A stream that buffers its samples and log-mel frames until they are released."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import log_mel_blocks
from engine.features.taste.anomaly.recipes.material import Array
from engine.features.taste.anomaly.recipes.recipe import Passing


class HeldStream:
    """Buffered part of a mono stream at the analysis rate.

    Attributes
    ----------
    frames_db : log-mel, shape (n, n_mels)
    """

    def __init__(self, blocks: Iterable[Array], mel: MelSettings, passing: Passing) -> None:
        self.frames_db: Array = np.zeros((0, mel.n_mels), np.float32)
        self._mel = mel
        self._samples: list[Array] = []
        self._frames = passing(log_mel_blocks(self._watched(blocks), mel))

    def _watched(self, blocks: Iterable[Array]) -> Iterator[Array]:
        for block in blocks:
            self._samples.append(block)
            yield block

    def __iter__(self) -> Iterator[Array]:
        """Yield `frames_db` each time there is more of it."""
        for frames in self._frames:
            self.frames_db = np.concatenate([self.frames_db, frames])
            yield self.frames_db

    def samples(self) -> Array:
        """Return the samples that are held, shape (n,)."""
        self._samples = [np.concatenate([np.zeros(0, np.float32), *self._samples])]
        return self._samples[0]

    def forget(self, count: int) -> None:
        """Release the first frames and their samples."""
        self.frames_db = self.frames_db[count:]
        self._samples = [self.samples()[count * self._mel.hop_samples :].copy()]
