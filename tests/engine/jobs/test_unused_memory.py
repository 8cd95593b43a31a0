"""What is freed goes back to the system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from desktop.bench.held import held_now
from engine.jobs.unused_memory import give_back_unused


@pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's /proc")
def test_what_lies_freed_below_something_used_is_given_back(tmp_path: Path) -> None:
    pieces = [number.to_bytes(4, "little") * 15_000 for number in range(3000)]
    last = pieces[-1]  # above all others: nothing shrinks from its end
    before_mb = held_now(tmp_path).memory_mb
    pieces.clear()
    give_back_unused()
    assert held_now(tmp_path).memory_mb < before_mb - 120.0
    assert len(last) == 60_000
