"""Outcomes that stay as they were: a test hands over what came out, which is compared with what is kept.

For what other programs read word by word, and for figures of which nobody can say in advance what is right
but that they stay: what a document made with an older version sounds like, what the same answers teach.
`OFFCUT_KEEP=1 python -m pytest FILE` keeps what comes out now; look at what changed before it is committed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "engine" / "as_before"
GOLDEN = Path(__file__).parent / "golden"


def require_sentence(surface: str, name: str, found: str) -> None:
    """Compare a sentence of the interface with the one stored for its surface in ``tests/golden``."""
    require_as_before(surface, name, found, folder=GOLDEN)


def require_as_before(
    file: str, name: str, found: object, *, most_apart: float = 1e-9, folder: Path = FOLDER
) -> None:
    """Compare an outcome of plain values, dataclasses and arrays with the one kept under a name of a file."""
    path = folder / f"{file}.json"
    kept = _kept(path)
    told = plain(found)
    if os.environ.get("OFFCUT_KEEP"):
        kept[name] = json.loads(json.dumps(told))
        lines = (f"{json.dumps(key)}: {json.dumps(own, ensure_ascii=False)}" for key, own in kept.items())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    _compare(kept[name], told, name, most_apart)


def require_text_as_before(name: str, found: str) -> None:
    """Compare a text with the one kept under a name, letter by letter."""
    path = FOLDER / name
    if os.environ.get("OFFCUT_KEEP"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.encode())
    assert found.splitlines() == path.read_bytes().decode().splitlines()


@cache
def _kept(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value) if one.repr}
    if isinstance(value, Mapping):
        return {str(key): plain(own) for key, own in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Set):
        return sorted(plain(one) for one in value)
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Path | Fraction):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    assert value is None or isinstance(value, bool | int | float | str), type(value)
    return value


def _compare(kept: Any, told: Any, where: str, most_apart: float) -> None:
    if isinstance(kept, float) and isinstance(told, float | int) and not isinstance(told, bool):
        near = kept == told or abs(kept - told) <= most_apart * max(1.0, abs(kept))
        assert near, f"{where}: {told}, before {kept}"
    elif isinstance(kept, dict) and isinstance(told, dict):
        assert list(kept) == list(told), where
        for name, own in kept.items():
            _compare(own, told[name], f"{where}.{name}", most_apart)
    elif isinstance(kept, list) and isinstance(told, list):
        assert len(kept) == len(told), where
        for number, own in enumerate(kept):
            _compare(own, told[number], f"{where}[{number}]", most_apart)
    else:
        assert kept == told, f"{where}: {told}, before {kept}"
