"""Strikes at jobs from outside and says what became of them.

`python -m tests.hostile.striking FOLDER DATA JOB...` imports once and forks a child for each strike, so that
neither a limit nor a death reaches another one. Each strike is one line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import scipy.linalg

from engine.core.errors import OffcutError
from engine.core.memory import shortage_message
from engine.core.progress import ReportingProgress
from tests.hostile.jobs import JOBS, made_session, names_in, opened_session

LEFT_MB = 1, 32
"""How much more memory a job may have from the moment of the strike on."""
GAVE_UP = "gave up"
LONGEST_S = 120

Strike = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Struck:
    """What became of a job.

    Attributes
    ----------
    ended : "done", "told", "foreign", `GAVE_UP` where a library ended the program, or the name of the signal
        that did
    said : the sentence, or what was raised in its place
    made : names of files that were not there before
    kept : the document and the recordings are as they were
    """

    job: str
    strike: str
    ended: str
    said: str
    made: list[str]
    kept: bool


def falls_asleep() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def is_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def nothing() -> None:
    """Let the job be."""


def memory_ends(left_mb: int) -> Strike:
    def strike() -> None:
        size_kb = int(Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0])
        limit = size_kb * 1024 + left_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))

    return strike


def attempt(name: str, folder: Path, strike: Strike, from_fraction: float) -> tuple[str, str]:
    """Run a job, struck at its first report from a fraction on; return how it ended and what it said."""
    waiting = [strike]

    def told(fraction: float, *_rest: object) -> None:
        if fraction >= from_fraction and waiting:
            waiting.pop()()

    try:
        JOBS[name](opened_session(folder), ReportingProgress(told))
    except OffcutError as error:
        return "told", str(error)
    except Exception as error:
        said = shortage_message(error)
        return ("told", said) if said else ("foreign", f"{type(error).__name__}: {error}")
    return "done", ""


def in_a_child(name: str, folder: Path, strike: Strike, from_fraction: float) -> tuple[str, str]:
    """Return how a child ended that ran a job, and what it said; wake it where it fell asleep."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            signal.alarm(LONGEST_S)
            # On a thread, as in the window: a first thread that gets no more stack is ended by the system.
            with ThreadPoolExecutor(1) as lane:
                ended, said = lane.submit(attempt, name, folder, strike, from_fraction).result()
            os.write(writing, json.dumps((ended, said[:4000])).encode())
        finally:  # also where nothing is left to say it with: a child is never the one that forks
            os._exit(0)
    os.close(writing)
    status = os.waitpid(child, os.WUNTRACED)[1]
    while os.WIFSTOPPED(status):
        os.kill(child, signal.SIGCONT)
        status = os.waitpid(child, os.WUNTRACED)[1]
    with os.fdopen(reading, "rb") as pipe:
        outcome = pipe.read()
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name, ""
    ended, said = json.loads(outcome) if outcome else (GAVE_UP, "")
    return ended, said


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def struck(job: str, strike: str, folder: Path, before: dict[str, bytes], ended: tuple[str, str]) -> Struck:
    after = bytes_in(folder)
    kept = all(after.get(name) == held for name, held in before.items())
    return Struck(job, strike, *ended, sorted(names_in(folder) - before.keys()), kept)


def main(folder: Path, data_dir: Path, names: list[str]) -> None:
    tempfile.tempdir = str(folder)
    cache = folder / "cache"
    os.environ["XDG_CACHE_HOME"] = str(cache)
    made = folder / "made"
    made_session(made, data_dir)
    before = bytes_in(made)
    # OpenBLAS ends the program where it gets nothing to work in, which it asks for once.
    square = np.ones((300, 300))
    scipy.linalg.lstsq(square @ square, square)

    def strike_at(job: str, strike: str, act: Strike, fraction: float, *, afresh: bool = True) -> None:
        own = folder / "session"
        if afresh:
            shutil.rmtree(own, ignore_errors=True)
            shutil.rmtree(cache, ignore_errors=True)  # what is ready already could not be struck at
            shutil.copytree(made, own)
        ended = in_a_child(job, own, act, fraction)
        print(json.dumps(asdict(struck(job, strike, own, before, ended))), flush=True)

    for job in names:
        strike_at(job, "asleep", falls_asleep, 0.0)
        strike_at(job, "killed", is_killed, 0.5)
        strike_at(job, "again", nothing, 0.0, afresh=False)
        for left_mb in LEFT_MB:
            for fraction in (0.0, 0.5):
                strike_at(job, f"{left_mb} MB left from {fraction:g} on", memory_ends(left_mb), fraction)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
