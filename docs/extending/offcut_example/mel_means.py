"""The embedding "mel-means": how loud each mel band of a window is on the whole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import log_mel_blocks
from engine.core.errors import UsageError

MEL = MelSettings(rate_hz=22_050, n_fft=1024, hop_samples=256, n_mels=64)


@dataclass(frozen=True, slots=True)
class MelMeans:
    """See `engine.analysis.embeddings.registry.Embedder`; a new version gets a new name."""

    name: str = "mel-means-1"
    rate_hz: int = MEL.rate_hz
    size: int = MEL.n_mels

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors, shape (n, size), of windows, shape (n, samples)."""
        if windows.shape[1] < MEL.rate_hz:
            raise UsageError("A window is too short to be embedded: choose a second or more.")
        means = [np.concatenate(list(log_mel_blocks([one], MEL))).mean(axis=0) for one in windows]
        return np.array(means, np.float32).reshape(len(windows), self.size)
