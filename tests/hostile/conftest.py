"""A real window on a small document, for the tests that hold it to bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desktop.conftest import Hands, hands, window
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good

__all__ = ["hands", "window"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "it's a jam 🎸"  # with double quotes Qt's own file dialog would see two names
    made.mkdir()
    return made


@pytest.fixture
def reviewing(hands: Hands, folder: Path) -> Hands:
    """A window on a document with two cuts to answer."""
    hands.window.session.open(make_document(folder / "jam.offcut", good(folder / "jam.wav")))
    hands.finish_work()
    return hands
