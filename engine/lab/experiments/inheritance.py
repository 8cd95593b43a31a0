"""Read a YAML file that says only how it differs from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.errors import UsageError
from engine.files.safe_write import shown
from engine.files.settings_file import read_settings
from engine.wording import quoted

BASE = "base"
_MOST_BASES = 16
_LONGEST_NAME = 1_000

Values = dict[str, object]
Reading = Callable[[Values, Path], Values]
"""Takes what one file says, and where that is, to what it means wherever it is inherited."""


def load_inheriting(path: Path, reading: Reading) -> Values:
    """Return what a YAML file says together with what its `base:` says, and the base of that, and so on.

    Where both say something the file itself counts. Mappings are laid over each other key by key; any other
    value, a list too, replaces the one of the base.

    Raises
    ------
    UsageError : a file cannot be read or is no mapping, a base is missing, one is its own base, or there are
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
