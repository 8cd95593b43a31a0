"""Compare networks without labels: how well each tells kept audio from faults planted in it.

Losses of different networks cannot be compared, and the one-class loss is least where a network says the same
of everything. So faults are planted in the recordings set aside for validation, and the area under the ROC
curve is taken between windows that are mostly fault and windows that hold none. Nothing but the folder to
learn from is heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.faults.kinds import MAKERS
from engine.anomaly.faults.planting import Planted, plant
from engine.anomaly.faults.practice_kinds import PRACTICE_MAKERS, made_up_clips
from engine.anomaly.material import Recording, split
from engine.anomaly.metrics import auc
from engine.anomaly.svdd.hearing import embeddings
from engine.anomaly.svdd.learning import Heard
from engine.anomaly.svdd.model import SvddModel
from engine.anomaly.svdd.settings import DeepSvddConfig
from engine.embeddings import registry
from engine.errors import TasteError
from engine.features.mono import mono_blocks
from engine.progress import Progress
from engine.timebase import s_to_samples

_FAULT_SHARE = 0.4
_FAULTS_PER_WINDOW = (0.8, 2.0)  # shortest and longest fault, in windows
_MOST_S = 300.0  # of each recording: enough for dozens of faults
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class PlantedWindows:
    """Windows that are mostly fault or hold none.

    Attributes
    ----------
    vectors : embeddings, shape (n, size)
    is_fault : shape (n,)
    """

    vectors: NDArray[np.float32]
    is_fault: NDArray[np.bool_]

    def auc(self, model: SvddModel) -> float:
        """Return how often a model finds a window of a fault odder than one without."""
        return auc(self.is_fault, model.judge_vectors(self.vectors).own)


def planted_windows(heard: Heard, config: DeepSvddConfig, seed: int, progress: Progress) -> PlantedWindows:
    """Plant faults of all kinds in the recordings that are set aside for validation, and hear them.

    Raises
    ------
    TasteError : none is set aside, or they are too short for faults and music both
    """
    rng = np.random.default_rng(seed)
    aside = validation_recordings(heard, config)
    vectors, shares = [], []
    for number, recording in enumerate(aside):
        progress.check_cancelled()
        planted = _planted(recording, config, rng)
        embedder = registry.embedder(config.embedding)
        found = list(embeddings([planted.audio[:, 0]], recording.level_db, config, embedder, iter))
        vectors += found
        shares.append(_fault_shares(planted, sum(map(len, found)), config))
        progress.report((number + 1) / len(aside), f"Planting faults in {recording.name}")
    share = np.concatenate(shares)
    is_fault, is_kept = share > _MOSTLY, share == 0.0
    if not is_fault.any() or not is_kept.any():
        names = ", ".join(recording.name for recording in aside)
        raise TasteError(f"{names}: too short to compare networks on: add longer ones, or shorten window_s.")
    either = is_fault | is_kept
    return PlantedWindows(np.concatenate(vectors)[either], is_fault[either])


def validation_recordings(heard: Heard, config: DeepSvddConfig) -> tuple[Recording, ...]:
    """Return the recordings that the recipe sets aside.

    Raises
    ------
    TasteError : there is only one, of which blocks are set aside
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


def _planted(recording: Recording, config: DeepSvddConfig, rng: np.random.Generator) -> Planted:
    rate_hz = config.mel.rate_hz
    clean = np.concatenate(list(mono_blocks(recording.path, rate_hz)))[: s_to_samples(_MOST_S, rate_hz)]
    # A short one is repeated, so that something clean as long as a window is left around a fault.
    clean = np.resize(clean, max(len(clean), s_to_samples(6.0 * config.window_s, rate_hz)))
    makers = {**MAKERS, **PRACTICE_MAKERS}
    shortest_s, longest_s = (config.window_s * share for share in _FAULTS_PER_WINDOW)
    clips, length_s = made_up_clips(rate_hz, rng), (shortest_s, longest_s)
    return plant(clean[:, None], rate_hz, list(makers), _FAULT_SHARE, rng, clips, length_s, makers)


def _fault_shares(planted: Planted, count: int, config: DeepSvddConfig) -> NDArray[np.float64]:
    """Return how much of each window is fault, shape (count,)."""
    rate_hz = config.mel.rate_hz
    is_fault = np.zeros(len(planted.audio) + 1, np.int64)
    for fault in planted.faults:
        is_fault[fault.start_samples + 1 : fault.stop_samples + 1] = 1
    before = np.cumsum(is_fault)
    starts = np.arange(count) * s_to_samples(config.hop_s, rate_hz)
    stops = np.minimum(starts + s_to_samples(config.window_s, rate_hz), len(planted.audio))
    shares: NDArray[np.float64] = (before[stops] - before[np.minimum(starts, stops)]) / np.maximum(
        stops - starts, 1
    )
    return shares
