"""The cases, one after another."""

from __future__ import annotations

import pytest

from tests.engine.exchange.export.cases import CASES, Case

LONG = ("no cuts", "500 cuts")
"""What three tracks and fifty cuts tell as well."""
PARAMS = [pytest.param(case, marks=pytest.mark.long if case.name in LONG else ()) for case in CASES]


@pytest.fixture(params=PARAMS, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """A document that a format must carry."""
    return request.param
