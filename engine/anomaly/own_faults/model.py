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
from engine.anomaly.recipe import Judged, Passing, without_parts
from engine.anomaly.recipe_config import RecipeConfig
from engine.features.tuning import TUNING_BINS
from engine.learning.loop import seeded
from engine.progress import Progress

_NETWORK = "network."


@dataclass(frozen=True, slots=True, eq=False)
class OwnFaultsModel:
    """A network and what it standardises with."""

    config: OwnFaultsConfig
    network: Committee
    scaling: Scaling

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        return STEP_FRAMES * self.config.mel.hop_samples / self.config.mel.rate_hz

    @property
    def part_names(self) -> tuple[str, ...]:
        """What the parts of a score are called: it has none."""
        return ()

    def first_s(self, heard_s: float) -> float:  # noqa: ARG002 - the network hears zeros before the start
        """Return where the first score stands: at the very start."""
        return 0.0

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the logits of the steps."""
        gain = np.float32(10.0 ** (-level_db / 20.0))
        heard = hear((block * gain for block in blocks), self.config.mel, passing)
        return map(without_parts, logits_of(self.network, self.scaling, heard, progress))

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""
        weights = {_NETWORK + name: value for name, value in self.network.state_dict().items()}
        return {**weights, **{name: torch.tensor(value) for name, value in asdict(self.scaling).items()}}

    def facts(self) -> Mapping[str, object]:
        """Return what else to store: nothing."""
        return {}


def load(
    config: RecipeConfig,
    tensors: Mapping[str, Tensor],
    facts: Mapping[str, object],  # noqa: ARG001 - nothing but tensors was stored
) -> OwnFaultsModel:
    """Bring a model back.

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
    with seeded(0):  # the weights drawn here are replaced at once, and nobody else's draws may move
        network = Committee(config.mel.n_mels, config.width, config.members)
    weights = {k.removeprefix(_NETWORK): value for k, value in tensors.items() if k.startswith(_NETWORK)}
    network.load_state_dict(weights)
    return OwnFaultsModel(config, network.eval(), scaling)
