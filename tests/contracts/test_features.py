"""Features import each other as the table in ``docs/design.md`` allows; shared parts import no feature."""

from __future__ import annotations

import re
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (?:\[(\w+)\]\([^)]*\)|(\w+)) \| [^|]* \| ([^|]*) \|$", re.MULTILINE)
SHARED = ("shell", "review", "timeline", "recordings", "export")
DRAWN = "engine.features.repair"
"""The one feature that widgets import: the canvas draws its paint and its mask."""
LAYERS = (
    *("lab", "cli", "web", "features", ("recordings", "review"), ("exchange", "analysis")),
    *("sound", "document", "core"),
)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("desktop", "widgets", "engine", cache_dir=None)


def table() -> dict[str, set[str]]:
    """Return the features that each feature imports, as the design has them."""
    text = (ROOT / "docs" / "design.md").read_text("utf-8")
    section = text.partition("\n## Features\n")[2].partition("\n## ")[0]
    rows = [(linked or plain, named) for linked, plain, named in ROW.findall(section)]
    return {name: set(re.findall(r"\w+", named)) for name, named in rows if name != "feature"}


def imports(graph: grimp.ImportGraph, below: str) -> list[tuple[str, str]]:
    """Return importing and imported module of each import by a module of a package."""
    importers = [name for name in graph.modules if name == below or name.startswith(f"{below}.")]
    return [(one, other) for one in importers for other in graph.find_modules_directly_imported_by(one)]


def feature_of(module: str, root: str) -> str:
    """Return the feature that a module belongs to; the name of a module next to the folders is its own."""
    return module.removeprefix(f"{root}.").partition(".")[0] if module.startswith(f"{root}.") else ""


def arrows(graph: grimp.ImportGraph, root: str) -> dict[str, set[str]]:
    """Return the features of a package that each of them imports."""
    found: dict[str, set[str]] = {
        name: set() for name in (feature_of(one, root) for one in graph.modules) if name
    }
    for importer, imported in imports(graph, root):
        names = feature_of(importer, root), feature_of(imported, root)
        if all(names) and names[0] != names[1]:
            found[names[0]].add(names[1])
    return found


def test_features_import_each_other_as_the_table_says(graph: grimp.ImportGraph) -> None:
    folders = {path.parent.name for path in (ROOT / "engine" / "features").glob("*/__init__.py")}
    found, wanted = arrows(graph, "engine.features"), table()
    records = {path.parent.name for path in (ROOT / "engine" / "features").glob("*/feature.py")}
    assert records <= folders, "a feature is found by its record in a folder with an `__init__.py`"
    assert folders | {"registry"} == wanted.keys(), "give each feature a row in docs/design.md, 'Features'"
    assert {name: found[name] & folders for name in wanted} == wanted
    assert not {name: below for name, below in found.items() if name not in wanted and below & folders}


def test_features_of_the_window_import_no_other(graph: grimp.ImportGraph) -> None:
    assert not {name: below for name, below in arrows(graph, "desktop.features").items() if below}


@pytest.mark.parametrize("part", SHARED)
def test_shared_parts_of_the_window_import_no_feature_of_it(graph: grimp.ImportGraph, part: str) -> None:
    found = imports(graph, f"desktop.{part}")
    assert found
    assert not [(one, other) for one, other in found if other.startswith("desktop.features")]


def test_widgets_import_no_window_and_one_feature(graph: grimp.ImportGraph) -> None:
    others = [(one, other) for one, other in imports(graph, "widgets") if not other.startswith(DRAWN)]
    assert not [pair for pair in others if pair[1].startswith(("desktop", "engine.features"))]


def test_parts_of_the_engine_import_only_those_below(graph: grimp.ImportGraph) -> None:
    layers = [set(one) if isinstance(one, tuple) else one for one in LAYERS]
    assert not graph.find_illegal_dependencies_for_layers(layers, containers={"engine"})
