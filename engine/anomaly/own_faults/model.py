"""A learned network that knows faults: scores what it hears, and goes to disk and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.anomaly.own_faults.fitting import Scaling, logits_of
from engine.anomaly.own_faults.hearing import STEP_FRAMES, hear
from engine.anomaly.own_faults.network import Committee
from engine.anomaly.own_faults.settings import OwnFaultsConfig
from engine.anomaly.recipe import Judged, Passing
from engine.anomaly.recipe_config import RecipeConfig
from engine.features.tuning import TUNING_BINS
from engine.learning.loop import seeded
from engine.progress import Progress

_NETWORK = "network."
_PARTS = "parts"


@dataclass(frozen=True, slots=True, eq=False)
class OwnFaultsModel:
    """A network, what it standardises with, and what the parts of its score are called."""

    config: OwnFaultsConfig
    network: Committee
    scaling: Scaling
    part_names: tuple[str, ...]

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        return STEP_FRAMES * self.config.mel.hop_samples / self.config.mel.rate_hz

    def first_s(self, heard_s: float) -> float:  # noqa: ARG002 - the network hears zeros before the start
        """Return where the first score stands: at the very start."""
        return 0.0

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the logits of the steps: of any fault, and of the faults of each part."""
        gain = np.float32(10.0 ** (-level_db / 20.0))
        heard = hear((block * gain for block in blocks), self.config.mel, passing)
        for logits in logits_of(self.network, self.scaling, heard, progress):
            yield Judged(logits[:, 0], logits[:, 1:])

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""
        weights = {_NETWORK + name: value for name, value in self.network.state_dict().items()}
        return {**weights, **{name: torch.tensor(value) for name, value in asdict(self.scaling).items()}}

    def facts(self) -> Mapping[str, object]:
        """Return what else to store: what the parts are called."""
        return {_PARTS: list(self.part_names)}


def load(
    config: RecipeConfig,
    tensors: Mapping[str, Tensor],
    facts: Mapping[str, object],
) -> OwnFaultsModel:
    """Bring a model back; one that was stored before its score had parts has none.

    Raises
    ------
    ValueError, KeyError, RuntimeError : what was stored does not fit
    """
    assert isinstance(config, OwnFaultsConfig)
    scaling = Scaling(**{field.name: tensors[field.name].numpy() for field in fields(Scaling)})
    bands, bins = (config.mel.n_mels,), (TUNING_BINS,)
    if (scaling.mel_mean_db.shape, scaling.mel_std_db.shape) != (bands, bands):
        raise ValueError("statistics of another shape")
    if (scaling.tuning_mean.shape, scaling.tuning_std.shape) != (bins, bins):
        raise ValueError("statistics of another shape")
    part_names = _names(facts.get(_PARTS, []))
    with seeded(0):  # the weights drawn here are replaced at once, and nobody else's draws may move
        network = Committee(config.mel.n_mels, config.width, config.members, len(part_names))
    weights = {k.removeprefix(_NETWORK): value for k, value in tensors.items() if k.startswith(_NETWORK)}
    network.load_state_dict(weights)
    return OwnFaultsModel(config, network.eval(), scaling, part_names)


def _names(stored: object) -> tuple[str, ...]:
    if not isinstance(stored, list):
        raise TypeError("the names of the parts are not a list")
    return tuple(str(name) for name in stored)
