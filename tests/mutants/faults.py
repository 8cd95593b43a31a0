"""Places in a module where a small fault can be put, and the module with one of them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One place: the number of the node in the order in which it is walked, and what is done there."""

    node: int
    line: int
    what: str


def faults_of(source: str) -> list[Fault]:
    """Return every small fault that can be put into a module.

    Annotations, texts and what is raised are left alone: nobody computes with them.
    """
    found = []
    for number, node in _walked(ast.parse(source)):
        what = _what(node)
        if what:
            found.append(Fault(number, getattr(node, "lineno", 0), what))
    return found


def with_fault(source: str, fault: Fault) -> str:
    """Return a module with a fault in it."""
    tree = ast.parse(source)
    node = next(one for number, one in _walked(tree) if number == fault.node)
    _break(node)
    return ast.unparse(ast.fix_missing_locations(tree))


def _walked(tree: ast.AST) -> Iterator[tuple[int, ast.AST]]:
    numbers = iter(range(1_000_000))
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield next(numbers), node
        if isinstance(node, ast.Raise):
            continue
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params", "msg"):
                continue
            inner = value if isinstance(value, list) else [value]
            waiting += [one for one in reversed(inner) if isinstance(one, ast.AST)]


def _what(node: ast.AST) -> str:
    broken = copy.deepcopy(node)
    if not isinstance(node, ast.expr | ast.stmt) or not _break(broken):
        return ""
    before, after = ast.unparse(node).splitlines()[0], ast.unparse(broken).splitlines()[0]
    return f"{before[:90]}  →  {after[:90]}"


def _break(node: ast.AST) -> bool:
    """Put the fault into a node that has a place for one; tell whether it has."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARED:
        node.ops[0] = _COMPARED[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _COUNTED:
        node.op = _COUNTED[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        node.value = not node.value
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value += 1
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        if isinstance(node.test, ast.Compare | ast.BoolOp):
            return False  # which has a fault of its own
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.Expr | ast.Return) and isinstance(node.value, ast.Call):
        node.value = ast.Constant(None)
    else:
        return False
    return True
