"""The recipes that come with Offcut load, and the page about them says what there is to set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from engine.anomaly.config import BY_RECIPE, load_config
from engine.anomaly.slicer.settings import SlicerConfig

ROOT = Path(__file__).resolve().parents[3]
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


def test_the_page_has_every_recipe_and_every_setting_at_its_default() -> None:
    for name in BY_RECIPE:
        assert f"| `{name}` |" in PAGE
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)? ?\|", PAGE, re.MULTILINE)
    told = {name: yaml.safe_load(value) for name, value in rows if value}
    settings = SlicerConfig().model_dump(mode="json", exclude={"recipe", "mel"})
    assert told.keys() == settings.keys()
    assert (
        SlicerConfig.model_validate({name: _number(value) for name, value in told.items()}) == SlicerConfig()
    )


def _number(value: object) -> object:
    """Return a number that YAML takes for text, such as 1e-3, as pydantic does."""
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d+e-\d+", value) else value
