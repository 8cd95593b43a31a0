"""The evaluation runs on real recordings, stops and goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.analysis.beats.listen import listen
from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.planting import KINDS, Fault
from engine.features.taste.anomaly.practice_kinds import FALSE_STARTS
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig
from engine.features.taste.anomaly.score import Scores
from engine.lab.evaluation.compare import Comparison, evaluate, table_of
from engine.lab.evaluation.figures import by_kind, of_files, of_moments
from engine.lab.evaluation.materials.case import HeldOut, WholeFile
from engine.lab.evaluation.review import after_answers
from engine.lab.evaluation.rows import BY_NAME, ROWS, shortened
from engine.lab.simulated.recordings import HEARD_RATE_HZ


@pytest.fixture
def tested() -> HeldOut:
    """A minute with two faults, each with more of it around than the shortest piece that is kept."""
    spans = (("talk", 10.0, 20.0), ("noise", 32.0, 45.0))
    faults = tuple(Fault(k, round(a * HEARD_RATE_HZ), round(b * HEARD_RATE_HZ)) for k, a, b in spans)
    return HeldOut("two faults", np.zeros(60 * HEARD_RATE_HZ, np.float32), faults)


def curve_of(tested: HeldOut, scores_of: dict[str, float]) -> Scores:
    times_s = np.arange(0.0, len(tested.audio) / HEARD_RATE_HZ, 0.25)
    scores = np.array([scores_of[kind] for kind in tested.kinds_at(times_s).tolist()], np.float32)
    return Scores(times_s, scores, 0.25)


def test_a_perfect_curve_is_worth_one(tested: HeldOut) -> None:
    figures = of_moments(curve_of(tested, {"": 0.2, "talk": 0.9, "noise": 0.8}), tested)
    assert figures["auc"] == figures["average_precision"] == figures["time_iou"] == 1.0
    assert figures["time_iou_proposed"] > 0.95


def test_a_question_is_not_a_cut(rng: np.random.Generator) -> None:
    audio = 0.1 * rng.standard_normal(90 * HEARD_RATE_HZ).astype(np.float32)
    times_s = np.arange(0.0, 90.0, 0.25)
    is_new = (times_s >= 40.0) & (times_s < 65.0)
    scores = np.where(is_new, 0.97, 0.3).astype(np.float32)
    parts = {"unlike-kept": np.where(is_new, 9.0, 0.0).astype(np.float32)}
    curve = Scores(times_s, scores, 0.25, parts=parts, part_limits=np.array([2.0], np.float32))
    assert of_moments(curve, HeldOut("clean", audio, ())) == {"clean_proposed": 0.0}


def test_answers_teach_what_the_score_does_not_know(rng: np.random.Generator) -> None:
    """Noise that comes and goes is quiet in its faults, and the scores know nothing."""
    spans = [(at, at + 5 * HEARD_RATE_HZ) for at in range(0, 90 * HEARD_RATE_HZ, 10 * HEARD_RATE_HZ)]
    audio = 0.1 * rng.standard_normal(90 * HEARD_RATE_HZ).astype(np.float32)
    for start, stop in spans:
        audio[start:stop] *= 0.05
    tested = HeldOut("quiet faults", audio, tuple(Fault("quiet", *span) for span in spans))
    times_s = np.arange(0.0, 90.0, 0.25)
    heard = listen([audio], HEARD_RATE_HZ, len(audio))
    found = after_answers(Scores(times_s, rng.random(len(times_s), np.float32), 0.25), heard, tested)
    assert found["auc_gained"] == pytest.approx(found["auc_of_rest_taught"] - found["auc_of_rest"])
    assert found["auc_of_rest_taught"] > 0.9
    assert found["auc_gained"] > 0.1


def test_kinds_are_measured_against_what_is_as_it_was(tested: HeldOut) -> None:
    found = by_kind(curve_of(tested, {"": 0.5, "talk": 0.9, "noise": 0.1}), tested)
    assert found == {"noise": 0.0, "talk": 1.0}


def test_whole_files_are_told_apart_by_their_means() -> None:
    silence = np.zeros(1, np.float32)
    files = [
        WholeFile("kept", silence, is_odd=False),
        WholeFile("altered", silence, is_odd=False, is_altered=True),
        WholeFile("other", silence, is_odd=True),
    ]
    found = of_files([0.5, 0.4, 0.9], files)
    assert found == {"auc_of_files": 1.0, "auc_of_files_altered": 0.5}


def test_a_short_evaluation_learns_measures_and_goes_on(data_dir: Path, tmp_path: Path) -> None:
    results = tmp_path / "trials.jsonl"
    asked = Comparison(materials=["field"], results=results, short=True)
    found = list(evaluate(data_dir, asked, SILENT))
    written = results.read_bytes()
    about_all = {line["metric"]: line for line in found if str(line["about"]).startswith("field (")}
    assert set(about_all) == {
        "auc",
        "average_precision",
        "time_iou",
        "time_iou_kept",
        "time_iou_smoothed",
        "time_iou_proposed",
        "iou_automatic",
        "good_proposed",
        "bad_proposed",
        "clean_proposed",
        "auc_before_answers",
        "auc_of_rest",
        "auc_of_rest_taught",
        "auc_gained",
    }
    for line in found:
        baseline = line["baseline"]
        assert isinstance(baseline, dict)
        assert set(baseline) == {"chance", "energy"}
        assert -1.0 <= float(str(line["value"])) <= 1.0
    # Three epochs on four minutes of practice are enough to beat chance.
    figures = about_all["auc"]["baseline"]
    assert isinstance(figures, dict)
    assert float(str(about_all["auc"]["value"])) > figures["chance"]
    assert figures["energy"] != 0.5  # it hears something
    assert list(evaluate(data_dir, asked, SILENT)) == found
    assert results.read_bytes() == written  # nothing was done twice
    assert "| default (short) |" in table_of(results)


def test_baselines_are_found_and_not_compared_with_themselves(data_dir: Path, tmp_path: Path) -> None:
    results = tmp_path / "trials.jsonl"
    asked = Comparison(rows=["energy"], materials=["field"], seeds=1, results=results)
    assert list(evaluate(data_dir, asked, SILENT)) == []
    table = table_of(results)
    assert "| truth | 1.000 | 1.000 | 1.000 | 1.000 |" in table
    assert "| chance | 0." in table
    assert "| energy | 0." in table


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (Comparison(rows=["nobody"]), "There is no row 'nobody': choose among"),
        (Comparison(materials=["opera"]), "There is no material 'opera': choose among 'band'"),
        (Comparison(seeds=0), "number of seeds cannot be 0"),
    ],
)
def test_what_does_not_exist_is_named(data_dir: Path, asked: Comparison, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        list(evaluate(data_dir, asked, SILENT))


def test_every_kind_is_left_out_by_one_row() -> None:
    assert [row.left_out for row in ROWS if row.left_out] == [*KINDS, *FALSE_STARTS]
    for row in ROWS:
        if row.left_out:
            assert isinstance(row.config, OwnFaultsConfig)
            assert row.config.leave_out == (row.left_out,)


def test_rows_have_names_of_their_own_that_a_list_can_hold() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert not any("," in name for name in names)
    assert all(row.about for row in ROWS)


def test_the_digest_of_a_row_follows_its_settings() -> None:
    row = BY_NAME["slicer-ae"]
    assert row.digest == BY_NAME["slicer-ae"].digest
    assert shortened(row).digest != row.digest
    assert BY_NAME["default"].digest != BY_NAME["own-faults (one network)"].digest


def test_the_verb_makes_a_table_and_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["evaluate", "anomaly"]) == 2
    assert "give their folder with --data" in capsys.readouterr().err
    assert main(["evaluate", "anomaly", "--table"]) == 2
    assert "--results" in capsys.readouterr().err
    assert main(["evaluate", "anomaly", "--table", "--results", str(tmp_path / "none.jsonl")]) == 2
    assert "holds no finished trial" in capsys.readouterr().err
