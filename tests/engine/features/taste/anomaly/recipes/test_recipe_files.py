"""The recipes that come with Offcut load, and the page about them says what there is to set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from engine.features.taste.anomaly.recipes.config import BY_RECIPE, load_config
from engine.lab.recipes.slicer.settings import SlicerConfig

ROOT = Path(__file__).resolve().parents[6]
FILES = sorted((ROOT / "resources" / "recipes").glob("*.yaml"))
PAGE = (ROOT / "docs" / "recipes.md").read_text("utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_loads_and_says_how_it_is_used(path: Path) -> None:
    config = load_config(path)
    text = path.read_text("utf-8")
    command = next(line for line in text.splitlines() if line.startswith("# offcut learn"))
    assert f"--config {path.name}" in command
    assert ("--raw" in command) == config.needs_raw


def test_the_published_recipe_names_every_setting_at_its_default() -> None:
    path = ROOT / "resources" / "recipes" / "slicer-ae.yaml"
    assert load_config(path) == SlicerConfig()
    assert yaml.safe_load(path.read_text("utf-8")).keys() == SlicerConfig.model_fields.keys() - {"mel"}


def test_the_page_has_every_recipe_and_each_setting_at_its_default() -> None:
    for name in BY_RECIPE:
        assert f"| `{name}` |" in PAGE
    sections = re.split(r"^## Settings of `([\w-]+)`$", PAGE, flags=re.MULTILINE)[1:]
    for name, section in zip(sections[::2], sections[1::2], strict=True):
        rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", section, re.MULTILINE)
        told = {setting: _number(yaml.safe_load(value)) for setting, value in rows}
        assert told
        assert BY_RECIPE[name].model_validate(told) == BY_RECIPE[name](), name
        if name == "slicer-ae":
            assert told.keys() == SlicerConfig.model_fields.keys() - {"recipe", "mel"}


def _number(value: object) -> object:
    """Return a number that YAML takes for text, such as 1e-3, as pydantic does."""
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d+e-\d+", value) else value
