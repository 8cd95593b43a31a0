"""A made day, imported once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.features.day.handed_on.export_takes import DayToExport
from tests.engine.features.day.made import made_day, source_of


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the document of a day; tests only read it."""
    return made_day(tmp_path_factory.mktemp("day"))


@pytest.fixture
def source(made: Path) -> DayToExport:
    """Return the day as exports take it."""
    return source_of(made)


@pytest.fixture
def document(made: Path, tmp_path: Path) -> Path:
    """Return a document of the day that a test may change."""
    return Path(shutil.copy(made, tmp_path / made.name))
