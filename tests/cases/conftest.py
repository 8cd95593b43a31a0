"""The inputs of the cases."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def inputs() -> Path:
    """Return the folder of the inputs, one folder a case; read-only for tests."""
    return Path(__file__).parent / "inputs"
