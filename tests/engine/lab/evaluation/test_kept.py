"""The nearest kept example is found again on real music."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.lab.evaluation.kept import evaluate as evaluate_kept


def test_a_short_evaluation_of_kept_examples_finds_them_again(data_dir: Path) -> None:
    rows = list(evaluate_kept(data_dir, short=True, progress=SILENT))
    values = {(row["metric"], row["about"]): float(str(row["value"])) for row in rows}
    assert values["kept_example_of_the_piece", "20 dB quieter"] == 1.0
    assert values["kept_example_found", "20 dB quieter"] >= 0.75
    assert values["kept_example_of_the_piece", "the other half"] >= 0.75
    for row in rows:
        baseline = row["baseline"]
        assert isinstance(baseline, dict)
        assert float(str(row["value"])) > baseline["random"]


def test_a_folder_without_music_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="music is missing"):
        list(evaluate_kept(tmp_path, progress=SILENT))
    (tmp_path / "music").mkdir()
    with pytest.raises(UsageError, match="no piece of 100 s"):
        list(evaluate_kept(tmp_path, progress=SILENT))
