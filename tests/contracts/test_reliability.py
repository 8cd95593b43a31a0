"""Each row of the page of faults names tests, and all of them are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line
    for line in (ROOT / "docs" / "reliability.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| event")
]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_tests_that_are_there(row: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
    assert named, "a row without a test is a promise"
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text("utf-8"), f"{path} has no {test}"


def test_nothing_is_timed_by_a_clock_that_can_be_set() -> None:
    """What somebody waits for goes on when the clock is set; benches compare clocks of two programs."""
    for folder in ("engine", "desktop", "widgets"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "bench" not in path.relative_to(ROOT).parts:
                assert "time.time()" not in path.read_text(), path.relative_to(ROOT)
