"""Faults on purpose: where they are put, where not, and how sure the share of those that are noticed is."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.__main__ import interval, sample
from tests.mutants.faults import faults_of, with_fault

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


def test_the_same_seed_draws_the_same_faults() -> None:
    assert sample(["engine/review"], 20, 3) == sample(["engine/review"], 20, 3)
    assert sample(["engine/review"], 20, 3) != sample(["engine/review"], 20, 4)


@pytest.mark.parametrize(("noticed", "tried", "low", "high"), [(9, 10, 0.596, 0.982), (0, 5, 0.0, 0.434)])
def test_the_interval_is_wilsons(noticed: int, tried: int, low: float, high: float) -> None:
    assert interval(noticed, tried) == pytest.approx((low, high), abs=1e-3)
