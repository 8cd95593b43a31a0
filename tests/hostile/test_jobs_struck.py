"""Every kind of job put to sleep, killed and left without memory, in a program of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.jobs import JOBS
from tests.hostile.status import is_one_sentence
from tests.hostile.striking import GAVE_UP, Struck

ROOT = Path(__file__).resolve().parents[2]
GROUPS = 3
"""Programs that share the jobs, each with every third: some jobs of each need more memory than is left."""
DEATHS = GAVE_UP, "SIGSEGV", "SIGABRT"
"""What libraries do that get no memory: oneDNN, OpenBLAS, libgomp and the C library."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="limits and stops processes as Linux does"),
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(GROUPS))
def test_sleep_death_and_too_little_memory_cost_at_most_the_job(
    first: int, data_dir: Path, tmp_path: Path
) -> None:
    names = list(JOBS)[first::GROUPS]
    command = [sys.executable, "-m", "tests.hostile.striking", str(tmp_path), str(data_dir), *names]
    # In a child OpenBLAS starts its threads anew, and waits for ever for one that it does not get.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    struck = [Struck(**json.loads(line)) for line in done.stdout.splitlines()]
    assert {one.job for one in struck} == set(names)
    by_strike = {(one.job, one.strike): one for one in struck}
    for one in struck:
        as_it_should_be = by_strike[one.job, "asleep"]
        left = {name for name in one.made if not name.endswith(".part")}
        assert one.kept, one
        assert left <= set(as_it_should_be.made), one
        if one.strike in ("asleep", "again"):
            assert one.ended == "done", one
            assert one.made == as_it_should_be.made, "what a killed job left is swept"
        elif one.strike == "killed":
            assert one.ended in ("SIGKILL", "done"), one
        else:
            assert one.ended in ("done", "told", "foreign", *DEATHS), one
            assert one.ended != "told" or is_one_sentence(one.said), one
    # Where nothing is left at all, Python may stumble over what it meant to say, and libraries may end it.
    without_memory = [one for one in struck if "left" in one.strike]
    badly = [one for one in without_memory if one.ended not in ("done", "told")]
    assert len(badly) <= len(without_memory) // 5, badly
    assert any(one.ended == "SIGKILL" for one in struck)
    assert any("not enough memory" in one.said for one in struck)
