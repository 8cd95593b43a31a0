"""A trained fault detector: scores streams, and is stored on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.signal.stft import TUNING_BINS
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.memory import Vectors
from engine.features.taste.anomaly.recipes.own_faults.fitting import (
    Scaling,
    block_logits,
    in_blocks,
    quick_taggers,
)
from engine.features.taste.anomaly.recipes.own_faults.fusion import (
    MEMORY_PARTS,
    ODDER_STD,
    ReferenceTextures,
    attempts,
    stored_textures,
)
from engine.features.taste.anomaly.recipes.own_faults.network import (
    STEP_FRAMES,
    Committee,
    FrameFeatures,
    QuickTagger,
    frame_features,
    stored_form,
)
from engine.features.taste.anomaly.recipes.own_faults.rest import (
    BOUNDS_STD,
    RHYTHM_PART,
    RhythmTrust,
    log_unlike_rest,
    onset_strengths,
    plausible,
    stored_trust,
    thinned,
    weight_by_pauses,
)
from engine.features.taste.anomaly.recipes.recipe import (
    Judged,
    Passing,
    require_statistics,
    restored,
    weights_of,
)
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig, RecipeConfig

_NETWORK = "network."
_MEASURES = 2
"""Of the memory's measures, those that need no more than the moment itself."""

_PARTS, _MEAN, _STD = "fault_parts", "fault_mean", "fault_std"
_ATTEMPTS = "attempts_trust"


@dataclass(frozen=True, slots=True, eq=False)
class OwnFaultsModel:
    """Networks and their standardisation, and the training data for comparison.

    Attributes
    ----------
    fault_parts : names of the kinds of fault that the networks distinguish
    fault_mean, fault_std : of the fault logit on training audio
    references : None in an older taste, which scores by the logits alone
    rhythm : None in a taste of before, which does not compare rhythms
    attempts_trust : weight of short passages between pauses, 0 to 1; 0 in an older taste
    members : of the network, as they score
    """

    config: OwnFaultsConfig
    network: Committee
    scaling: Scaling
    fault_parts: tuple[str, ...]
    fault_mean: float = 0.0
    fault_std: float = 1.0
    references: ReferenceTextures | None = None
    rhythm: RhythmTrust | None = None
    attempts_trust: float = 0.0
    members: tuple[QuickTagger, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", quick_taggers(self.network))

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts of a score: kinds of fault, then distances from the training data."""
        memory = MEMORY_PARTS if self.references is not None else ()
        return self.fault_parts + memory + ((RHYTHM_PART,) if self.rhythm is not None else ())

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        return STEP_FRAMES * self.config.mel.hop_samples / self.config.mel.rate_hz

    def first_s(self, length_s: float) -> float:  # noqa: ARG002 - zeros come before the start
        """Return the time of the first score: 0."""
        return 0.0

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the scores of the steps, and the logits of each kind of fault and the memory's measures.

        With a memory, each moment is compared with the rest of its recording, so scores are yielded at the
        end; until then it holds 3 MB of measures, 5 MB of textures and 1 MB of onsets an hour.
        """
        gain = np.float32(10.0 ** (-level_db / 20.0))
        pieces = frame_features((block * gain for block in blocks), self.config.mel, passing)
        yield from self.judge_features(pieces, progress)

    def judge_features(self, pieces: Iterable[FrameFeatures], progress: Progress) -> Iterator[Judged]:
        """Yield the result of `judge` for the features of a levelled recording, in pieces."""
        rows = in_blocks(pieces, self._measured, progress)
        if self.references is None:
            for logits in rows:
                yield Judged(self._by_itself(logits), logits[:, 1:])
            return
        borders = np.cumsum([1 + len(self.fault_parts) + _MEASURES, STEP_FRAMES, 1])
        measured, strengths, levels_db, few, steps = [], [], [], [], 0
        for block in rows:
            own, onsets, level_db, textures = np.split(block, borders, axis=1)
            measured.append(own.copy())  # a view would hold the textures, too
            strengths.append(onsets.astype(np.float32))
            levels_db.append(level_db[:, 0].astype(np.float32))
            few.append(thinned(textures.astype(np.float32), steps))
            steps += len(block)
        if steps:
            yield self._compared(
                np.concatenate(measured),
                np.concatenate(strengths),
                np.concatenate(levels_db),
                np.concatenate(few),
                progress,
            )

    def _measured(self, features: FrameFeatures) -> NDArray[np.float64]:
        """Return logits and, where something is remembered, measures, onsets, levels and textures by step."""
        logits = block_logits(self.members, self.scaling, features)
        if self.references is None:
            return logits
        measures, textures = self.references.measured(features)
        onsets = np.zeros((len(features), STEP_FRAMES), np.float32)
        if self.rhythm is not None:
            onsets = onset_strengths(features, self.rhythm.floor_db)
        return np.column_stack([logits, measures, onsets, features.levels_db(), textures])

    def _by_itself(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return scores without the comparison with the rest, of logits and then measures of each step."""
        own: NDArray[np.float64] = (rows[:, 0] - self.fault_mean) / self.fault_std
        if self.references is not None:
            own = own + self.references.odder(rows[:, 1 + len(self.fault_parts) :], self.config)
        return own

    def _compared(
        self,
        rows: NDArray[np.float64],
        strengths: NDArray[np.float32],
        levels_db: NDArray[np.float32],
        few: Vectors,
        progress: Progress,
    ) -> Judged:
        """Compare the steps of a whole recording with its rest, and join all that is known of them."""
        assert self.references is not None
        own = self._by_itself(rows)
        reference = plausible(own, levels_db, self.hop_s)
        unlike = log_unlike_rest(few, len(rows), progress, reference)
        added = self.config.rest_weight * np.clip(self.references.unlike(unlike), *BOUNDS_STD)
        parts = [rows[:, 1:], unlike]
        if self.rhythm is not None:
            believed = self.rhythm.believed(strengths, progress, reference)
            added = added + self.config.rhythm_weight * np.clip(self.rhythm.odder(believed), *BOUNDS_STD)
            parts.append(believed)
        own = own + added * weight_by_pauses(levels_db)
        own = own + ODDER_STD * self.attempts_trust * attempts(levels_db)
        return Judged(own, np.column_stack(parts))

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""
        return {
            **weights_of(self.network, _NETWORK),
            **({} if self.references is None else self.references.tensors()),
            **{name: torch.tensor(value) for name, value in asdict(self.scaling).items()},
        }

    def facts(self) -> Mapping[str, object]:
        """Return the JSON values to store."""
        return {
            _PARTS: list(self.fault_parts),
            _MEAN: self.fault_mean,
            _STD: self.fault_std,
            _ATTEMPTS: self.attempts_trust,
            **({} if self.references is None else self.references.facts()),
            **({} if self.rhythm is None else self.rhythm.facts()),
        }


def load(config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> OwnFaultsModel:
    """Restore a model; an older one has no parts and no memory.

    Raises
    ------
    ValueError, KeyError, TypeError, RuntimeError : the stored values do not fit
    """
    assert isinstance(config, OwnFaultsConfig)
    scaling = Scaling(**{one.name: tensors[one.name].numpy() for one in fields(Scaling)})
    bands, bins = (config.mel.n_mels,), (TUNING_BINS,)
    require_statistics(tensors["mel_mean_db"], tensors["mel_std_db"], bands)
    require_statistics(tensors["tuning_mean"], tensors["tuning_std"], bins)
    names = facts.get(_PARTS, [])
    if not isinstance(names, list):
        raise TypeError("the names of the parts are not a list")
    part_names = tuple(map(str, names))
    weights = {k.removeprefix(_NETWORK): value for k, value in tensors.items() if k.startswith(_NETWORK)}
    form = stored_form(weights, config.mel.n_mels, config.width, len(part_names))
    network = restored(lambda: Committee(form, config.members), weights)
    mean, std = float(str(facts.get(_MEAN, 0.0))), float(str(facts.get(_STD, 1.0)))
    if not std > 0.0:
        raise ValueError("an invalid deviation")
    trust = float(str(facts.get(_ATTEMPTS, 0.0)))
    if not 0.0 <= trust <= 1.0:
        raise ValueError("an invalid trust")
    textures, rhythm = stored_textures(config.mel.n_mels, tensors, facts), stored_trust(facts)
    return OwnFaultsModel(config, network, scaling, part_names, mean, std, textures, rhythm, trust)
