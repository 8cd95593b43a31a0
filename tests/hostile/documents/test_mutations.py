"""Broken files, the same in every run: read, or refused with a sentence, and nothing else.

A short run tries 50 of a kind, a long one 2,800 of all.

`python -m tests.hostile.long` tries others for as long as asked.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.long.__main__ import main
from tests.hostile.long.kinds.all import KINDS
from tests.hostile.long.kinds.dying import WAYS
from tests.hostile.long.trials import CASES_OF_A_BATCH, Trials
from tests.hostile.long.worker import Batch

CASES = {
    "audio": 600,
    "document": 200,
    "rows": 200,
    "taste": 150,
    "taste facts": 250,
    "config": 250,
    "results": 100,
    "window settings": 100,
    "labels": 150,
    "edited document": 50,
    "edited rows": 50,
    "older document": 50,
    "stored audio": 50,
    "edit list": 50,
    "editor": 50,
    "editor facts": 50,
    "separator": 50,
    "midi grid": 150,
    "beats file": 150,
    "upload": 100,
}


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    """One worker for all kinds, since its start costs more than a hundred cases."""
    with Trials() as made:
        yield made


def test_all_kinds_are_tried() -> None:
    assert CASES.keys() == KINDS.keys()
    assert sum(CASES.values()) == 2_800


@pytest.mark.parametrize("kind", CASES)
def test_broken_files_are_read_or_refused_with_a_sentence(
    trials: Trials, kind: str, pytestconfig: pytest.Config
) -> None:
    before, known = trials.counts.cases, len(trials.counts.failures)
    cases = CASES[kind] if pytestconfig.getoption("--long") else CASES_OF_A_BATCH
    for seed in range(cases // CASES_OF_A_BATCH):
        trials.run(Batch(kind, seed, CASES_OF_A_BATCH))
    failures = trials.counts.failures[known:]
    assert not failures, "\n".join(map(str, failures))
    assert trials.counts.cases - before == cases


def test_what_dies_is_noticed_and_its_name_tries_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    with Trials(patience_s=1.0) as trials:
        trials.run(Batch("dying", 0, len(WAYS)))
    assert trials.counts.cases == len(WAYS)
    outcomes = {failure.changes: failure.outcome for failure in trials.counts.failures}
    assert outcomes == {repr(way): "foreign" if way == "words" else way for way in WAYS[2:]}
    crashed = next(failure for failure in trials.counts.failures if failure.outcome == "crash")
    assert main(["--only", crashed.name]) == 1
    said = capsys.readouterr().out
    assert str(crashed) in said
    assert said.splitlines()[-1].split() == ["all", "1", "0", "0", "1", "0", "0"]
