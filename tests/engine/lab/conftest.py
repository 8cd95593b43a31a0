"""Leaves the laboratory's tests out of a short run while the laboratory is as it was when they passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.lab.passed import is_unchanged

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave a file out, unless all tests are wanted or a path within this folder is named."""
    if collection_path.is_dir() or config.getoption("--long") or _is_named(config):
        return None
    return True if is_unchanged() else None


def _is_named(config: pytest.Config) -> bool:
    named = (Path(argument.split("::")[0]).resolve() for argument in config.args)
    return any(path.is_relative_to(HERE) for path in named)
