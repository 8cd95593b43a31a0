"""Train every network of an experiment and compare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.lab.experiments.record import Trained, write_json
from engine.lab.experiments.recordings import PreparedRecordings
from engine.lab.experiments.settings import Experiment
from engine.lab.experiments.train import TrainRequest, train

SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A finished experiment, in the order of its networks."""

    folder: Path
    trained: tuple[Trained, ...]


def material_of(experiment: Experiment, audio: Path | None) -> PreparedRecordings:
    """Return the recordings to learn from.

    Parameters
    ----------
    audio : a folder that counts more than that of the experiment

    Raises
    ------
    UsageError : no folder is named, it is missing, or it has no audio
    """
    folder = audio or experiment.audio
    if folder is None:
        raise UsageError("The experiment names no recordings: add 'audio: FOLDER' to it, or give --audio.")
    return PreparedRecordings(folder, experiment.seed)


def run(experiment: Experiment, material: PreparedRecordings, folder: Path, progress: Progress) -> Run:
    """Train the networks one after another; those that are finished are only looked up.

    Raises
    ------
    OffcutError : as `engine.lab.experiments.train.train` does; networks that were finished before stay
    """
    trained = []
    for number, network in enumerate(experiment.networks):
        request = TrainRequest(
            network, experiment.config(network), experiment.seed, folder / network, experiment.wandb
        )
        trained.append(train(request, material, progress.step(number, len(experiment.networks))))
    write_json(folder / SUMMARY, {"networks": [summary_row(one) for one in trained]})
    return Run(folder, tuple(trained))


def summary_row(trained: Trained) -> Mapping[str, object]:
    """Return the figures of one network by name."""
    return {
        "network": trained.network,
        "planted_auc": trained.planted_auc,
        "validation": trained.validation,
        "best_epoch": trained.best_epoch,
        "epochs": trained.epochs,
        "taste": shown(trained.taste),
    }


def summary_table(trained: tuple[Trained, ...]) -> str:
    """Return the same as lines of text, the networks that find most faults first."""
    width = max(len("network"), *(len(one.network) for one in trained))
    lines = [f"{'network':<{width}}  {'planted AUC':>11}  {'validation':>10}  {'best epoch':>10}  taste"]
    lines += [
        f"{one.network:<{width}}  {one.planted_auc:>11.3f}  {one.validation:>10.4g}  "
        f"{f'{one.best_epoch}/{one.epochs}':>10}  {shown(one.taste)}"
        for one in sorted(trained, key=lambda one: -one.planted_auc)
    ]
    return "\n".join(lines)
