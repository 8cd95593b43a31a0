"""Which tests reach which lines, and how long each takes: a plugin of pytest that looks on while they run."""

from __future__ import annotations

import ast
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

Bag = dict[str, set[int]]
AT_FIRST = 15


@dataclass(slots=True)
class Reach:
    """Of the tests that pass, their seconds and the lines that each reaches in each file, as bits.

    `at_import` are the lines of functions that a module calls when it is imported. `late` are tests of whole
    programs and slow ones, which are asked at last. `naming` are the files of tests that import a module.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[str, int]] = field(default_factory=dict)
    at_import: dict[str, int] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    failing: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    naming: dict[str, frozenset[str]] = field(default_factory=dict)

    def tests_of(self, path: str, source: str, line: int) -> list[str]:
        """Return the tests that may notice a fault, that reach its statement: the 15 quickest, then by turns.

        What runs when the module is imported may be heard of anywhere: first come the tests whose files
        import the module, then those that lie nearest to it, of both before all others those that reach
        anything of it.
        """
        reaching = [test for test in self._reaching(path, source, line) if test not in self.late]
        if not self.is_at_import(path, source, line):
            return [*reaching[:AT_FIRST], *self._by_turns(reaching[AT_FIRST:])]
        others = self.seconds.keys() - self.late - set(reaching)
        found = [*self._by_turns(reaching), *self._by_turns(others)]
        naming = self.naming.get(path, frozenset())
        return sorted(
            found, key=lambda test: (test.partition("::")[0] not in naming, -_parts_shared(path, test))
        )

    def last_of(self, path: str, source: str, line: int) -> list[str]:
        """Return the late ones that may notice a fault, by turns."""
        return self._by_turns(test for test in self._reaching(path, source, line) if test in self.late)

    def _by_turns(self, tests: Iterable[str]) -> list[str]:
        """Return the quickest of each file, then the next of each."""
        turns: dict[str, int] = defaultdict(int)
        order = {}
        for test in sorted(tests, key=self.seconds.__getitem__):
            file = test.partition("::")[0]
            order[test] = turns[file], self.seconds[test]
            turns[file] += 1
        return sorted(order, key=order.__getitem__)

    def _reaching(self, path: str, source: str, line: int) -> list[str]:
        first, last, _ = statement_at(source, line)
        here = -1 if self.is_at_import(path, source, line) else _bits(range(first, last + 1))
        reaching = (test for test, of in self.lines.items() if of.get(path, 0) & here)
        return sorted((test for test in reaching if test in self.seconds), key=self.seconds.__getitem__)

    def is_at_import(self, path: str, source: str, line: int) -> bool:
        """Tell whether a line of a module runs when that or another module is imported."""
        first, last, in_function = statement_at(source, line)
        return not in_function or bool(self.at_import.get(path, 0) & _bits(range(first, last + 1)))


def importing(path: str, sources: Mapping[str, str]) -> frozenset[str]:
    """Return which files, by name and text, import a module by its name or from its package."""
    package, _, name = path.removesuffix(".py").replace("/", ".").rpartition(".")
    package, name = (package, name) if name != "__init__" else package.rpartition(".")[::2]
    whole, parent = re.escape(f"{package}.{name}"), re.escape(package)
    pattern = re.compile(rf"\b{whole} import\b|^from {parent} import .*\b{name}\b", re.MULTILINE)
    return frozenset(file for file, text in sources.items() if pattern.search(text))


def _parts_shared(path: str, test: str) -> int:
    """Return how many folders a module below the root shares with the file of a test below `tests`."""
    folders = zip(path.split("/")[:-1], test.partition("::")[0].split("/")[1:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], folders))


def statement_at(source: str, line: int) -> tuple[int, int, bool]:
    """Return the first and last line of the innermost statement at a line, and whether a function holds it.

    Of a statement that holds others, its head alone.
    """
    found = (line, line, False)
    waiting: list[tuple[ast.AST, bool]] = [(ast.parse(source), False)]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.stmt):
            held = [one.lineno for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)]
            assert node.end_lineno is not None
            if node.lineno <= line <= node.end_lineno:
                found = (node.lineno, max(node.lineno, min(held) - 1) if held else node.end_lineno, inside)
        held_here = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        waiting += [(one, held_here) for one in ast.iter_child_nodes(node) if not isinstance(one, ast.expr)]
    return found


class Onlooker:
    """Notes of each test the lines that it and the fixtures it shares with others reach, and its seconds."""

    def __init__(self, root: Path, folders: tuple[str, ...], own: tuple[str, ...], others_s: float) -> None:
        self._root, self._own, self._others_s = root, own, others_s
        files = [file for folder in folders for file in (root / folder).rglob("*.py")]
        self._watched = frozenset(map(str, files))
        self._bag: Bag = defaultdict(set)
        self._at_import = self._bag
        self._shared: dict[int, tuple[Any, Bag, float]] = {}
        self._of_file_s: dict[str, float] = defaultdict(float)
        self._shared_s = 0.0
        self._lines_of: dict[int, tuple[CodeType, frozenset[int]]] = {}
        self.found = Reach()
        self._watch()

    def _watch(self) -> None:
        sys.settrace(self._called)
        threading.settrace(self._called)

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:  # noqa: ARG002
        code = frame.f_code
        if code.co_filename not in self._watched or code.co_name == "<module>":
            return None
        seen = self._bag[code.co_filename]
        _, every = self._lines_of.get(id(code), (code, frozenset()))
        if not every:
            every = frozenset(line for _, _, line in code.co_lines() if line and line > code.co_firstlineno)
            self._lines_of[id(code)] = (code, every)
        if every and every <= seen:
            return None

        def stepped(frame: FrameType, event: str, argument: object) -> Any:  # noqa: ARG001
            if event == "line":
                seen.add(frame.f_lineno)
            return stepped

        seen.add(frame.f_lineno)
        return stepped

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        before, self._bag, began_s = self._bag, defaultdict(set), time.perf_counter()
        try:
            return (yield)
        finally:
            took_s = time.perf_counter() - began_s
            self._shared_s += took_s
            self._shared[id(fixturedef)] = (fixturedef, self._bag, took_s)
            self._bag = before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        name = item.nodeid.partition("::")[0]
        if item.get_closest_marker("long") or not name.startswith("tests/engine/"):
            self.found.late.add(item.nodeid)
        is_over = not name.startswith(self._own) and self._of_file_s[name] > self._others_s
        if is_over or item.get_closest_marker("timeout"):  # which asks for more time than all others
            item.add_marker(pytest.mark.skip(reason="its file has had its time"))
            self.found.passed_over.append(item.nodeid)
        self._bag, self._shared_s, began_s = defaultdict(set), 0.0, time.perf_counter()
        self._watch()
        result = yield
        took_s = time.perf_counter() - began_s
        self._of_file_s[name] += took_s
        bags, seconds = [self._bag], took_s - self._shared_s
        for fixtures in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
            for fixture in fixtures:
                _, bag, shared_s = self._shared.get(id(fixture), (None, {}, 0.0))
                bags.append(bag)
                seconds += shared_s
        self.found.seconds[item.nodeid] = seconds
        self.found.lines[item.nodeid] = self._told(bags)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.found.failing.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        self.found.at_import = self._told([self._at_import])
        for test in {*self.found.failing, *self.found.passed_over}:
            self.found.seconds.pop(test, None)
            self.found.lines.pop(test, None)

    def _told(self, bags: list[Bag]) -> dict[str, int]:
        told: dict[str, int] = defaultdict(int)
        for bag in bags:
            for file, lines in bag.items():
                told[Path(file).relative_to(self._root).as_posix()] |= _bits(lines)
        return dict(told)


def _bits(lines: Any) -> int:
    bits = 0
    for line in lines:
        bits |= 1 << line
    return bits
