"""Tries cases one after another in a process of its own, and tells each before and after it is tried."""

from __future__ import annotations

import faulthandler
import os
import shutil
import tempfile
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from engine.core.errors import OffcutError
from tests.hostile.long.kinds.all import kind_of

MOST_MEMORY_BYTES = 8 << 30
_SAID = 2_000
_MEMORY = Path("/dev/shm")  # documents wait for the disk at each edit, and no case needs it


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases that one seed gives.

    Attributes
    ----------
    first : cases before it are not tried, since they were
    only : the one case to try, or -1
    """

    kind: str
    seed: int
    cases: int
    first: int = 0
    only: int = -1


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a case: "begun", "read", "refused", "foreign" or "done" (the batch)."""

    number: int
    outcome: str
    about: str = ""


def work(tasks: Connection) -> None:
    """Try batch after batch until there are no more."""
    faulthandler.enable()
    warnings.simplefilter("error")
    _limit_memory()
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = str(Path(folder) / "home")
        sound: dict[str, Any] = {}
        while (batch := tasks.recv()) is not None:
            if batch.kind not in sound:
                with warnings.catch_warnings():
                    warnings.simplefilter("default")
                    sound[batch.kind] = kind_of(batch.kind).prepare(Path(tempfile.mkdtemp(dir=folder)))
            _try_all(batch, sound[batch.kind], Path(folder) / "case", tasks.send)
            tasks.send(Tried(-1, "done"))


def _try_all(batch: Batch, sound: Any, folder: Path, tell: Callable[[Tried], None]) -> None:
    kind, number = kind_of(batch.kind), -1

    @seed(batch.seed)
    @settings(
        max_examples=batch.cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(kind.strategy)
    def each(changes: Any) -> None:
        nonlocal number
        number += 1
        if number < batch.first or batch.only not in (-1, number):
            return
        tell(Tried(number, "begun", repr(changes)[:_SAID]))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        tell(Tried(number, *_outcome(lambda: kind.attempt(sound, changes, folder))))

    each()


def _outcome(attempt: Callable[[], None]) -> tuple[str, str]:
    try:
        attempt()
    except OffcutError as error:
        text = str(error)
        is_sentence = text.endswith(".") and "\n" not in text and "Traceback" not in text
        return ("refused", text) if is_sentence else ("foreign", f"no one sentence: {text[:_SAID]!r}")
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = next((one for one in reversed(frames) if "/engine/" in one.filename), frames[-1])
        where = f"{Path(place.filename).name}:{place.lineno} {place.name}"
        return "foreign", f"{type(error).__name__}: {str(error)[:300]!r} at {where}"
    return "read", ""


def _limit_memory() -> None:
    """Have what asks for all memory fail here, and not take the machine down."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
