"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("engine", "widgets", "desktop", "packaging", "tests")
LINES_PER_FILE = 700
LINES_PER_FUNCTION = 60
MAIN_WINDOW = ROOT / "desktop" / "main_window.py"
VAGUE_NAMES = ("util", "utils", "helper", "helpers", "common", "misc", "manager")


def python_files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_files_are_short():
    lengths = {relative(path): len(path.read_text("utf-8").splitlines()) for path in python_files()}
    assert not {path: lines for path, lines in lengths.items() if lines > LINES_PER_FILE}


def test_functions_are_short():
    too_long = [
        f"{relative(path)}: {node.name} ({length(node)} lines)"
        for path in python_files()
        if (text := path.read_text("utf-8")).count("\n") > LINES_PER_FUNCTION
        for node in functions(ast.parse(text))
        if length(node) > LINES_PER_FUNCTION
    ]
    assert not too_long


def test_main_window_only_puts_the_parts_together():
    text = MAIN_WINDOW.read_text("utf-8")
    assert len(text.splitlines()) <= 300
    methods = [len(functions(node)) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    assert max(methods) <= 25


def test_names_say_what_is_inside():
    vague = [
        relative(path)
        for path in python_files()
        if path.stem in VAGUE_NAMES or path.stem.endswith("_manager") or path.parent.name in VAGUE_NAMES
    ]
    classes = [
        f"{relative(path)}: {node.name}"
        for path in python_files()
        if "Manager" in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Manager")
    ]
    assert not vague + classes


def test_no_folder_has_more_lines_than_before() -> None:
    house = runpy.run_path(str(ROOT / "packaging" / "house.py"))
    found, most = house["folder_lines"](ROOT), house["highest"](ROOT)
    assert found.keys() == most.keys(), "python packaging/house.py --lower adds and removes folders"
    assert not {folder: lines for folder, lines in found.items() if lines > most[folder]}, (
        "raise the number in tests/contracts/sizes.toml, and give the reason in the commit"
    )


def test_packaging_is_no_package():
    # It would shadow the distribution `packaging` that build tools import from the project's root.
    assert not (ROOT / "packaging" / "__init__.py").exists()


@pytest.mark.parametrize(
    "folder", ["engine", "widgets", "desktop", "resources", "tests", "packaging", "docs"]
)
def test_design_names_every_folder(folder):
    assert f"\n- `{folder}/`: " in (ROOT / "docs" / "design.md").read_text("utf-8")
