"""Read a YAML file of settings."""

from __future__ import annotations

from pathlib import Path

import yaml

from engine.errors import UsageError
from engine.safe_write import shown


def read_settings(path: Path) -> dict[str, object]:
    """Return what a YAML file says, by name; an empty one says nothing.

    Raises
    ------
    UsageError : the file cannot be read, is not YAML, or holds anything but names and values
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{shown(path)} cannot be read: {(error.strerror or str(error)).lower()}."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{shown(path)} is not a YAML file: write one 'setting: value' on each line."
        ) from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UsageError(f"{shown(path)} must hold settings, one 'setting: value' on each line.")
    return values
