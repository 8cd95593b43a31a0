"""``offcut experiment (run|train|tune) CONFIG``: train, compare and search through networks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from engine.cli.arguments import whole
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.files.settings_file import parse_yaml
from engine.core.progress import Progress
from engine.core.wording import quoted
from engine.lab.experiments.settings import Experiment, load_experiment

if TYPE_CHECKING:
    from engine.lab.experiments.recordings import PreparedRecordings

_RUNS = Path("runs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    every = steps.add_parser("run", help="train every network of an experiment and compare them")
    one = steps.add_parser("train", help="train one network, with settings from the command line")
    tune = steps.add_parser("tune", help="search for better settings of a network")
    for step in (every, one, tune):
        step.add_argument("config", type=Path, metavar="CONFIG.yaml", help="the experiment")
        step.add_argument("--audio", type=Path, metavar="FOLDER", help="recordings, other than in the file")
        step.add_argument("--out", type=Path, metavar="RUN", help="output folder; default runs/CONFIG")
        step.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for step in (one, tune):
        step.add_argument("--network", metavar="NAME", help="default: the first of the experiment")
    one.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="replaces a setting of the file",
    )
    tune.add_argument("--trials", type=whole, default=50, metavar="N", help="total of trials; default 50")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Do one of the steps."""
    experiment = load_experiment(options.config)
    folder = options.out or _RUNS / options.config.stem
    step = {"run": _run, "train": _train, "tune": _tune}[options.step]
    yield step(experiment, folder, options, progress)


def _material(experiment: Experiment, options: argparse.Namespace) -> PreparedRecordings:
    from engine.lab.experiments.run import material_of

    return material_of(experiment, options.audio)


def _run(experiment: Experiment, folder: Path, options: argparse.Namespace, progress: Progress) -> VerbOutput:
    from engine.lab.experiments.run import run as run_experiment
    from engine.lab.experiments.run import summary_row, summary_table

    done = run_experiment(experiment, _material(experiment, options), folder, progress)
    rows = [summary_row(one) for one in done.trained]
    return VerbOutput({"run": shown(done.folder), "networks": rows}, summary_table(done.trained))


def _train(
    experiment: Experiment, folder: Path, options: argparse.Namespace, progress: Progress
) -> VerbOutput:
    overrides = _overrides(options.set)
    network = options.network or next(iter(experiment.networks))
    config = experiment.config(network, overrides)

    from engine.lab.experiments.run import summary_row, summary_table
    from engine.lab.experiments.train import TrainRequest, train

    # Beside the networks of the experiment, not in the place of one.
    name = f"{network}-{_short(overrides)}" if overrides else network
    request = TrainRequest(network, config, experiment.seed, folder / name, experiment.wandb)
    trained = train(request, _material(experiment, options), progress)
    return VerbOutput(summary_row(trained), summary_table((trained,)))


def _tune(
    experiment: Experiment, folder: Path, options: argparse.Namespace, progress: Progress
) -> VerbOutput:
    if options.trials < 1:
        raise UsageError(f"There cannot be {options.trials} trials; ask for 1 or more.")

    from engine.lab.experiments.tune import TuneRequest, tune

    network = options.network or next(iter(experiment.networks))
    request = TuneRequest(experiment, options.config, network, options.trials, folder)
    tuned = tune(request, _material(experiment, options), progress)
    said = ", ".join(f"{name} {_text(value)}" for name, value in tuned.settings.items())
    return VerbOutput(
        {
            "network": network,
            "planted_auc": tuned.planted_auc,
            "settings": dict(tuned.settings),
            "trials": tuned.done + tuned.pruned,
            "pruned": tuned.pruned,
            "config": shown(tuned.path),
        },
        f"{shown(tuned.path)}: best of {tuned.done + tuned.pruned} trials ({tuned.pruned} given up), "
        f"planted AUC {tuned.planted_auc:.3f}: {said}",
    )


def _overrides(stated: Sequence[str]) -> Mapping[str, object]:
    """Read NAME=VALUE, the value as in a YAML file.

    Raises
    ------
    UsageError : one is not of that form
    """
    found: dict[str, object] = {}
    for text in stated:
        name, sign, value = text.partition("=")
        try:
            found[name] = parse_yaml(value)
        except ValueError:
            sign = ""
        if not sign or not name:
            raise UsageError(f"{quoted(text)} is no setting: write NAME=VALUE, such as learning_rate=1e-4.")
    return found


def _short(overrides: Mapping[str, object]) -> str:
    said = yaml.safe_dump(dict(overrides), sort_keys=True)
    return blake2b(said.encode(), digest_size=4).hexdigest()


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
