"""Read a YAML file of settings, which may be anybody's: no longer and no deeper than settings are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import yaml

from engine.core.errors import UsageError
from engine.core.files.regular_file import read_beginning
from engine.core.files.safe_write import shown
from engine.core.wording import reason_of

MOST_BYTES = 1 << 16
"""Limit of a file; PyYAML takes about a second for it."""

_DEEPEST = 20
_MOST_CHARACTERS = 4 * MOST_BYTES  # once all aliases are written out
_KINDS = ("null", "bool", "int", "float", "str", "seq", "map")
_TAG = "tag:yaml.org,2002:{}"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def read_settings(path: Path) -> dict[str, object]:
    """Return the settings in a YAML file, by name; {} for an empty file.

    Raises
    ------
    UsageError : the file cannot be read, is too long, is not YAML, or holds anything but names and values
    """
    try:
        content = read_beginning(path, MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error
    if len(content) > MOST_BYTES:
        raise UsageError(f"{shown(path)} is longer than {MOST_BYTES >> 10} KiB: name a file of settings.")
    try:
        values = parse_yaml(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown(path)} is not a YAML file: save it as UTF-8.") from error
    except ValueError as error:
        raise UsageError(f"{shown(path)} {error}.") from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UsageError(f"{shown(path)} must hold settings, one 'setting: value' on each line.")
    return values


def parse_yaml(text: str) -> object:
    """Parse YAML into texts, numbers, booleans, lists and mappings; a date is a text.

    Raises
    ------
    ValueError : invalid YAML or not allowed in settings; the message continues after the file name
    """
    try:
        return yaml.load(text, _Loader)
    except _RefusedError as error:
        raise ValueError(f"cannot be settings{_line(error)}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ValueError(
            f"is not a YAML file{_line(error)}: write one 'setting: value' on each line"
        ) from error


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return "" if mark is None else f" (line {mark.line + 1})"


class _RefusedError(yaml.MarkedYAMLError):
    """YAML that is not allowed in settings."""


class _Loader(yaml.SafeLoader):
    """Builds plain values only, and counts the expanded size of aliases while reading."""

    yaml_constructors: ClassVar[dict[str | None, Any]] = {
        tag: yaml.SafeLoader.yaml_constructors[tag] for tag in (*map(_TAG.format, _KINDS), None)
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.yaml_implicit_resolvers = {
            first: [one for one in resolvers if one[0] != _TAG.format("timestamp")]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
        self._depth = self._lowest = 0
        self._characters = 0.0
        self._anchored: dict[str, tuple[float, int]] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a value, unless it is too much."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            node = super().compose_node(parent, index)
            if event.anchor not in self._anchored:
                _refuse("a value holds itself, so write it out", event.start_mark)
            characters, height = self._anchored[event.anchor]
            self._count(characters, self._depth + height, event.start_mark)
            return node
        before, outer_lowest = self._characters, self._lowest
        self._depth, self._lowest = self._depth + 1, 0
        self._count(1.0 + len(getattr(event, "value", "")), self._depth, event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if event.anchor is not None:
            self._anchored[event.anchor] = (self._characters - before, self._lowest - self._depth)
        self._lowest = max(self._lowest, outer_lowest)
        return node

    def _count(self, characters: float, depth: int, mark: Any) -> None:
        self._characters += characters
        self._lowest = max(self._lowest, depth)
        if depth > _DEEPEST:
            _refuse(f"values are nested more than {_DEEPEST} deep, so write less", mark)
        if self._characters > _MOST_CHARACTERS:
            _refuse("an alias expands to too much data, so write less", mark)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Build a value; one that YAML allows and Python cannot build is refused like any other."""
        try:
            value = super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, ValueError):
            _refuse("a value does not match its tag, so write it without one", node.start_mark)
        if isinstance(value, str) and _NO_TEXT.search(value):
            _refuse("a text contains an invalid character, so delete it", node.start_mark)
        return value


def _refuse(reason: str, mark: Any) -> NoReturn:
    raise _RefusedError(problem=reason, problem_mark=mark)
