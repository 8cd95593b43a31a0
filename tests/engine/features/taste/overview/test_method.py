"""The picture of a recipe: from its settings alone, for every recipe there is."""

from __future__ import annotations

import pytest

from engine.features.taste.anomaly.recipes.config import BY_RECIPE, parse_config
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.features.taste.overview.jobs import method_steps


@pytest.mark.parametrize("recipe", sorted(BY_RECIPE))
def test_every_recipe_has_a_picture_of_its_own(recipe: str) -> None:
    steps = method_steps(parse_config({"recipe": recipe}))

    assert steps[0].title == "Recording"
    assert steps[-1].title == "Score"
    assert 4 <= len(steps) <= 8
    assert all(step.title and "_" not in step.title + step.detail for step in steps)
    assert recipe not in [step.title for step in steps], "it fell back to the picture of an unknown recipe"


def test_a_recipe_without_words_still_has_its_ends() -> None:
    steps = method_steps(RecipeConfig(recipe="of tomorrow", epochs=3))

    assert [step.title for step in steps][2:] == ["of tomorrow", "Score"]


def test_the_numbers_are_those_of_the_settings() -> None:
    steps = method_steps(parse_config({"recipe": "slicer-ae", "latent_dim": 17}))

    assert any("17 numbers" in step.detail for step in steps)
