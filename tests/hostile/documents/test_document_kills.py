"""Kills: what the user was told is on disk is there, and every file opens, however the program ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.hostile.killing import COMMIT_KILLS, RANDOM_KILLS, Killed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork are POSIX")


@pytest.fixture
def every(pytestconfig: pytest.Config) -> int:
    """Of all kills every how many-th is done."""
    return 1 if pytestconfig.getoption("--long") else 10


def kill(mode: str, folder: Path, every: int) -> list[Killed]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.killing", mode, str(folder), "7", str(every)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Killed(**json.loads(line)) for line in done.stdout.splitlines()]


def lost_or_unreadable(kills: list[Killed]) -> list[Killed]:
    return [one for one in kills if one.refusal or one.found < one.acknowledged]


def test_two_hundred_kills_lose_no_decision(tmp_path: Path, every: int) -> None:
    kills = kill("random", tmp_path, every)
    assert len(kills) == RANDOM_KILLS // every
    assert not lost_or_unreadable(kills)
    assert len({one.acknowledged for one in kills}) > 4  # they came at all stages of the review


def test_a_kill_at_each_statement_of_a_transaction_leaves_all_of_it_or_nothing(
    tmp_path: Path, every: int
) -> None:
    kills = kill("statements", tmp_path, every)
    assert len(kills) > 200 // every
    assert not lost_or_unreadable(kills)


def test_a_kill_inside_a_commit_leaves_all_of_it_or_nothing(every: int) -> None:
    # In memory a commit is over before a kill can meet it, and on a busy machine most kills come late.
    for attempt in range(6):
        with TemporaryDirectory(dir="/var/tmp") as on_disk:
            kills = kill("commits", Path(on_disk), 1 if attempt else every)
        assert len(kills) == 3 * COMMIT_KILLS // (1 if attempt else every)
        assert not lost_or_unreadable(kills)
        if any(one.left_journal for one in kills):
            break
    assert any(one.left_journal for one in kills)  # SQLite was in the middle of it


def test_a_kill_at_each_statement_of_a_migration_keeps_the_document(tmp_path: Path, every: int) -> None:
    kills = kill("migration", tmp_path, every)
    assert len(kills) > 20 // every
    assert not lost_or_unreadable(kills)
