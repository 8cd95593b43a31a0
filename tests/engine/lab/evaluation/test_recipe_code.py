"""What results are kept by: blind to where code lies and what is said of it, and to nothing that computes."""

from __future__ import annotations

import ast

import pytest

from engine.features.taste.anomaly.recipes.config import BY_RECIPE
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig
from engine.lab.evaluation.recipe_code import computed, recipe_code
from engine.lab.recipes.dual.settings import DualConfig

PLAIN = """
LIMIT = 3


class Counter:
    count = 0

    def add(self, by: int) -> int:
        return self.count + by
"""


def code(source: str) -> list[str]:
    return list(computed(ast.parse(source)))


def test_words_imports_and_layout_do_not_count() -> None:
    told = '''
"""A module that counts."""
from pathlib import Path
import numpy as np
LIMIT = (3)
"""As far as fingers go."""
class Counter:
    """Counts."""
    count = 0  # from the start
    def add(self, by: int) -> int:
        """Return one more,
        or several."""
        from math import pi
        return (
            self.count + by
        )
'''
    assert code(told) == code(PLAIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [("LIMIT = 3", "LIMIT = 4"), ("+ by", "- by"), ("count = 0", "count = None"), ("LIMIT", "LEAST")],
)
def test_what_computes_counts(old: str, new: str) -> None:
    assert code(PLAIN.replace(old, new)) != code(PLAIN)


def test_a_sentence_that_is_given_to_something_counts() -> None:
    assert code('print("one")') != code('print("two")')


@pytest.mark.parametrize("config", BY_RECIPE.own.values())
def test_every_recipe_counts_what_it_shares_and_the_faults(config: type) -> None:
    text = recipe_code(config()).decode()
    for name in ("ReferenceScores", "restored", "plant"):
        assert f"name='{name}'" in text, name


def test_shared_parts_count_for_those_that_use_them() -> None:
    dual, own_faults = (recipe_code(config()).decode() for config in (DualConfig, OwnFaultsConfig))
    assert "name='SegmentAutoencoder'" in dual
    assert "name='SegmentAutoencoder'" not in own_faults
    assert "name='Memory'" in own_faults
    assert "name='Memory'" not in dual
