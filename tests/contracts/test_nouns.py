"""Plurals of every noun that Offcut counts in a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from engine.core.wording import counted
from engine.document.kinds import KINDS

PLURALS = {
    "epoch": "epochs",
    "change of pitch": "changes of pitch",
    "choice of channels": "choices of channels",
    "clip at another speed": "clips at another speed",
    "clip with a split of picture and sound": "clips with a split of picture and sound",
    "clip without a file": "clips without a file",
    "clip without sound": "clips without sound",
    "item with a section of another mode": "items with a section of another mode",
    "item with all takes played": "items with all takes played",
    "item with stretch markers": "items with stretch markers",
    "item without a file": "items without a file",
    "nested timeline with a change of speed": "nested timelines with a change of speed",
    "part of a nested timeline with a change of speed": "parts of a nested timeline with a change of speed",
    "part of a subclip": "parts of a subclip",
    "reversed item with a change of speed": "reversed items with a change of speed",
    "segment without an end": "segments without an end",
    "track of video": "tracks of video",
    "track with fixed lanes": "tracks with fixed lanes",
}
"""Plurals of the other nouns."""
ROOT = Path(__file__).resolve().parents[2]
REGULAR = re.compile("([a-z]+ )?[a-z]+(?<![sxyz])(?<![cs]h)")
"""A noun, perhaps with an adjective, whose plural adds an "s"."""
COUNTING = {"NotUnderstood", "at_speed", "counted", "_unresolved"}
"""Functions that take a noun."""
NAMES = {"noun", "problem"}
COUNTS = {"left_out", "_left_out"}


def test_every_counted_noun_has_its_plural() -> None:
    nouns = {
        noun
        for folder in ("engine", "widgets", "desktop")
        for path in (ROOT / folder).rglob("*.py")
        if "lab" not in path.parts
        for noun in nouns_of(ast.parse(path.read_text("utf-8")), is_reader="imports" in path.parts)
    } | set(KINDS)
    assert {noun: counted(2, noun) for noun in nouns if not REGULAR.fullmatch(noun)} == {
        noun: f"2 {plural}" for noun, plural in PLURALS.items()
    }
    regular = {noun for noun in nouns if REGULAR.fullmatch(noun)}
    assert {"picture", "unknown part", "volume curve"} <= regular, "they are found in the code"
    assert all(counted(2, noun) == f"2 {noun}s" for noun in regular)


def nouns_of(module: ast.Module, *, is_reader: bool) -> Iterator[str]:
    """Yield the nouns that a module counts, and those by which a reader of edit lists names parts."""
    constants = {
        target.id: one.value
        for one in module.body
        if isinstance(one, ast.Assign)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        for part in _that_name(node) if is_reader else _counted(node):
            whole = constants.get(part.id, part) if isinstance(part, ast.Name) else part
            yield from texts_of(whole)


def _counted(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the noun of a call of `counted`."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "counted":
        yield node.args[1]


def _that_name(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions in a node that are nouns."""
    if isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called in COUNTING:
            yield from node.args
        if called == "Counter":
            yield from (key for one in node.args if isinstance(one, ast.Dict) for key in one.keys if key)
        yield from (one.value for one in node.keywords if one.arg in NAMES)
    elif isinstance(node, ast.Assign):
        if any(getattr(target, "id", "") in NAMES for target in node.targets):
            yield node.value
    elif isinstance(node, ast.Subscript) and getattr(node.value, "attr", "") in COUNTS:
        yield node.slice


def texts_of(value: ast.AST) -> Iterator[str]:
    """Yield the texts that an expression may be; not those that it compares with, or calls with."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from (*texts_of(value.body), *texts_of(value.orelse))
    elif isinstance(value, ast.BoolOp):
        yield from (text for one in value.values for text in texts_of(one))
