"""Searching for settings: kept on disk, continued, pruned, and written as an experiment to run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

from engine.core.errors import OffcutError, UsageError
from engine.core.progress import SILENT, ReportingProgress
from engine.lab.experiments.recordings import PreparedRecordings
from engine.lab.experiments.settings import load_experiment
from engine.lab.experiments.tune import STUDY, Tuned, TuneRequest, tune


@pytest.fixture(autouse=True)
def optuna_says_as_much_as_before() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    yield
    optuna.logging.set_verbosity(before)


def searched(path: Path, material: PreparedRecordings, folder: Path, trials: int) -> Tuned:
    experiment = load_experiment(path)
    return tune(TuneRequest(experiment, path, "AE", trials, folder), material, SILENT)


def studies(folder: Path) -> list[optuna.Study]:
    storage = f"sqlite:///{(folder / STUDY).as_posix()}"
    return [optuna.load_study(study_name=n, storage=storage) for n in optuna.get_all_study_names(storage)]


def test_a_search_goes_on_where_it_was(
    experiment_path: Path, material: PreparedRecordings, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    first = searched(experiment_path, material, folder, 2)
    assert first.done + first.pruned == 2
    second = searched(experiment_path, material, folder, 3)
    assert second.done + second.pruned == 3
    assert second.planted_auc >= first.planted_auc
    (study,) = studies(folder)
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    # Each trial tried something else, those after the interruption too, and was judged after every epoch.
    assert len({trial.params["learning_rate"] for trial in study.trials}) == 3
    assert all(list(trial.intermediate_values) == [1, 2, 3, 4] for trial in study.trials)
    searched(experiment_path, material, folder, 3)
    assert len(studies(folder)[0].trials) == 3


def test_what_was_found_is_an_experiment_beside_the_others(
    experiment_path: Path, material: PreparedRecordings, tmp_path: Path
) -> None:
    found = searched(experiment_path, material, tmp_path / "run", 2)
    assert set(found.settings) == {"learning_rate", "batch_size", "hidden_dims"}
    experiment = load_experiment(found.path)
    assert list(experiment.networks) == ["AE", "Baseline", "AE-tuned"]
    tuned = experiment.config("AE-tuned")
    assert tuned.network == "AE"
    assert tuned.learning_rate == found.settings["learning_rate"]
    assert list(tuned.hidden_dims) == found.settings["hidden_dims"]
    assert 1e-4 <= tuned.learning_rate <= 1e-2
    assert 8 <= tuned.batch_size <= 32


def test_another_search_space_is_another_study(
    experiment_path: Path, material: PreparedRecordings, tmp_path: Path
) -> None:
    searched(experiment_path, material, tmp_path / "run", 1)
    text = experiment_path.read_text().replace("high: 0.01", "high: 0.02")
    assert text != experiment_path.read_text()
    experiment_path.write_text(text)
    searched(experiment_path, material, tmp_path / "run", 1)
    assert [len(study.trials) for study in studies(tmp_path / "run")] == [1, 1]


def test_a_trial_worse_than_most_is_given_up(
    experiment_path: Path, material: PreparedRecordings, tmp_path: Path
) -> None:
    experiment_path.write_text(experiment_path.read_text() + "settings: {epochs: 8}\n")
    folder = tmp_path / "run"
    searched(experiment_path, material, folder, 1)
    (study,) = studies(folder)
    (first,) = study.trials
    better = optuna.trial.create_trial(
        params=first.params,
        distributions=first.distributions,
        intermediate_values=dict.fromkeys(range(1, 9), 2.0),  # no area under a curve is as large
        value=2.0,
    )
    study.add_trials([better] * 10)
    assert searched(experiment_path, material, folder, 12).pruned == 1
    last = studies(folder)[0].trials[-1]
    assert last.state.name == "PRUNED"
    assert list(last.intermediate_values) == [1, 2, 3, 4, 5]  # the fifth is the first that counts


def test_a_stopped_trial_does_not_count(
    experiment_path: Path, material: PreparedRecordings, tmp_path: Path
) -> None:
    class Stopped(Exception):  # noqa: N818 - no error
        """As a killed program, but here."""

    def stop(_fraction: float, text: str, _figures: object) -> None:
        if text.startswith("Learning"):
            raise Stopped

    experiment = load_experiment(experiment_path)
    request = TuneRequest(experiment, experiment_path, "AE", 1, tmp_path / "run")
    with pytest.raises(Stopped):
        tune(request, material, ReportingProgress(stop))
    assert tune(request, material, SILENT).done == 1
    (study,) = studies(tmp_path / "run")
    assert [trial.state.name for trial in study.trials] == ["FAIL", "COMPLETE"]


def test_a_damaged_study_is_left_as_it_is(
    experiment_path: Path, material: PreparedRecordings, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / STUDY).write_bytes(b"no study" * 100)
    with pytest.raises(OffcutError, match=r"study\.sqlite cannot be used: move it away"):
        searched(experiment_path, material, folder, 1)
    assert (folder / STUDY).read_bytes() == b"no study" * 100


def test_without_optuna_or_a_search_space_nothing_is_written(
    experiment_path: Path, material: PreparedRecordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare.yaml"
    bare.write_text("networks: [AE]\n")
    with pytest.raises(UsageError, match=r"bare\.yaml does not say where to look: add for example 'tune:"):
        searched(bare, material, tmp_path / "run", 1)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ModuleNotFoundError, match="optuna"):  # the verb names the extra
        searched(experiment_path, material, tmp_path / "run", 1)
    assert not (tmp_path / "run").exists()
