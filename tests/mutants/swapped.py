"""Tests that were collected once, run again and again in forks, each with another function at fault.

Where a fault lies in a function that no module calls while it is imported, a fork swaps the code of that
function: whoever holds it holds the faulty one, and nothing has to be imported or collected anew.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from inspect import CO_NEWLOCALS, CO_OPTIMIZED
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import CodeType, FunctionType

import pytest

NOT_SWAPPED = "not to be swapped"
_STANDING = 10.0


def in_time(has_ended: Callable[[float], object], process: int, patience_s: float) -> bool:
    """Wait for a process; tell whether it ended before it had computed for so long, or stood still.

    On a busy machine time goes by in which nothing is computed: that is no fault.
    """
    begun_s = time.monotonic()
    while not has_ended(0.2):
        waited_s = time.monotonic() - begun_s
        if waited_s > _STANDING * patience_s or _computed_s(process, waited_s) > patience_s:
            return False
    return True


def _computed_s(process: int, waited_s: float) -> float:
    """Return how long a process and what it waited for have computed; where nobody says, how long it took."""
    try:
        said = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return waited_s
    return sum(map(int, said[11:15])) / os.sysconf("SC_CLK_TCK")


class Server:
    """Answers which of some tests fails first with a module as it is given, until nothing more is asked."""

    found = ""

    def __init__(self, root: Path, asked: Connection) -> None:
        self._root, self._asked = root, asked
        self._failed = ""
        self._functions: dict[tuple[str, str], list[FunctionType]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed = self._failed or report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(self._root)):
                self._functions[one.__code__.co_filename, one.__code__.co_qualname].append(one)
        gc.freeze()  # which no fork then looks through
        self._asked.send(len(items))
        while (asked := self._asked.recv()) is not None:
            tests, path, before, after, patience_s = asked
            swapped = self._swapped(str(self._root / path), before, after)
            chosen = [items[test] for test in tests if test in items]
            self._asked.send(NOT_SWAPPED if swapped is None else self._tried(chosen, swapped, patience_s))
        return True

    def _swapped(self, file: str, before: str, after: str) -> list[tuple[FunctionType, CodeType]] | None:
        """Return the functions whose code differs, each with its other code; none where that is not all."""
        if before == after or file not in {
            getattr(module, "__file__", None) for module in list(sys.modules.values())
        }:
            return []  # whoever imports it later imports what is at fault
        old, new = (_functions_of(compile(source, file, "exec")) for source in (before, after))
        differing = [name for name in old if old[name] != new.get(name)]
        # A function that another one made at import is there beside the one that makes more of its kind.
        if old.keys() != new.keys() or any(len(old[name]) > 1 for name in differing):
            return None
        found = [(one, new[name][0]) for name in differing for one in self._functions[file, name]]
        outermost = [name for name in differing if "<locals>" not in name]
        made = [len({one.__code__ for one in self._functions[file, name]}) for name in differing]
        is_all = len(outermost) == 1 and self._functions[file, outermost[0]] and max(made) == 1
        return found if is_all else None

    def _tried(
        self,
        items: Sequence[pytest.Item],
        swapped: Sequence[tuple[FunctionType, CodeType]],
        patience_s: float,
    ) -> str:
        receiving, sending = Pipe(duplex=False)
        process = os.fork()
        if not process:
            with contextlib.suppress(BaseException):
                os.setsid()
                for function, code in swapped:
                    function.__code__ = code
                sending.send(self._first_failing(items))
            os._exit(0)
        sending.close()
        try:
            return str(receiving.recv()) if in_time(receiving.poll, process, patience_s) else "no end"
        except EOFError:
            return "no answer"
        finally:
            with contextlib.suppress(ProcessLookupError):  # with what it may have started
                os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            receiving.close()

    def _first_failing(self, items: Sequence[pytest.Item]) -> str:
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                break
        return self._failed


def _functions_of(code: CodeType) -> dict[str, list[CodeType]]:
    """Return all functions of a module by their qualified names, those in classes and in others too."""
    found: dict[str, list[CodeType]] = defaultdict(list)
    waiting = [code]
    while waiting:
        inner = [one for one in waiting.pop().co_consts if isinstance(one, CodeType)]
        waiting += inner
        for one in inner:
            if one.co_flags & CO_NEWLOCALS and one.co_flags & CO_OPTIMIZED:  # a class is neither
                found[one.co_qualname].append(one)
    return found
