"""Kinds of edit speak for themselves: no other part asks whether a proposal is a cut."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("engine", "widgets", "desktop")
KIND, OPERATION = "cut", "Drop"

# Who makes cuts, or names another thing by the same word.
MAKERS = (
    "engine/document/kinds/order.py",
    "engine/features/taste/cuts/",
    "engine/cli/edit.py",
    "engine/sound/edl/arrangement.py",
    "desktop/commands/tables/by_hand.py",
    "desktop/review/by_hand.py",
    "desktop/features/repair/sounds.py",  # a choice
    "engine/lab/evaluation/simulate.py",
    "engine/features/taste/anomaly/recipes/own_faults/practice.py",
    "engine/features/taste/anomaly/practice_kinds.py",  # a kind of fault: what the user cut before
    "engine/sound/edl/edits_that_play.py",
    "engine/exchange/imports/proposals/",
    "engine/features/taste/learn.py",  # the files of what documents cut
    "engine/review/overlaps.py",  # a word of a sentence
    "engine/features/repair/finders/repair.py",
    "engine/features/takes/finders/takes.py",
    "engine/features/repair/finders/talk.py",
    "engine/features/day/finder.py",
    "engine/features/takes/finders/takes.py",  # a word of a label
    "engine/features/repair/finders/repair.py",  # a choice of a setting
    "desktop/features/repair/sounds.py",  # the same
    "desktop/features/words/edits.py",
    "engine/features/takes/finders/take_proposals.py",  # the same
    "desktop/features/takes/takes.py",  # a word of a list
    "engine/lab/bench/",
    "desktop/bench/",
)
# What gathers operations and turns them into what is heard.
COMPILERS = (
    "engine/document/kinds/",
    "engine/document/edits/by_hand.py",  # which edits can be of some tracks
    "engine/document/table.py",
    "engine/sound/edl/build.py",
    "engine/sound/edl/gathered.py",
    "engine/exchange/export/placing/marks.py",
    "engine/exchange/imports/proposals/",  # what imported edits would play, and which edits give way to them
)


def names(node: ast.AST) -> object:
    """Return the kind that a string names, or the class that a name or an import does; None for others."""
    match node:
        case ast.Constant(value=str(text)):
            return text if text == KIND else None
        case ast.Name(id=name) | ast.alias(name=name):
            return name if name == OPERATION else None
    return None


@cache
def found(what: str) -> frozenset[str]:
    """Return the files in which a kind is named by a string, or an operation by its class."""
    texts = {path: path.read_text("utf-8") for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    return frozenset(
        path.relative_to(ROOT).as_posix()
        for path, text in texts.items()
        if re.search(rf"\b{what}\b", text) and any(names(node) == what for node in ast.walk(ast.parse(text)))
    )


def test_only_makers_of_cuts_name_them() -> None:
    assert {name for name in found(KIND) if not name.startswith(MAKERS)} == set()


def test_only_what_compiles_edits_knows_that_something_is_dropped() -> None:
    assert {name for name in found(OPERATION) if not name.startswith(COMPILERS)} == set()


def test_the_lists_name_what_is_there() -> None:
    named = found(KIND) | found(OPERATION)
    assert [one for one in (*MAKERS, *COMPILERS) if not any(name.startswith(one) for name in named)] == []
