"""Every kind of job while something goes wrong: it is told in a sentence, and nothing half-made is left.

Each job runs once as it should, so that it is known how often it reports; then again for each fault, which
strikes at one of its reports.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.core.errors import Cancelled, OffcutError
from engine.core.progress import ReportingProgress
from tests.hostile.jobs import JOBS, Job, Session, made_session, names_in, opened_session
from tests.hostile.status import is_one_sentence
from tests.mostly_long import mostly_long

ROOM_BYTES = 4096


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("session") / "made"
    made_session(folder, data_dir)
    return folder


@pytest.fixture
def session(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Session]:
    """Return what gives a fresh copy of the session, with a folder for temporary files."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def copied() -> Session:
        folder = tmp_path / "session"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made_once, folder)
        return opened_session(folder)

    return copied


def left_in(temporary: Path) -> set[str]:
    """Return what is left there, but for the folder that torch keeps for its own compiler."""
    return {name for name in names_in(temporary) if not name.startswith("torchinductor")}


def run(job: Job, own: Session, strikes_at: int = 0, fault: Callable[[Session], None] | None = None) -> int:
    """Run a job, with the fault at one of its reports; return how many it made."""
    reports = 0

    def told(*_report: object) -> None:
        nonlocal reports
        reports += 1
        if reports == strikes_at and fault is not None:
            fault(own)

    job(own, ReportingProgress(told))
    return reports


def vanishes(own: Session) -> None:
    for path in own.recordings:
        path.unlink()


def is_cut_short(own: Session) -> None:
    for path in own.recordings:
        os.truncate(path, path.stat().st_size // 3)


def is_written_over(own: Session) -> None:
    for path in own.recordings:
        path.write_bytes(b"no sound " * 1000)


def memory_runs_out(_own: Session) -> None:
    raise MemoryError


def the_disk_is_full(_own: Session) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@contextmanager
def room_again() -> Iterator[None]:
    """Give the disk its room back, and let what finds it full hear so instead of being ended."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


FIRST, MIDDLE, LAST = 0.0, 0.5, 1.0
FAULTS = (
    (vanishes, (MIDDLE,)),
    (is_cut_short, (FIRST, MIDDLE)),
    (is_written_over, (FIRST,)),
    (memory_runs_out, (MIDDLE,)),
    (the_disk_is_full, (FIRST, LAST)),
)
"""What happens, and at which of a job's reports."""


@mostly_long("name", JOBS, keep=("listen", "export"))
def test_whatever_goes_wrong_is_told_and_leaves_nothing_half_made(
    name: str, session: Callable[[], Session], tmp_path: Path
) -> None:
    job, own = JOBS[name], session()
    before = names_in(own.folder)
    reports = run(job, own)
    assert reports > 0, "a job says how far it is"
    made = names_in(own.folder) - before
    for fault, moments in FAULTS:
        for strikes_at in sorted({1 + round(moment * (reports - 1)) for moment in moments}):
            own = session()
            document = (own.folder / "jam.offcut").read_bytes()
            try:
                with room_again():
                    run(job, own, strikes_at, fault)
            except OffcutError as error:
                sentence = str(error)
                assert is_one_sentence(sentence), (fault, strikes_at, sentence)
            except MemoryError:
                assert fault is memory_runs_out
            gc.collect()
            left = names_in(own.folder) - before
            assert left <= made, (fault, strikes_at)
            assert not left_in(tmp_path / "temporary"), (fault, strikes_at)
            assert (own.folder / "jam.offcut").read_bytes() == document, (fault, strikes_at)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_nobody_wants_any_more_ends_at_once_and_leaves_nothing(
    name: str, session: Callable[[], Session], tmp_path: Path
) -> None:
    job, own = JOBS[name], session()
    before = names_in(own.folder)
    stop, after = threading.Event(), 0

    def told(*_report: object) -> None:
        nonlocal after
        after += stop.is_set()
        stop.set()

    with pytest.raises(Cancelled):
        job(own, ReportingProgress(told, stop))
    assert after <= 5, "it goes on working"
    assert names_in(own.folder) == before
    assert not left_in(tmp_path / "temporary")
