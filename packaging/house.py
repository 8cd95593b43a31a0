"""Print the size and structure of the product: ``python packaging/house.py [CHECKOUT]``.

The product is `engine` without its laboratory, `widgets`, and `desktop` without its benches. Lines are those
that are not empty. With ``--lower``, the highest number of lines that each folder may have, in
``tests/contracts/sizes.toml``, becomes the present number where that is lower; a folder that is new is added.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

PACKAGES = ("engine", "widgets", "desktop")
APART = ("engine/lab", "desktop/bench")
SIZES, TABLE = Path("tests/contracts/sizes.toml"), "[lines]\n"


@dataclass(frozen=True)
class Module:
    """A Python file of the product.

    Attributes
    ----------
    path : relative to the checkout
    """

    path: Path
    text: str

    @property
    def name(self) -> str:
        """Its dotted name."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__` of a folder."""
        return self.path.stem == "__init__"

    @property
    def lines(self) -> int:
        """The number of lines that are not empty."""
        return sum(1 for line in self.text.splitlines() if line.strip())

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @property
    def import_lines(self) -> int:
        """The number of lines that imports take."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, ast.Import | ast.ImportFrom))
        return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in nodes)

    @cached_property
    def uses(self) -> Counter[str]:
        """How often each name is read, as a name or an attribute."""
        names = (
            node.id if isinstance(node, ast.Name) else node.attr
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name | ast.Attribute)
        )
        return Counter(names)

    def private_functions(self) -> Iterator[str]:
        """Yield the names of its private functions and methods."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("_") and not node.name.startswith("__"):
                yield node.name

    def imported(self) -> Iterator[str]:
        """Yield the dotted names that it imports; of ``from a import b`` both `a` and `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{one.name}" for one in node.names)


def modules_of(checkout: Path, *, apart: bool = False) -> list[Module]:
    """Return the modules of the product, or of its laboratory and benches."""
    paths = sorted(path for package in PACKAGES for path in (checkout / package).rglob("*.py"))
    found = (Module(path.relative_to(checkout), path.read_text("utf-8")) for path in paths)
    return [one for one in found if one.path.as_posix().startswith(APART) == apart]


def imports_among(modules: Sequence[Module]) -> dict[str, set[str]]:
    """Return the modules of the product that each of them imports."""
    known = {one.name for one in modules}
    return {one.name: set(one.imported()) & known - {one.name} for one in modules}


def cycle_in(imports: Mapping[str, set[str]], package: str) -> set[str]:
    """Return the modules of a package that import each other, directly or through others."""
    left = {
        name: {other for other in below if other.split(".")[0] == package}
        for name, below in imports.items()
        if name.split(".")[0] == package
    }
    while ends := {
        name
        for name, below in left.items()
        if not below & left.keys() or not any(name in others for others in left.values())
    }:
        left = {name: below - ends for name, below in left.items() if name not in ends}
    return set(left)


def rows_of(checkout: Path) -> Iterator[tuple[str, str]]:
    """Yield the table, a row each."""
    modules = modules_of(checkout)
    lines = [one.lines for one in modules]
    yield "product lines", f"{sum(lines):,}"
    yield "laboratory and benches", f"{sum(one.lines for one in modules_of(checkout, apart=True)):,}"
    files = sorted(one.lines for one in modules if not one.is_package)
    yield (
        "files; median, 90th percentile, most lines",
        (f"{len(modules):,}; {median(lines):.0f}, {sorted(lines)[int(0.9 * len(lines))]}, {files[-1]}"),
    )
    yield "lines that are imports", f"{sum(one.import_lines for one in modules) / sum(lines):.1%}"
    private = [(one, name) for one in modules for name in one.private_functions()]
    once = sum(one.uses[name] == 1 for one, name in private)
    yield "private functions used once", f"{once / len(private):.0%} of {len(private):,}"
    imports = imports_among(modules)
    importers = {name: [other for other, below in imports.items() if name in below] for name in imports}
    own = {one.name for one in modules if not one.is_package}
    single = [name for name in own if len(importers[name]) == 1]
    near = [name for name in single if name.rpartition(".")[0] == importers[name][0].rpartition(".")[0]]
    yield "modules with one importer", f"{len(single)} of {len(own):,}; {len(near)} by one in their folder"
    for package in PACKAGES:
        yield f"modules of {package} that import each other", str(len(cycle_in(imports, package)))


def folder_lines(checkout: Path) -> dict[str, int]:
    """Return the lines of each folder of the packages, of each feature; files beside folders count above."""
    counts: Counter[str] = Counter()
    for one in (*modules_of(checkout), *modules_of(checkout, apart=True)):
        counts[
            "/".join(
                one.path.parts[: min(3 if "features" in one.path.parts[:2] else 2, len(one.path.parts) - 1)]
            )
        ] += one.lines
    return dict(sorted(counts.items()))


def highest(checkout: Path) -> dict[str, int]:
    """Return how many lines each folder may have."""
    return dict(tomllib.loads((checkout / SIZES).read_text("utf-8"))["lines"])


def lower(checkout: Path) -> None:
    """Lower the highest numbers of lines to the present ones."""
    before = highest(checkout)
    text = (checkout / SIZES).read_text("utf-8")
    rows = (
        f'"{folder}" = {min(lines, before.get(folder, lines))}\n'
        for folder, lines in folder_lines(checkout).items()
    )
    (checkout / SIZES).write_text(f"{text.partition(TABLE)[0]}{TABLE}{''.join(rows)}", "utf-8")


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:] if argument != "--lower"]
    root = arguments[0] if arguments else Path(__file__).parents[1]
    if "--lower" in sys.argv:
        lower(root)
    for about, value in rows_of(root):
        print(f"{about:45} {value}")
