"""Read JSON that somebody else may have written: no deeper than Offcut's own, numbers finite."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, NoReturn

_DEEPEST = 32


def parse_json(text: str | bytes) -> Any:
    """Return what JSON says.

    Raises
    ------
    ValueError : it is no JSON, lists and objects in it are nested too deeply, or a number is none
    """
    try:
        said = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    level = [said]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return said
    if any(isinstance(one, dict | list) for one in level):
        raise ValueError("nested too deeply")
    return said


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        _refuse(text)
    return value


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
