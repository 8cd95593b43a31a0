"""The cases, one after another."""

from __future__ import annotations

import pytest

from tests.engine.edl.export.cases import CASES, Case


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """A document that a format must carry."""
    return request.param
