"""A finished trial is on the disk, and is found again only where nothing changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.lab.evaluation.results import Key, Measured, Results, Trial

KEY = Key("default", "0123abcd", "band", "beef0000", 0)
TRIAL = Trial(KEY, "drummer", 12.5, (Measured("take", {"auc": 0.9}, {"talk": 1.0}),))


def test_trials_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    Results(path).add(TRIAL)
    again = Results(path)
    assert again.of(KEY) == TRIAL
    assert again.of(replace(KEY, seed=1)) is None
    assert again.of(replace(KEY, digest="ffff0000")) is None
    assert again.of(replace(KEY, data="ffff0000")) is None


def test_of_changed_settings_the_newest_trial_counts(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    changed = replace(TRIAL, key=replace(KEY, digest="ffff0000"))
    results = Results(path)
    for trial in (TRIAL, changed):
        results.add(trial)
    assert Results(path).trials() == (changed,)


@pytest.mark.parametrize("left", [1, 20, -2])
def test_half_a_line_is_done_again(tmp_path: Path, left: int) -> None:
    path = tmp_path / "trials.jsonl"
    other = replace(TRIAL, key=replace(KEY, seed=1))
    Results(path).add(TRIAL)
    whole = path.read_bytes()
    Results(path).add(other)
    line = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + line[:left])
    stopped = Results(path)
    assert stopped.trials() == (TRIAL,)
    stopped.add(other)
    assert path.read_bytes() == whole + line


def test_trials_of_another_version_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    Results(path).add(TRIAL)
    path.write_text(path.read_text().replace('"version": 1', '"version": 0'))
    assert Results(path).trials() == ()


@pytest.mark.parametrize("line", ["no json", "[]", "{}", '{"version": 1, "key": {}}'])
def test_a_line_that_is_no_trial_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "trials.jsonl"
    Results(path).add(TRIAL)
    with path.open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(UsageError, match=r"trials\.jsonl, line 2, is no result of an evaluation"):
        Results(path)


def test_a_folder_cannot_hold_trials(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        Results(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        Results(tmp_path / "missing" / "trials.jsonl").add(TRIAL)


def test_without_a_file_trials_are_held(tmp_path: Path) -> None:
    results = Results()
    results.add(TRIAL)
    assert results.of(KEY) == TRIAL
    assert not list(tmp_path.iterdir())
