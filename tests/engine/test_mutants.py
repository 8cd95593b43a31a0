"""Faults on purpose: where they are put, which tests are asked, and how sure the share of the noticed is."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.__main__ import interval, sample
from tests.mutants.bench import ROOT
from tests.mutants.faults import faults_of, with_fault
from tests.mutants.reach import Reach, importing, statement_at

SOURCE = '''"""Text."""
LONGEST: int = 3


def shorter(texts: list[str], most: int = LONGEST) -> list[str]:
    if not texts:
        raise ValueError(f"none of {1 + 1}")
    found = [one for one in texts if len(one) < most and one]
    found.sort()
    return sorted(found)
'''


def test_every_place_gets_its_fault() -> None:
    told = [(fault.line, fault.what.partition("  →  ")[2]) for fault in faults_of(SOURCE)]
    assert sorted(told) == [
        (2, "4"),
        (6, "if not not texts:"),
        (8, "len(one) < most or one"),
        (8, "len(one) <= most"),
        (9, "None"),
        (10, "return None"),
    ]


def test_a_fault_changes_one_thing_and_the_module_still_runs() -> None:
    sound = ast.unparse(ast.parse(SOURCE))
    made = [with_fault(SOURCE, fault) for fault in faults_of(SOURCE)]
    assert len({sound, *made}) == 1 + len(made)
    for source in made:
        exec(compile(source, "<faulty>", "exec"), {})


@pytest.mark.long
def test_the_same_seed_draws_the_same_faults() -> None:
    assert sample(["engine/review"], 20, 3) == sample(["engine/review"], 20, 3)
    assert sample(["engine/review"], 20, 3) != sample(["engine/review"], 20, 4)


@pytest.mark.parametrize(("noticed", "tried", "low", "high"), [(9, 10, 0.596, 0.982), (0, 5, 0.0, 0.434)])
def test_the_interval_is_wilsons(noticed: int, tried: int, low: float, high: float) -> None:
    assert interval(noticed, tried) == pytest.approx((low, high), abs=1e-3)


MODULE = """
LEAST = 2


def grown(count):
    if count > LEAST:
        return (
            count + 1
        )
    return 0


def never(count):
    return count - 1


def adder(more):
    def added(count):
        return count + more

    return added


one_more = adder(1)
"""

TESTS = """
import pytest
from engine.part.grown import grown, never, one_more


@pytest.fixture(scope="module")
def ten():
    return grown(9)


def test_ten(ten):
    assert ten == 10


def test_nothing():
    assert grown(1) == 0


def test_added():
    assert one_more(1) == 2


def test_wrong():
    assert never(1) == 5
"""

LATE = """
import pytest
from engine.part.grown import grown


@pytest.mark.timeout(900)
def test_that_takes_long():
    assert False


def test_border():
    assert grown(2) == 0
"""

ASKED = """
import sys
from pathlib import Path
from tests.mutants.bench import Bench
from tests.mutants.faults import faults_of

if __name__ == "__main__":
    folder, checkout = map(Path, sys.argv[1:])
    bench = Bench(folder, checkout)
    bench.look_on(("engine/part",))
    print(bench.reach.failing, bench.reach.passed_over)
    bench.serve(("engine/part",))
    for fault in faults_of((checkout / "engine/part/grown.py").read_text()):
        by = bench.notices(Path("engine/part/grown.py"), fault)
        print(fault.line, fault.what.partition("  →  ")[2], by.partition("::")[2] or by, sep="|")
    bench.close()
"""


def test_what_runs_at_import_is_asked_of_those_who_name_the_module_and_then_of_its_neighbours() -> None:
    tests = {
        "tests/engine/test_far.py::test_quick": 0.1,
        "tests/engine/part/test_near.py::test_slow": 0.4,
        "tests/engine/other/test_naming.py::test_first": 0.2,
        "tests/engine/other/test_naming.py::test_second": 0.3,
        "tests/engine/other/test_nobody.py::test_reaching": 0.2,
    }
    reach = Reach(seconds=dict(tests), lines={test: {} for test in tests})
    reach.lines["tests/engine/other/test_nobody.py::test_reaching"] = {"engine/part/grown.py": 1 << 6}
    reach.naming = {"engine/part/grown.py": frozenset({"tests/engine/other/test_naming.py"})}
    asked = [test.partition("::")[2] for test in reach.tests_of("engine/part/grown.py", MODULE, 2)]
    assert asked == ["test_first", "test_second", "test_slow", "test_reaching", "test_quick"]
    asked = [test.partition("::")[2] for test in reach.tests_of("engine/part/grown.py", MODULE, 6)]
    assert asked == ["test_reaching"]


@pytest.mark.parametrize(
    ("text", "is_naming"),
    [
        ("from engine.part.grown import grown", True),
        ("from engine.part import grown", True),
        ("from engine.part import every, grown as made", True),
        ("from engine.part.grown_ups import grown", False),
        ("from engine.part import grown_ups", False),
        ("from engine.partygrown import grown", False),
        ("import grown", False),
    ],
)
def test_who_names_a_module_imports_it(text: str, is_naming: bool) -> None:
    sources = {"a": f"import sys\n{text}\n", "b": ""}
    assert importing("engine/part/grown.py", sources) == (frozenset("a") if is_naming else frozenset())
    package = importing("engine/part/grown/__init__.py", sources)
    assert package == (frozenset("a") if is_naming else frozenset())


def test_the_statement_of_a_line_ends_before_what_it_holds() -> None:
    assert statement_at(MODULE, 2) == (2, 2, False)
    assert statement_at(MODULE, 5) == (5, 5, False)
    assert statement_at(MODULE, 6) == (6, 6, True)
    assert statement_at(MODULE, 8) == (7, 9, True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="faults are tried in forks")
def test_a_fault_is_tried_on_the_tests_that_reach_it(tmp_path: Path) -> None:
    checkout = tmp_path / "small"
    for name in ("engine/part", "tests/engine/part", "tests/desktop"):
        (checkout / name).mkdir(parents=True)
    marks = "markers = ['slow: long', 'timeout: longer']"
    (checkout / "pyproject.toml").write_text(f"[tool.pytest.ini_options]\n{marks}\n", "utf-8")
    (checkout / "engine/part/grown.py").write_text(MODULE, "utf-8")
    (checkout / "tests/engine/part/test_grown.py").write_text(TESTS, "utf-8")
    (checkout / "tests/desktop/test_window.py").write_text(LATE, "utf-8")
    (tmp_path / "bench").mkdir()
    told = subprocess.run(
        [sys.executable, "-c", ASKED, str(tmp_path / "bench"), str(checkout)],
        cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8",
    ).stdout.splitlines()  # fmt: skip
    failing, passed_over = (
        "engine/part/test_grown.py::test_wrong",
        "desktop/test_window.py::test_that_takes_long",
    )
    assert told[0] == f"['tests/{failing}'] ['tests/{passed_over}']"
    assert sorted(told[1:]) == [
        "10|1|test_nothing",
        "14|2|",  # only a test that fails without a fault too reaches it
        "14|count + 1|",
        "19|count - more|test_added",
        "24|2|test_added",
        "2|3|",
        "6|count >= LEAST|test_border",  # of a whole program, asked at last
        "8|2|test_ten",
        "8|count - 1|test_ten",
    ]
