"""Count private words of the project in texts: `python -m tests.contracts.prose` lowers the maxima.

Words, patterns and maxima are in ``prose.toml``. A count may fall and never rise.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("prose.toml")
CODE = re.compile(r"```.*?```|`[^`\n]*`|\]\([^)\n]*\)", re.DOTALL)
COMMAND_ID = re.compile(r"‹[^›]*›")


@dataclass(frozen=True, slots=True)
class Text:
    """One string literal, docstring or line of a page."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A private word, where it was found, and the text around it."""

    word: str
    found: Text

    def __str__(self) -> str:
        return f"{self.found.path}:{self.found.line} [{self.word}] {self.found.text}"


def _literal(node: ast.expr) -> str | None:
    """Return a string literal, or an f-string with `{}` for its values."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _strings(node: ast.AST) -> Iterator[tuple[int, str, bool]]:
    """Yield (line, text, whether it is a docstring) of every string under a node."""
    for child in ast.iter_child_nodes(node):
        stated = isinstance(child, ast.Expr)
        inner = child.value if isinstance(child, ast.Expr) else child
        text = _literal(inner) if isinstance(inner, ast.expr) else None
        if text is None:
            yield from _strings(child)
        else:
            yield inner.lineno, " ".join(text.split()), stated
            if isinstance(inner, ast.JoinedStr):
                for value in inner.values:
                    yield from _strings(value)


@dataclass(frozen=True, slots=True)
class Surface:
    """One group of texts with the number of private words it may have."""

    kind: str
    paths: tuple[str, ...]
    maximum: int
    without: tuple[str, ...] = ()

    def texts(self) -> Iterator[Text]:
        """Yield the texts of all its files."""
        for path in self._files():
            yield from _read(path, self.kind)

    def _files(self) -> Iterator[Path]:
        suffix = ".md" if self.kind == "pages" else ".py"
        for root in (ROOT / name for name in self.paths):
            for path in sorted(root.rglob(f"*{suffix}")) if root.is_dir() else [root]:
                name = path.relative_to(ROOT).as_posix()
                if not any(name == left or name.startswith(f"{left}/") for left in self.without):
                    yield path


def _read(path: Path, kind: str) -> Iterator[Text]:
    name, source = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    if kind == "pages":
        plain = CODE.sub(lambda found: "\n" * found[0].count("\n"), source)
        yield from (Text(name, number, line) for number, line in enumerate(plain.splitlines(), start=1))
        return
    wanted = kind == "docstrings"
    for line, text, stated in _strings(ast.parse(source)):
        if stated == wanted and (wanted or " " in text or text[:1].isupper()):
            yield Text(name, line, text)


@cache
def table() -> tuple[dict[str, Surface], dict[str, re.Pattern[str]]]:
    """Return the surfaces and the patterns of the words, by name."""
    read = tomllib.loads(TABLE.read_text("utf-8"))
    surfaces = {
        name: Surface(one["kind"], tuple(one["paths"]), one["maximum"], tuple(one.get("without", ())))
        for name, one in read["surfaces"].items()
    }
    return surfaces, {name: re.compile(word, re.IGNORECASE) for name, word in read["words"].items()}


@cache
def places(surface: str) -> tuple[Place, ...]:
    """Return every place of a surface that has a private word."""
    surfaces, words = table()
    return tuple(
        Place(name, text)
        for text in surfaces[surface].texts()
        for name, word in words.items()
        for _ in word.findall(COMMAND_ID.sub("", text.text))
    )


def main() -> None:
    """Print the places of the surfaces that are named, and lower all maxima."""
    written = TABLE.read_text("utf-8")
    for name, surface in table()[0].items():
        found = places(name)
        print(f"{name}: {len(found):,}, at most {surface.maximum:,}")
        if name in sys.argv[1:]:
            print(*found, sep="\n")
        if len(found) < surface.maximum:
            head, tail = written.split(f"[surfaces.{name}]\n", 1)
            tail = re.sub(r"^maximum = \d+", f"maximum = {len(found)}", tail, count=1, flags=re.MULTILINE)
            written = f"{head}[surfaces.{name}]\n{tail}"
    TABLE.write_text(written, "utf-8")


if __name__ == "__main__":
    main()
