"""Search for better settings of one network; the study is stored in SQLite, so that it can resume."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from engine.analysis.learning.loop import Epoch, few_threads
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.lab.experiments.inheritance import BASE
from engine.lab.experiments.record import VERSION, make_folder
from engine.lab.experiments.recordings import PreparedRecordings
from engine.lab.experiments.settings import Choices, Experiment, Range
from engine.lab.recipes.svdd.learning import learn_from
from engine.lab.recipes.svdd.model import SvddModel
from engine.lab.recipes.svdd.settings import DeepSvddConfig

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

STUDY, TUNED = "study.sqlite", "tuned.yaml"
_STARTUP_TRIALS = 8  # before the sampler learns from trials, and the pruner compares with them
_WARMUP_EPOCHS = 5  # a trial is not compared before
_PREPARING_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class TuneRequest:
    """Request of a search.

    Attributes
    ----------
    experiment_path : the file with the search space; the result is a file that inherits from it
    trials : total number, earlier runs included
    folder : for study and result; created if missing
    """

    experiment: Experiment
    experiment_path: Path
    network: str
    trials: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Tuned:
    """Result of a search.

    Attributes
    ----------
    planted_auc : of the best trial, see `engine.lab.experiments.planted`
    settings : of the best trial, those that were searched
    done, pruned : number of completed and of pruned trials
    path : an experiment with an additional network with these settings
    """

    planted_auc: float
    settings: Mapping[str, object]
    done: int
    pruned: int
    path: Path


def tune(request: TuneRequest, material: PreparedRecordings, progress: Progress) -> Tuned:
    """Run trials up to the requested number; trials worse than most are pruned.

    Each trial trains on the same recordings and is judged by faults planted in the recordings set aside.

    Raises
    ------
    ModuleNotFoundError : Optuna is missing
    UsageError : the experiment has no search space
    TasteError, SourceError : the recordings cannot be learned from
    OffcutError : the folder cannot be written
    Cancelled : trials that were finished stay in the study
    """
    import optuna

    if not request.experiment.tune:
        raise UsageError(
            f"{shown(request.experiment_path)} does not say where to look: add for example "
            "'tune: {learning_rate: {low: 1.0e-6, high: 1.0e-2, log: true}}'."
        )
    folder = make_folder(request.folder)
    config = request.experiment.config(request.network)
    progress.check_cancelled()
    with few_threads():
        material.prepared(config, progress.part(0.0, _PREPARING_SHARE))
        study = _study(optuna, request, material)
        searching = progress.part(_PREPARING_SHARE, 1.0)
        while (finished := len(_ended(study))) < request.trials:
            searching.check_cancelled()
            _run_trial(optuna, study, request, material, searching.step(finished, request.trials))
    states = [trial.state for trial in _ended(study)]
    done = states.count(optuna.trial.TrialState.COMPLETE)
    if not done:
        raise UsageError(f"All {len(states)} trials were given up: ask for more with --trials.")
    found = _settings(study.best_params, request.experiment)
    path = _write(request, folder, found)
    return Tuned(float(study.best_value), found, done, len(states) - done, path)


def _study(optuna: Any, request: TuneRequest, material: PreparedRecordings) -> Study:
    """Open the study of exactly this search; one of other recordings or settings is another in the file."""
    from sqlalchemy.exc import SQLAlchemyError  # which Optuna keeps its studies with

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    experiment = request.experiment
    spaces = {name: space.model_dump(mode="json") for name, space in experiment.tune.items()}
    settings = experiment.config(request.network).model_dump(mode="json")
    said = [VERSION, material.digest, experiment.seed, settings, spaces]
    name = blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=8).hexdigest()
    path = request.folder / STUDY
    try:
        study: Study = optuna.create_study(
            storage=f"sqlite:///{path.as_posix()}",
            study_name=f"{request.network}-{name}",
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(_STARTUP_TRIALS, _WARMUP_EPOCHS),
            load_if_exists=True,
        )
    except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
        raise OffcutError(f"{shown(path)} cannot be used: move it away to search anew.") from error
    # Another seed where a search goes on: with the same the first trials would be tried again.
    seed = experiment.seed + len(study.trials)
    study.sampler = optuna.samplers.TPESampler(n_startup_trials=_STARTUP_TRIALS, seed=seed)
    return study


def _ended(study: Study) -> list[FrozenTrial]:
    """Return the trials that count; one whose program was stopped stays open for ever and does not."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state.name in ("COMPLETE", "PRUNED")]


def _run_trial(
    optuna: Any, study: Study, request: TuneRequest, material: PreparedRecordings, progress: Progress
) -> None:
    trial = study.ask()
    config = request.experiment.config(request.network, _suggested(trial, request.experiment))
    heard, planted = material.prepared(config, progress.part(0.0, _PREPARING_SHARE))

    def judge(epoch: Epoch, model: SvddModel) -> None:
        trial.report(planted.auc(model), epoch.number)
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        rest = progress.part(_PREPARING_SHARE, 1.0)
        outcome = learn_from(heard, config, request.experiment.seed, rest, on_objective=judge)
    except optuna.TrialPruned:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        return
    except BaseException:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        raise
    study.tell(trial, planted.auc(outcome.model))


def _suggested(trial: Trial, experiment: Experiment) -> dict[str, object]:
    return {name: _suggest(trial, name, space) for name, space in experiment.tune.items()}


def _suggest(trial: Trial, name: str, space: Range | Choices) -> object:
    if isinstance(space, Choices):
        # Optuna stores no lists, and JSON holds every value a file can name.
        return json.loads(str(trial.suggest_categorical(name, [json.dumps(one) for one in space.choices])))
    if DeepSvddConfig.model_fields[name].annotation is int:
        return trial.suggest_int(name, int(space.low), int(space.high), log=space.log)
    return trial.suggest_float(name, space.low, space.high, log=space.log)


def _settings(params: Mapping[str, Any], experiment: Experiment) -> dict[str, object]:
    return {
        name: json.loads(value) if isinstance(experiment.tune[name], Choices) else value
        for name, value in params.items()
    }


def _write(request: TuneRequest, folder: Path, found: Mapping[str, object]) -> Path:
    """Write the result as an additional network of an experiment that inherits from the searched one."""
    path = folder / TUNED
    base = _as_seen_from(folder.resolve(), request.experiment_path.resolve())
    own = request.experiment.networks.get(request.network, {})
    network = request.experiment.config(request.network).network
    tuned = {f"{request.network}-tuned": {**own, "network": network, **found}}
    with replacing(path, overwrite=True) as part:
        part.write_text(
            yaml.safe_dump({BASE: base.as_posix(), "networks": tuned}, sort_keys=False, allow_unicode=True),
            encoding="utf-8",
        )
    return path


def _as_seen_from(folder: Path, path: Path) -> Path:
    """Return how to name a file in a folder, so that both can be moved together; not across drives."""
    try:
        return Path(os.path.relpath(path, folder))
    except ValueError:
        return path
