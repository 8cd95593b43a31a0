"""Sounds as prompts: their embeddings by the network of `engine.analysis.detection`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.analysis.detection.detector import SoundNetwork
from engine.analysis.detection.spectra import Spectra
from engine.lab.training.detection.sounds import Sound
from engine.lab.training.detection.train import CROP_SAMPLES, stretch

_EACH = 3


@torch.inference_mode()
def example_vectors(sounds: Sequence[Sound], network: SoundNetwork) -> dict[Path, Tensor]:
    """Return vectors of a few stretches of each sound, shape (_EACH, SIZE), by its path."""
    spectra = Spectra()
    rng = np.random.default_rng(5)
    vectors = {}
    for sound in sounds:
        parts = np.stack([stretch(sound.samples(), rng, CROP_SAMPLES // 2) for _ in range(_EACH)])
        vectors[sound.path] = network.pooled(*network(spectra.levels(spectra.spectrum(torch.tensor(parts)))))
    return vectors
