"""What is freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from desktop.bench.surroundings import held_now
from engine.core.memory import give_back_unused

LARGE = """
import sys
from pathlib import Path
import numpy as np
from desktop.bench.surroundings import held_now
from engine.core.memory import keep_large_apart

if sys.argv[2] == "apart":
    keep_large_apart()
np.ones(2**21)  # 16 MB, after which as much may lie among all else
before_mb = held_now(Path(sys.argv[1])).memory_mb
large, small = [], []
for number in range(30):
    large.append(np.ones(2**20))
    small.append(number.to_bytes(4, "little") * 5_000)
large.clear()
print(held_now(Path(sys.argv[1])).memory_mb - before_mb)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's /proc")


@pytest.mark.parametrize(("how", "least_mb", "most_mb"), [("as ever", 100.0, 300.0), ("apart", -10.0, 10.0)])
def test_what_is_large_goes_back_though_small_things_beside_it_stay(
    tmp_path: Path, how: str, least_mb: float, most_mb: float
) -> None:
    command = [sys.executable, "-c", LARGE, str(tmp_path), how]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert least_mb <= float(done.stdout) <= most_mb


def test_what_lies_freed_below_something_used_is_given_back(tmp_path: Path) -> None:
    pieces = [number.to_bytes(4, "little") * 15_000 for number in range(3000)]
    last = pieces[-1]  # above all others: nothing shrinks from its end
    before_mb = held_now(tmp_path).memory_mb
    pieces.clear()
    give_back_unused()
    assert held_now(tmp_path).memory_mb < before_mb - 120.0
    assert len(last) == 60_000
