"""What the page on packages shows is the example package itself, and each thing is short."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from engine.core.extensions import Extended
from engine.core.extensions.names import GROUPS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text("utf-8")
EXAMPLE = ROOT / "docs" / "extending"
MODULES = sorted(path for path in EXAMPLE.rglob("*.py") if path.name != "__init__.py")
MOST_LINES = 40


@pytest.mark.parametrize("path", [EXAMPLE / "pyproject.toml", *MODULES], ids=lambda path: path.name)
def test_the_page_shows_the_very_file(path: Path) -> None:
    language = "toml" if path.suffix == ".toml" else "python"
    assert f"\n```{language}\n{path.read_text('utf-8')}```\n" in PAGE
    assert path.relative_to(ROOT / "docs").as_posix() in PAGE


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_each_thing_takes_forty_lines_at_most(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


def test_there_is_one_of_every_group_in_a_module_of_its_own() -> None:
    named = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert named.keys() == GROUPS.keys()
    modules = [value.partition(":")[0] for group in named.values() for value in group.values()]
    modules.append("offcut_example.pauses_panel")  # imported when the user opens it, by name from `pauses`
    assert sorted(modules) == sorted(f"offcut_example.{path.stem}" for path in MODULES)


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_has_a_registry_and_a_section(group: str) -> None:
    module, _, name = GROUPS[group].registry.partition(":")
    registry = getattr(import_module(module), name)
    assert isinstance(registry, Extended)
    assert len(registry.own) >= 2
    assert f"Group `{group}`" in PAGE
