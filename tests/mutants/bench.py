"""A copy of the checkout in which one module at a time is faulty, and tests run in it, each time in a fork.

The process that forks has imported what Offcut builds on and nothing of Offcut, so that a fork has no more to
import than Offcut itself, with the fault in it.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import multiprocessing
import os
import pickle
import re
import shutil
import signal
import site
import sys
import sysconfig
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.faults import Fault, with_fault
from tests.mutants.reach import AT_FIRST, Onlooker, Reach, importing
from tests.mutants.swapped import NOT_SWAPPED, Server, in_time

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("engine", "tests", "resources", "desktop", "widgets", "docs", "packaging")
OURS = frozenset({"engine", "tests", "desktop", "widgets", "conftest"})
LONGEST_S = 30.0
AT_LAST = ("desktop", "hostile")
AT_LAST_S = 60.0
OTHERS_S = 8.0
_ADDRESSES = 12 << 30
_PATIENCE_S, _PATIENCE = 20.0, 5.0


class Choosing:
    """Has pytest run some tests in an order, and knows which one failed and what was imported."""

    def __init__(self, chosen: Sequence[str] = ()) -> None:
        self._turn = {test: number for number, test in enumerate(chosen)}
        self.found = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((one for one in items if one.nodeid in self._turn), key=self._order)

    def _order(self, item: pytest.Item) -> int:
        return self._turn[item.nodeid]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.found = report.nodeid


class Imported:
    """Collects tests, and tells what that imported of what others wrote."""

    found: tuple[str, ...] = ()

    def pytest_collection_finish(self) -> None:
        kept = [site.getsitepackages()[0], sysconfig.get_path("stdlib")]
        every = [
            (name, getattr(module, "__file__", None) or "") for name, module in list(sys.modules.items())
        ]
        self.found = tuple(
            name for name, file in every if name.split(".")[0] not in OURS and file.startswith(tuple(kept))
        )


class Bench:
    """A copy of the checkout, in which one module at a time is faulty."""

    def __init__(self, folder: Path, checkout: Path = ROOT) -> None:
        self._root = folder.resolve() / "checkout"
        self._root.mkdir()
        for name in COPIED:
            if (checkout / name).exists():
                shutil.copytree(
                    checkout / name, self._root / name, ignore=shutil.ignore_patterns("__pycache__")
                )
        shutil.copy(checkout / "pyproject.toml", self._root)
        self.reach = Reach()
        self._sound: set[str] = set()

    def another(self, folder: Path) -> Bench:
        """Return another copy, of which the same is known."""
        made = object.__new__(Bench)
        made._root, made.reach, made._sound = folder.resolve() / "checkout", self.reach, set()
        shutil.copytree(self._root, made._root)
        return made

    def serve(self, folders: tuple[str, ...]) -> None:
        """Have the tests collected once, for all faults to come that lie in functions."""
        self._server, answering = multiprocessing.Pipe()
        arguments = (self._root, self._tests(folders), (Server, self._root, answering), True, self._server)
        multiprocessing.get_context("fork").Process(target=_run, args=arguments).start()
        answering.close()
        self._server.recv()

    def close(self) -> None:
        """End what serves."""
        self._server.send(None)

    def look_on(self, folders: tuple[str, ...]) -> None:
        """Run the tests of some folders, those that name a module of them, and those asked at last.

        Learns what each reaches; of all but the first, of what begins in the first 8 s of each file.
        """
        files = self._tests(folders)
        imported = Imported()
        _, imported.found = self._forked(files, imported, None, faulty=False, more=("--collect-only",))
        for name in imported.found:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        gc.freeze()  # which no fork then looks through
        own = tuple(f"tests/{folder}/" for folder in folders)
        _, self.reach = self._forked(
            files, (Onlooker, self._root, folders, own, OTHERS_S), None, faulty=False
        )
        self._name(files, folders)

    def _name(self, files: Sequence[str], folders: tuple[str, ...]) -> None:
        """Note which files of tests import each module of some folders."""
        sources = {file: (self._root / file).read_text("utf-8") for file in files}
        modules = (file for folder in folders for file in (self._root / folder).rglob("*.py"))
        paths = [file.relative_to(self._root).as_posix() for file in modules]
        self.reach.naming = {path: importing(path, sources) for path in paths}

    def notices(self, path: Path, fault: Fault) -> str:
        """Return the name of a test that fails with a fault in a module, or "" if none does.

        Of the tests that may notice it the 15 quickest are asked, then what of the others takes 30 s, one of
        each file and then the next; at last 60 s of those of whole programs and of those marked slow. A test
        that fails without the fault too is left out from then on.
        """
        source = (self._root / path).read_text("utf-8")
        every = self.reach.tests_of(path.as_posix(), source, fault.line)
        late = self.reach.last_of(path.as_posix(), source, fault.line)
        for left in (
            every[:AT_FIRST],
            self._in_time(every[AT_FIRST:], LONGEST_S),
            self._in_time(late, AT_LAST_S),
        ):
            while left:
                failed = self._failing(left, path, fault)
                if not failed:
                    break
                if failed not in left or self._passes_without(failed):
                    return failed
                left.remove(failed)
        return ""

    def _in_time(self, tests: list[str], longest_s: float) -> list[str]:
        asked, left_s = [], longest_s
        for test in tests:
            if self.reach.seconds[test] <= left_s:
                asked.append(test)
                left_s -= self.reach.seconds[test]
        return asked

    def _passes_without(self, test: str) -> bool:
        """Tell whether a test passes by itself without any fault; leave it out if not."""
        if test not in self._sound:
            if self._failing([test]):
                del self.reach.seconds[test], self.reach.lines[test]
                return False
            self._sound.add(test)
        return True

    def _failing(self, tests: Sequence[str], path: Path = Path(), fault: Fault | None = None) -> str:
        """Return the first test that fails, what else went wrong, or "" if nothing did."""
        patience_s = _PATIENCE_S + _PATIENCE * sum(self.reach.seconds[test] for test in tests)
        if fault is None:
            return self._served(tests, path, "", "", patience_s)
        target = self._root / path
        source, times = target.read_text("utf-8"), target.stat()
        after = with_fault(source, fault)
        try:
            target.write_text(after, "utf-8")
            failed = NOT_SWAPPED
            if not self.reach.is_at_import(path.as_posix(), source, fault.line):
                failed = self._served(tests, path, ast.unparse(ast.parse(source)), after, patience_s)
            return self._failing_anew(tests, patience_s) if failed == NOT_SWAPPED else failed
        finally:
            target.write_text(source, "utf-8")
            os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _served(self, tests: Sequence[str], path: Path, before: str, after: str, patience_s: float) -> str:
        self._server.send((tests, path.as_posix(), before, after, patience_s))
        return str(self._server.recv())

    def _failing_anew(self, tests: Sequence[str], patience_s: float) -> str:
        """Return the same by tests that are collected anew: Offcut is imported with the fault in it."""
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        code, failed = self._forked(list(files), Choosing(tests), patience_s, faulty=True, more=("-x",))
        if code in (0, 5):
            return ""
        return failed or {None: "no end", 2: "no import", 4: "no import"}.get(code, f"ended with {code}")

    def _tests(self, folders: tuple[str, ...]) -> list[str]:
        """Return the files of tests of some folders, that name a module of them, or are asked at last."""
        modules = [
            ".".join(file.relative_to(self._root).with_suffix("").parts)
            for folder in folders
            for file in (self._root / folder).rglob("*.py")
        ]
        naming = re.compile(rf"\b({'|'.join(map(re.escape, modules))})\b")
        own = tuple(f"tests/{folder}/" for folder in folders)
        every = sorted((self._root / "tests" / "engine").rglob("test_*.py"))
        names = {file.relative_to(self._root).as_posix(): file for file in every}
        near = [
            name
            for name, file in names.items()
            if name.startswith(own) or naming.search(file.read_text("utf-8"))
        ]
        whole = sorted(file for one in AT_LAST for file in (self._root / "tests" / one).rglob("test_*.py"))
        return [*near, *(file.relative_to(self._root).as_posix() for file in whole)]

    def _forked(
        self,
        files: Sequence[str],
        plugin: Any,
        patience_s: float | None,
        *,
        faulty: bool,
        more: tuple[str, ...] = (),
    ) -> tuple[int | None, Any]:
        """Run pytest in a fork; return its exit status, none if it did not end, and what the plugin found."""
        answer = self._root.parent / "answer"
        answer.unlink(missing_ok=True)
        arguments = (self._root, [*more, *files], plugin, faulty)
        process = multiprocessing.get_context("fork").Process(target=_run, args=arguments)
        process.start()
        assert process.pid is not None
        if patience_s is None:
            process.join()
        else:
            in_time(
                lambda wait_s: process.join(wait_s) or process.exitcode is not None, process.pid, patience_s
            )
        code = process.exitcode
        with contextlib.suppress(ProcessLookupError):  # with what it may have started
            os.killpg(process.pid, signal.SIGKILL)
        process.join()
        found = pickle.loads(answer.read_bytes()) if answer.exists() else ""
        if not faulty:
            said = (self._root.parent / "said").read_text("utf-8", "replace")
            assert answer.exists(), said[-4000:]
            assert code in (0, 1), said[-4000:]
        return code, found


def _run(
    root: Path, arguments: list[str], plugin: Any, faulty: bool, others_end: Connection | None = None
) -> None:
    import resource  # there is none on Windows, where nothing forks either

    if others_end is not None:
        others_end.close()  # or nobody here would hear of its end
    os.setsid()
    os.chdir(root)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    said = os.open(root.parent / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)
    sys.path[:] = [str(root), *(one for one in sys.path if one and Path(one).resolve() != ROOT)]
    os.environ["PYTHONPATH"] = str(root)
    sys.dont_write_bytecode = faulty
    for name in [one for one in sys.modules if one.split(".")[0] in OURS and "tests.mutants" not in one]:
        del sys.modules[name]
    looking = plugin[0](*plugin[1:]) if isinstance(plugin, tuple) else plugin
    usual = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xvfb",
        "-m",
        "not alone and not plays",
        "--basetemp",
        str(root.parent / "tmp"),
    ]
    usual += ["-p", "no:hypothesispytest", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = int(pytest.main([*usual, *arguments], plugins=[looking]))
    (root.parent / "answer").write_bytes(pickle.dumps(looking.found))
    sys.stdout.flush()
    os._exit(code)
