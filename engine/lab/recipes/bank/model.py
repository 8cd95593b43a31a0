"""Memory bank model: scores streams, and is stored on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.measures import PART_OF_MEASURE, stored_usual
from engine.features.taste.anomaly.recipes.memory import stored_memory
from engine.features.taste.anomaly.recipes.recipe import Judged, Passing, restored, weights_of
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.bank.fitting import Bank, Eye, Windows
from engine.lab.recipes.bank.network import WindowEncoder
from engine.lab.recipes.bank.settings import MemoryBankConfig
from engine.lab.recipes.bank.windows import Stretch, pulses, sliced, spread, stretches, windows
from engine.lab.recipes.standardisation import stored_standardisation

STEP_FRAMES = 8
_ENCODER = "encoder."


@dataclass(frozen=True, slots=True, eq=False)
class MemoryBankModel:
    """A memory bank that scores streams."""

    bank: Bank

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        mel = self.bank.config.mel
        return STEP_FRAMES * mel.hop_samples / mel.rate_hz

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the measures."""
        return tuple(PART_OF_MEASURE[measure] for measure in self.bank.config.measures)

    def first_s(self, length_s: float) -> float:  # noqa: ARG002 - a window begins at the very start
        """Return the time of the first score: 0."""
        return 0.0

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the mean of the measures of the windows over each moment."""
        config = self.bank.config
        gain = np.float32(10.0 ** (-level_db / 20.0))
        for stretch in stretches((block * gain for block in blocks), config.mel, passing):
            progress.check_cancelled()
            spans, heard = look(stretch, config)
            at = np.arange(stretch.first_frame, stretch.last_frame, STEP_FRAMES)
            logs = spread(self.bank.logs(heard), spans, at.astype(np.float64))
            yield self.bank.usual.judged(logs)

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights, the memory and the statistics to store."""
        eye = self.bank.eye
        stored: dict[str, Tensor] = {}
        if eye.encoder is not None:
            stored |= weights_of(eye.encoder, _ENCODER)
        if self.bank.memory is not None:
            stored |= self.bank.memory.tensors()
        return {**stored, **eye.scaling.tensors(), **self.bank.usual.tensors()}

    def facts(self) -> Mapping[str, object]:
        """Return the JSON values to store."""
        return self.bank.eye.scaling.facts()


def look(stretch: Stretch, config: MemoryBankConfig) -> tuple[NDArray[np.float64], Windows]:
    """Return the windows of a segment: spans in frames, shape (n, 2), and their features."""
    places = pulses(stretch.samples, config.mel.rate_hz, config.even_s, on_beats=config.on_beats)
    spans = windows(places, config.pulses) / config.mel.hop_samples
    return spans, sliced(stretch.frames_db, spans, config.slices)


def load(config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> MemoryBankModel:
    """Restore a model.

    Raises
    ------
    ValueError, KeyError, RuntimeError : the stored values do not fit
    """
    assert isinstance(config, MemoryBankConfig)
    scaling = stored_standardisation(config.mel.n_mels, tensors, facts)
    encoder = _encoder(config, tensors) if config.view == "encoder" else None
    size = config.latent if encoder is not None else 3 * config.mel.n_mels
    memory = stored_memory(tensors, size) if set(config.measures) != {"reconstruction"} else None
    usual = stored_usual(tensors, len(config.measures))
    return MemoryBankModel(Bank(config, Eye(scaling, encoder), memory, usual))


def _encoder(config: MemoryBankConfig, tensors: Mapping[str, Tensor]) -> WindowEncoder:
    return restored(lambda: WindowEncoder(config.slices, config.mel.n_mels, config.latent), tensors, _ENCODER)
