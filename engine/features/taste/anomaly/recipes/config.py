"""Settings of a recipe, read from YAML; light, so that a dialog needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from engine.core.build import of_laboratory
from engine.core.errors import UsageError
from engine.core.extensions import Extended
from engine.core.extensions.names import Extension
from engine.core.files.safe_write import shown
from engine.core.files.settings_file import read_settings
from engine.core.wording import quoted
from engine.features.taste.anomaly.recipes.methods import DEFAULT, missing_recipe
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig, RecipeConfig


def _added(extension: Extension, made: object) -> type[RecipeConfig]:
    """Return the settings of a recipe of another package; only then is torch imported."""
    from engine.features.taste.anomaly.recipes.recipe import added_recipe

    return added_recipe(extension, made).config


BY_RECIPE: Extended[type[RecipeConfig]] = Extended(
    "offcut.recipes", {DEFAULT: OwnFaultsConfig}, _added, partial(of_laboratory, "recipes.config", "CONFIGS")
)
"""The settings of every recipe; the first is the default."""


def default_config() -> RecipeConfig:
    """Return the recipe that is used where none is asked for."""
    return OwnFaultsConfig()


def parse_config(values: Mapping[str, object]) -> RecipeConfig:
    """Return the settings of a recipe.

    Raises
    ------
    ValidationError : the recipe or setting does not exist, or a value is invalid
    """
    if "recipe" in values:
        named = values["recipe"]
        fitting = [BY_RECIPE[named]] if isinstance(named, str) and named in BY_RECIPE else []
    elif values.keys() <= OwnFaultsConfig.model_fields.keys():
        return OwnFaultsConfig.model_validate(values)
    else:
        fitting = [config for config in BY_RECIPE.own.values() if values.keys() <= config.model_fields.keys()]
    if not fitting:  # blame the settings that most of the names belong to
        of_most = max(BY_RECIPE.own.values(), key=lambda one: len(values.keys() & one.model_fields.keys()))
        fitting = [of_most]
    return fitting[0].model_validate(values)


def load_config(path: Path) -> RecipeConfig:
    """Read a recipe from a YAML file; missing settings have their defaults.

    A file without a recipe name belongs to the first recipe that has all its settings, so that it only needs
    the differences.

    Raises
    ------
    UsageError : the file cannot be read, is not YAML, or holds a setting that does not exist or cannot be so
    """
    values = read_settings(path)
    recipe = values.get("recipe", DEFAULT)
    if not isinstance(recipe, str) or recipe not in BY_RECIPE:
        if missing := missing_recipe(str(recipe)):
            raise UsageError(f"{shown(path)}: {missing}")
        raise UsageError(
            f"{shown(path)}: recipe cannot be {quoted(recipe)}: choose {' or '.join(BY_RECIPE)}."
        )
    try:
        return parse_config(values)
    except ValidationError as error:
        raise UsageError(f"{shown(path)}: {sentence_of(error)}") from error


def sentence_of(error: ValidationError) -> str:
    """Return the error in settings as a sentence, without the name of their file."""
    first = error.errors()[0]
    name = quoted(".".join(str(part) for part in first["loc"]))[1:-1]
    if first["type"] == "extra_forbidden":
        return f"there is no setting '{name}', so take it out or correct its name."
    message = first["msg"].removeprefix("Value error, ")
    if not name:
        return f"{message}."
    return f"{name} cannot be {quoted(first['input'])}: {message[0].lower()}{message[1:]}."
