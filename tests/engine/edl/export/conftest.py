"""The cases, one after another."""

from __future__ import annotations

import pytest

from tests.engine.edl.export.cases import CASES, Case

PARAMS = [*CASES[:-1], pytest.param(CASES[-1], marks=pytest.mark.long)]


@pytest.fixture(params=PARAMS, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """A document that a format must carry."""
    return request.param
