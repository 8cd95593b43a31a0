"""Sentences name keys by their command, so that they say the key that the user gave it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from desktop.commands import BY_ID
from engine.cli.output import in_verbs
from widgets.controls.command_entries import pair_label, with_keys

ROOT = Path(__file__).resolve().parents[2]
# The table of commands and what a key may be are about keys themselves.
TABLE = "desktop/commands/"
ABOUT_KEYS = ("desktop/shell/user_settings/keymap.py", "widgets/controls/command_entries.py")
KEY = re.compile(
    r"\b(Ctrl|Alt|Shift|Meta)[ +]([A-Z0-9]\b|[↑↓←→]|Shift|Alt|Enter)"
    r"|\b[Pp]ress(es)? [A-Z0-9]\b|\bF\d\d?\b|(^|; )[A-Z] (then|is|does)\b"
)
NAMED = re.compile(r"‹([^›]*)›")


def sources() -> list[Path]:
    paths = sorted(
        path for folder in ("widgets", "desktop", "engine") for path in (ROOT / folder).rglob("*.py")
    )
    return [path for path in paths if not any(part in path.as_posix() for part in ABOUT_KEYS)]


@cache
def said(path: Path) -> tuple[tuple[int, str], ...]:
    """Return the strings of a file but its docstrings, each with its line."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        body = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.Expr)]
        for each in body if isinstance(node, documented) else ():
            if isinstance(each.value, ast.Constant):
                each.value.value = ""
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return tuple((node.lineno, node.value) for node in constants if isinstance(node.value, str))


def test_no_sentence_has_a_key_written_into_it() -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {text}"
        for path in sources()
        if TABLE not in path.as_posix()
        for line, text in said(path)
        if KEY.search(text) and not re.fullmatch(r"(\w+\+)*\S+", text)
    ]
    assert not found, "name the command instead, as in ‹file.import›"


def test_named_commands_exist() -> None:
    named = [
        (path.name, name) for path in sources() for _, text in said(path) for name in NAMED.findall(text)
    ]
    assert named
    assert not [each for each in named if each[1] not in BY_ID]


@pytest.mark.parametrize("name", sorted(BY_ID))
def test_every_command_can_be_named(name: str) -> None:
    assert with_keys(f"first ‹{name}›.", {name: "Ctrl O"}) == "first (Ctrl O)."
    assert "‹" not in in_verbs(f"first ‹{name}›.")


@pytest.mark.parametrize(
    "sentence",
    [
        "Press Q to see it.",
        "or press Ctrl O",
        "first (Ctrl+O).",
        "Alt ↑↓",
        "Alt+Shift+Left",
        "by name; S then solos it",
    ],
)
def test_the_search_knows_keys_when_it_sees_them(sentence: str) -> None:
    assert KEY.search(sentence)


@pytest.mark.parametrize(
    "sentence", ["Shift a hit", "An alternative", "Press a key", "Control room A", "press another one"]
)
def test_the_search_leaves_words_alone(sentence: str) -> None:
    assert not KEY.search(sentence)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("import one first ‹file.import›.", "import one first (Ctrl O)."),
        ("learn first ‹taste.learn›; then ‹file.import›.", "learn first; then (Ctrl O)."),
        ("mix [file.import] ‹no.such› {file.import}", "mix [file.import] {file.import}"),
        ("nothing named", "nothing named"),
    ],
)
def test_sentences_say_the_keys_there_are(sentence: str, shown: str) -> None:
    assert with_keys(sentence, {"file.import": "Ctrl O", "taste.learn": ""}) == shown


@pytest.mark.parametrize(
    ("one", "other", "label"),
    [
        ("Alt ↑", "Alt ↓", "Alt ↑↓"),
        ("Ctrl Alt ↑", "Alt ↓", "Ctrl Alt ↑ Alt ↓"),
        ("F5", "F6", "F5 F6"),
        ("", "Alt ↓", "Alt ↓"),
        ("J", "", "J"),
        ("", "", ""),
        ("J", "K", "JK"),
    ],
)
def test_a_pair_of_caps_is_written_short(one: str, other: str, label: str) -> None:
    assert pair_label(one, other) == label
