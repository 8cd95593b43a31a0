"""Running an experiment: every network trained on real audio, kept, and not trained a second time."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import Cancelled, TasteError, UsageError
from engine.core.progress import SILENT, ReportingProgress
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import load_taste
from engine.lab.experiments.planted import validation_recordings
from engine.lab.experiments.recordings import PreparedRecordings
from engine.lab.experiments.run import run
from engine.lab.experiments.settings import Experiment, load_experiment
from engine.lab.experiments.train import TrainRequest, train
from engine.lab.recipes.svdd.model import PART_NAMES, SvddModel
from tests.engine.lab.experiments.conftest import RATE_HZ, SETTINGS


@pytest.fixture
def experiment(experiment_path: Path) -> Experiment:
    return load_experiment(experiment_path)


def marks(folder: Path) -> dict[str, int]:
    """When each file was last written."""
    return {path.name + path.parent.name: path.stat().st_mtime_ns for path in folder.rglob("*.*")}


def test_every_network_becomes_a_taste_that_scores(
    experiment: Experiment, material: PreparedRecordings, audio: Path, tmp_path: Path
) -> None:
    done = run(experiment, material, tmp_path / "run", SILENT)
    assert [one.network for one in done.trained] == ["AE", "Baseline"]
    for one in done.trained:
        history = json.loads((one.folder / "history.json").read_text())
        assert history["settings"]["network"] == one.network
        assert len(history["pretraining"]) == len(history["objective"]) == one.epochs == 4
        assert one.validation == min(row["validation"] for row in history["objective"])
        assert 0.0 <= one.planted_auc <= 1.0
        taste = load_taste(one.taste)
        scores = score_file(taste, audio / "a.wav", SILENT)
        assert isinstance(taste.model, SvddModel)
        assert scores.hop_s == 1.0
        np.testing.assert_array_equal(scores.times_s[:3], [1.0, 2.0, 3.0])
        assert set(scores.parts) == set(PART_NAMES)
        assert len(scores.scores) == 11  # of 12 s, in windows of 2 s
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert [row["network"] for row in summary["networks"]] == ["AE", "Baseline"]


def test_what_is_finished_is_not_trained_again(
    experiment: Experiment, material: PreparedRecordings, tmp_path: Path
) -> None:
    first = run(experiment, material, tmp_path, SILENT)
    before = marks(tmp_path)
    assert run(experiment, material, tmp_path, SILENT) == first
    after = marks(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"summary.json" + tmp_path.name}


def test_other_settings_data_or_a_missing_taste_are_trained_anew(
    experiment: Experiment, material: PreparedRecordings, audio: Path, tmp_path: Path
) -> None:
    request = TrainRequest("AE", experiment.config("AE", {"epochs": 1}), 0, tmp_path)
    reports: list[str] = []
    progress = ReportingProgress(lambda _fraction, text, _figures: reports.append(text))

    def is_trained(request: TrainRequest, material: PreparedRecordings) -> bool:
        reports.clear()
        train(request, material, progress)
        return reports != ["AE is trained already"]

    assert is_trained(request, material)
    assert not is_trained(request, material)
    assert is_trained(replace(request, seed=1), material)
    assert is_trained(replace(request, config=experiment.config("AE", {"epochs": 2})), material)
    last = replace(request, config=experiment.config("AE", {"epochs": 2}))
    (tmp_path / "best.taste").unlink()
    assert is_trained(last, material)
    (tmp_path / "history.json").write_text("{")
    assert is_trained(last, material)
    assert not is_trained(last, PreparedRecordings(audio, seed=0))  # the same recordings, read again

    other = tmp_path / "other"
    other.mkdir()
    for path in material.paths:
        (other / path.name).write_bytes(path.read_bytes())
    samples, rate_hz = soundfile.read(other / "b.wav", dtype="float32")
    soundfile.write(other / "b.wav", 0.5 * samples[::-1], rate_hz)
    assert is_trained(last, PreparedRecordings(other, seed=0))


def test_a_history_never_speaks_for_another_taste(
    experiment: Experiment, material: PreparedRecordings, tmp_path: Path
) -> None:
    request = TrainRequest("AE", experiment.config("AE", {"epochs": 1}), 0, tmp_path)
    first = train(request, material, SILENT)

    def stop(_fraction: float, text: str, _figures: object) -> None:
        if text == "Learned best.taste":  # the new taste is written, the new history not yet
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(replace(request, seed=1), material, ReportingProgress(stop))
    assert first.taste.is_file()
    reports: list[str] = []
    train(request, material, ReportingProgress(lambda _fraction, text, _figures: reports.append(text)))
    assert "AE is trained already" not in reports


def test_a_cancelled_network_leaves_those_before_it(
    experiment: Experiment, material: PreparedRecordings, tmp_path: Path
) -> None:
    cancelled = threading.Event()

    def listen(fraction: float, text: str, _figures: object) -> None:
        if text.startswith("Learning") and fraction > 0.6:  # in the second of two networks
            cancelled.set()

    with pytest.raises(Cancelled):
        run(experiment, material, tmp_path, ReportingProgress(listen, cancelled))
    assert (tmp_path / "AE" / "history.json").is_file()
    assert not list((tmp_path / "Baseline").iterdir())
    assert run(experiment, material, tmp_path, SILENT).trained[1].network == "Baseline"


def test_networks_are_judged_by_recordings_they_have_not_heard(
    experiment: Experiment, material: PreparedRecordings
) -> None:
    config = experiment.config("AE")
    heard, planted = material.prepared(config, SILENT)
    assert [recording.name for recording in heard.recordings] == ["a.wav", "b.wav", "c.flac"]
    assert [recording.name for recording in validation_recordings(heard, config)] == ["c.flac"]
    assert planted.is_fault.any()
    assert not planted.is_fault.all()
    assert len(planted.vectors) == len(planted.is_fault)


def test_a_folder_without_recordings_enough_is_refused(tmp_path: Path, experiment: Experiment) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        PreparedRecordings(tmp_path / "nowhere", 0)
    with pytest.raises(UsageError, match="holds no audio file"):
        PreparedRecordings(_empty(tmp_path), 0)
    one = tmp_path / "one"
    one.mkdir()
    rng = np.random.default_rng(0)
    soundfile.write(one / "alone.wav", 0.1 * rng.standard_normal(12 * RATE_HZ), RATE_HZ)
    with pytest.raises(TasteError, match=r"alone\.wav is the only recording"):
        PreparedRecordings(one, 0).prepared(experiment.config("AE"), SILENT)


def _empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_examples_run_on_little(audio: Path, tmp_path: Path) -> None:
    examples = Path(__file__).resolve().parents[4] / "resources" / "experiments"
    experiment = load_experiment(examples / "networks.yaml")
    small = experiment.model_copy(update={"settings": experiment.settings | SETTINGS | {"epochs": 1}})
    done = run(small, PreparedRecordings(audio, experiment.seed), tmp_path, SILENT)
    assert [one.network for one in done.trained] == ["AE", "AEwRES", "Baseline"]
