"""Train one network of an experiment, unless that was done already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.analysis.learning.loop import Epoch, few_threads
from engine.core.progress import Progress
from engine.features.taste.anomaly.learn import LearnRequest, write_taste
from engine.lab.experiments.record import (
    HISTORY,
    TASTE,
    Trained,
    fingerprint,
    finished,
    make_folder,
    write_history,
)
from engine.lab.experiments.recordings import PreparedRecordings
from engine.lab.experiments.tracking import require_wandb, tracked
from engine.lab.recipes.svdd.learning import learn_from
from engine.lab.recipes.svdd.settings import DeepSvddConfig

_PREPARING_SHARE, _TRAINING_SHARE = 0.3, 0.95


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """Which network to train, and where it goes.

    Attributes
    ----------
    folder : for the taste and the history; made where it is missing
    wandb : whether to report to Weights & Biases
    """

    network: str
    config: DeepSvddConfig
    seed: int
    folder: Path
    wandb: bool = False


def train(request: TrainRequest, material: PreparedRecordings, progress: Progress) -> Trained:
    """Train a network and write its taste and its history; one that is finished is only looked up.

    Raises
    ------
    TasteError : there is too little to learn from
    SourceError : a recording cannot be read
    OffcutError : the folder or a file in it cannot be written
    UsageError : Weights & Biases is wanted and not installed
    Cancelled : existing files do not change
    """
    config, folder = request.config, request.folder
    print_ = fingerprint(config, request.seed, material.digest)
    if (before := finished(request.network, folder, print_)) is not None:
        progress.report(1.0, f"{request.network} is trained already")
        return before
    if request.wandb:
        require_wandb()  # before minutes of training, not after
    make_folder(folder)
    with (
        few_threads(),
        tracked(request.wandb, request.network, config.model_dump(mode="json"), folder) as log,
    ):
        heard, planted = material.prepared(config, progress.part(0.0, _PREPARING_SHARE))
        outcome = learn_from(
            heard,
            config,
            request.seed,
            progress.part(_PREPARING_SHARE, _TRAINING_SHARE),
            lambda epoch: log(_figures(epoch, "pretraining/")),
            lambda epoch, _: log(_figures(epoch, "")),
        )
        planted_auc = planted.auc(outcome.model)
        log({"planted_auc": planted_auc})
    taste = LearnRequest(material.paths, config, request.seed, folder / TASTE, overwrite=True)
    (folder / HISTORY).unlink(missing_ok=True)  # an old one must not speak for the taste that comes now
    write_taste(outcome.learnt, taste, progress.part(_TRAINING_SHARE, 1.0))
    fitted = outcome.learnt.fitted
    trained = Trained(
        request.network, folder, len(fitted.history), fitted.best.number, fitted.best.validation, planted_auc
    )
    write_history(trained, print_, config, outcome.pretrained.history, fitted.history)
    return trained


def _figures(epoch: Epoch, prefix: str) -> dict[str, float]:
    return {f"{prefix}loss": epoch.loss, f"{prefix}validation": epoch.validation}
