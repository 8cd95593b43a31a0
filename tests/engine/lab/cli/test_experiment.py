"""`offcut experiment` the way a script calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.engine.lab.experiments.conftest import audio, experiment_path

__all__ = ["audio", "experiment_path"]


def answered(capsys: pytest.CaptureFixture[str], *argv: object) -> dict[str, object]:
    status = main(["experiment", *map(str, argv), "--json"])
    out, err = capsys.readouterr()
    assert status == 0, err
    return dict(json.loads(out))


def test_run_then_train_with_overrides_then_tune(
    experiment_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "run"
    rows = answered(capsys, "run", experiment_path, "--out", out)["networks"]
    assert isinstance(rows, list)
    assert [row["network"] for row in rows] == ["AE", "Baseline"]
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("best.taste")}

    one = answered(
        capsys, "train", experiment_path, "--network", "AEwRES", "--set", "epochs=2", "--set",
        "learning_rate=1e-4", "--out", out,
    )  # fmt: skip
    assert (one["network"], one["epochs"]) == ("AEwRES", 2)
    settings = json.loads((Path(str(one["taste"])).parent / "history.json").read_text())["settings"]
    assert (settings["network"], settings["learning_rate"]) == ("AEwRES", 1e-4)
    again = answered(capsys, "train", experiment_path, "--set", "epochs=2", "--out", out)
    assert again["network"] == "AE"  # the first, trained beside the one of the experiment
    assert {path: path.stat().st_mtime_ns for path in kept} == kept

    tuned = answered(capsys, "tune", experiment_path, "--trials", 1, "--out", out)
    assert tuned["trials"] == 1
    assert Path(str(tuned["config"])).name == "tuned.yaml"


def test_a_person_reads_a_table(
    experiment_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["experiment", "run", str(experiment_path), "--out", str(tmp_path / "run")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["network", "planted", "AUC", "validation", "best", "epoch", "taste"]
    assert {line.split()[0] for line in lines[1:]} == {"AE", "Baseline"}
    figures = [float(line.split()[1]) for line in lines[1:]]
    assert figures == sorted(figures, reverse=True)


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["train", "--set", "epochs"], "'epochs' is no setting: write NAME=VALUE"),
        (["train", "--set", "epoch=3"], "there is no setting 'epoch'"),
        (["train", "--set", "hidden_dims=["], "is no setting"),
        (["train", "--network", "GAN"], "There is no network 'GAN'"),
        (["tune", "--trials", "0"], "There cannot be 0 trials"),
        (["run", "--audio", "nowhere"], "There is no folder nowhere"),
    ],
)
def test_wrong_use_is_one_sentence(
    experiment_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    argv: list[str],
    sentence: str,
) -> None:
    step, *rest = argv
    assert main(["experiment", step, str(experiment_path), *rest, "--out", str(tmp_path / "run")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("offcut experiment: ")
    assert sentence in err
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_run_that_cannot_be_written_is_one_sentence(
    experiment_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file")
    for step in ("run", "train", "tune"):
        assert main(["experiment", step, str(experiment_path), "--out", str(tmp_path / "taken")]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert "cannot be made: " in err
        assert err.count("\n") == 1
