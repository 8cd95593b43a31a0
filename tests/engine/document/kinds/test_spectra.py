"""Spectra in the payload of a repair."""

from __future__ import annotations

import pytest

from engine.core.errors import DocumentError
from engine.document.kinds.spectra import require_spectra


@pytest.mark.parametrize(
    "value",
    [None, [], [[-1.0, -2.0]], [[-1.0], [-2.0]], [[-1.0, -2.0], [-3.0]], [[-1.0, float("nan")], [-1.0, -1.0]],
     [[-1.0, True], [-1.0, -1.0]], [[-1.0, "x"], [-1.0, -1.0]], [[-1.0] * 65] * 2, [[-1e9, 0.0]] * 2, "ab"],
)  # fmt: skip
def test_anything_but_two_lists_of_levels_is_refused(value: object) -> None:
    with pytest.raises(DocumentError):
        require_spectra("spectra_db", value)


def test_two_lists_of_levels_are_taken() -> None:
    require_spectra("spectra_db", [[-20, -30.5], (-26.0, -40.0)])
