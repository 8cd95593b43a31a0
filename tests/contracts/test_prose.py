"""Private words of the project become fewer: in the interface, in docstrings and in the documents."""

from __future__ import annotations

import pytest

from tests.contracts.prose import places, table


@pytest.mark.parametrize("surface", table()[0])
def test_no_surface_has_more_private_words_than_before(surface: str) -> None:
    found, most = places(surface), table()[0][surface].maximum
    assert len(found) <= most, "\n".join(["use the words of the field:", *map(str, found)])
