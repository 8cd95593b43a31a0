"""Fingerprint of the code of a recipe: results are cached while it stays the same.

A trial takes minutes to hours. Changes without effect on figures must not discard it: moved code, layout and
docstrings. Changes of the code that computed it must discard it. Recipes share parts, so imports of the
recipe are followed through the shared modules.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig

_ROOT = Path(__file__).parents[3]
_SHARED = ("engine.features.taste.anomaly.recipes", "engine.lab.recipes")
_ANOMALY = _ROOT / "engine" / "features" / "taste" / "anomaly"
_FAULTS = (_ANOMALY / "planting.py", _ANOMALY / "practice_kinds.py")


def recipe_code(config: RecipeConfig) -> bytes:
    """Return the fingerprint of a recipe, its shared modules and the faults; empty with bytecode only."""
    own = _ROOT.joinpath(*type(config).__module__.split(".")[:-1])
    modules = _with_imported((*own.glob("*.py"), *_FAULTS))
    # Sorted, so that it does not count in which module a function stands.
    return "\n".join(sorted(line for tree in modules for line in computed(tree))).encode()


def computed(module: ast.Module) -> Iterator[str]:
    """Yield the statements of a module as text: no imports, no docstrings, no comments, no line breaks.

    It is not `ast.dump`, whose text depends on the version of Python.
    """
    for statement in module.body:
        if not _computes_nothing(statement):
            yield _text(statement)


def _text(node: object) -> str:
    if isinstance(node, ast.AST):
        fields = (
            f"{name}={_text(value)}" for name, value in ast.iter_fields(node) if value not in (None, [])
        )
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(_text(one) for one in node if not _computes_nothing(one))}]"
    return repr(node)


def _computes_nothing(node: object) -> bool:
    """Whether a statement is only an import or a docstring."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _with_imported(paths: Iterable[Path]) -> list[ast.Module]:
    """Return these modules and their imports of shared recipe modules, each once."""
    waiting, found = list(paths), dict[Path, ast.Module]()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = ast.parse(path.read_bytes())
            waiting += _shared_imports(found[path])
    return list(found.values())


def _shared_imports(module: ast.Module) -> Iterator[Path]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith(_SHARED):
            path = _ROOT.joinpath(*node.module.split("."))
            if path.is_dir():  # a module of a package
                yield from (path / f"{name.name}.py" for name in node.names)
            else:
                yield path.with_suffix(".py")
