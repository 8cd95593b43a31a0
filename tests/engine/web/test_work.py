"""Work of the pages, on its thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.bench.surroundings import held_now
from engine.core.memory import SHORTAGE
from engine.core.progress import Progress
from engine.web.work import Answer, Job, JobState, Work


def done(what: Callable[[Progress], Answer]) -> Job:
    """Return a job that is over, and so is its thread."""
    work = Work()
    job = work.submit(what)
    while not job.is_over:
        job.cancelled.wait(0.01)
    work.close()
    return job


@pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's /proc")
def test_what_a_job_needed_goes_back_to_the_system_when_it_ends(tmp_path: Path) -> None:
    kept: list[bytes] = []

    def needs_much(_progress: Progress) -> Answer:
        pieces = [number.to_bytes(4, "little") * 15_000 for number in range(3000)]
        kept.append(pieces[-1])  # above all others: nothing shrinks from its end
        return {"mb": held_now(tmp_path).memory_mb}

    job = done(needs_much)
    assert held_now(tmp_path).memory_mb < float(str(job.answer["mb"])) - 120.0


def test_too_little_memory_is_told_as_that() -> None:
    def needs_too_much(_progress: Progress) -> Answer:
        return {"bytes": len(bytearray(2**62))}

    job = done(needs_too_much)
    assert (job.state, job.text) == (JobState.FAILED, SHORTAGE)
