"""Read a YAML file that contains only its differences from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.files.settings_file import read_settings
from engine.core.wording import quoted

BASE = "base"
_MOST_BASES = 16
_LONGEST_NAME = 1_000

Values = dict[str, object]
Reading = Callable[[Values, Path], Values]
"""Converts the content of a file and its folder to location-independent values."""


def load_inheriting(path: Path, reading: Reading) -> Values:
    """Return the content of a YAML file, merged with that of its `base:`, and so on.

    The file has precedence over its base. Mappings are merged by key; other values, lists too, replace
    those of the base.

    Raises
    ------
    UsageError : a file cannot be read or is not a mapping, a base is missing or its own base, or there are
        too many
    """
    return _load(path, reading, ())


def merged(base: Mapping[str, object], over: Mapping[str, object]) -> Values:
    """Lay `over` over `base`, key by key."""
    out = dict(base)
    for key, value in over.items():
        below = out.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        out[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return out


def _load(path: Path, reading: Reading, heirs: tuple[Path, ...]) -> Values:
    values = _read(path, heirs)
    resolved = path.resolve()
    if resolved in heirs:
        circle = " → ".join(shown(one.name) for one in (*heirs[heirs.index(resolved) :], resolved))
        raise UsageError(f"{shown(heirs[-1])}: it is its own base ({circle}): take one of these 'base:' out.")
    if len(heirs) > _MOST_BASES:
        raise UsageError(f"{shown(heirs[0])}: it has more than {_MOST_BASES} bases: put some into one file.")
    base = values.pop(BASE, None)
    meant = reading(values, path)
    if base is None:
        return meant
    if not isinstance(base, str) or not 0 < len(base) <= _LONGEST_NAME:
        raise UsageError(f"{shown(path)}: base cannot be {quoted(base)}: give the name of one YAML file.")
    return merged(_load(path.parent / base, reading, (*heirs, resolved)), meant)


def _read(path: Path, heirs: tuple[Path, ...]) -> Values:
    try:
        return read_settings(path)
    except UsageError as error:
        raise UsageError(f"{shown(heirs[-1])}: its base {error}" if heirs else str(error)) from error
