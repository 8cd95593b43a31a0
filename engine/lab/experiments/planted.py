"""Compare networks without labels, by their detection of faults injected into training audio.

Losses of different networks are not comparable, and a constant output minimizes the one-class loss. So
faults are injected into the validation recordings, and the ROC AUC is taken between windows with a fault at
their centre and all others. Only the training folder is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.embeddings.preparation import embedded
from engine.analysis.signal.streams import mono_blocks
from engine.core.errors import TasteError
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples, s_to_samples_array
from engine.features.taste.anomaly.planting import MAKERS, Planted, plant
from engine.features.taste.anomaly.practice_kinds import PRACTICE_MAKERS, made_up_clips
from engine.features.taste.anomaly.recipes.embedded import Embedded, hearing_of
from engine.features.taste.anomaly.recipes.material import Recording, split
from engine.features.taste.anomaly.threshold import auc
from engine.lab.recipes.svdd.model import SvddModel
from engine.lab.recipes.svdd.settings import DeepSvddConfig

_FAULT_SHARE = 0.4
_FAULT_LENGTH_S = (4.0, 20.0)
_LEAST_S, _MOST_S = 60.0, 300.0  # of each recording: room for some faults, and enough of them


@dataclass(frozen=True, slots=True, eq=False)
class PlantedWindows:
    """Windows of recordings with faults in them.

    Attributes
    ----------
    vectors : embeddings, shape (n, size)
    is_fault : whether the middle of each is in a fault, shape (n,)
    """

    vectors: NDArray[np.float32]
    is_fault: NDArray[np.bool_]

    def auc(self, model: SvddModel) -> float:
        """Return the AUC of windows with faults against unchanged ones."""
        return auc(self.is_fault, model.judge_vectors(self.vectors).own)


def planted_windows(heard: Embedded, config: DeepSvddConfig, seed: int, progress: Progress) -> PlantedWindows:
    """Inject faults of all kinds into the validation recordings, and embed them.

    Raises
    ------
    TasteError : there is only one recording
    SourceError : one cannot be read any more
    """
    rng = np.random.default_rng(seed)
    hearing = hearing_of(config)
    aside = validation_recordings(heard, config)
    vectors, is_fault = [], []
    for number, recording in enumerate(aside):
        progress.check_cancelled()
        planted = _planted(recording, config.mel.rate_hz, rng)
        found = np.concatenate(
            list(embedded([planted.audio[:, 0]], recording.level_db, hearing, heard.embedder))
        )
        vectors.append(found)
        is_fault.append(_in_faults(planted, len(found), config))
        progress.report((number + 1) / len(aside), f"Planting faults in {recording.name}")
    return PlantedWindows(np.concatenate(vectors), np.concatenate(is_fault))


def validation_recordings(heard: Embedded, config: DeepSvddConfig) -> tuple[Recording, ...]:
    """Return the recordings that the recipe sets aside.

    Raises
    ------
    TasteError : there is only one recording, with held-out blocks
    """
    if len(heard.recordings) < 2:
        raise TasteError(
            f"{heard.recordings[0].name} is the only recording: an experiment needs two or more, "
            "since it is judged by recordings that no network has heard."
        )
    # The split goes by lengths alone, so numbers are split as the recordings they stand for.
    numbers = [np.full(len(vectors), number, np.float32) for number, vectors in enumerate(heard.vectors)]
    aside = {int(piece[0]) for piece in split(numbers, config.validation_share, least=1).validation}
    return tuple(recording for number, recording in enumerate(heard.recordings) if number in aside)


def _planted(recording: Recording, rate_hz: int, rng: np.random.Generator) -> Planted:
    clean = np.concatenate(list(mono_blocks(recording.path, rate_hz)))[: s_to_samples(_MOST_S, rate_hz)]
    clean = np.resize(clean, max(len(clean), s_to_samples(_LEAST_S, rate_hz)))  # a short one is repeated
    makers = {**MAKERS, **PRACTICE_MAKERS}
    clips = made_up_clips(rate_hz, rng)
    return plant(clean[:, None], rate_hz, list(makers), _FAULT_SHARE, rng, clips, _FAULT_LENGTH_S, makers)


def _in_faults(planted: Planted, count: int, config: DeepSvddConfig) -> NDArray[np.bool_]:
    """Return whether the middle of each window is in a fault, shape (count,)."""
    middles_s = config.window_s / 2 + config.hop_s * np.arange(count)
    middles_samples = s_to_samples_array(middles_s, config.mel.rate_hz)
    inside = np.zeros(count, bool)
    for fault in planted.faults:
        inside |= (middles_samples >= fault.start_samples) & (middles_samples < fault.stop_samples)
    return inside
