"""Windows are joined, refused where they are none, and let a change through softly."""

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.features.repair.separation.windows import gate, joined


def test_windows_that_meet_are_one() -> None:
    """In the order of time, whatever the order they came in."""
    assert joined([(5000, 6000), (1000, 3000), (2000, 4000)], 48_000, 1000) == ((1000, 4000), (5000, 6000))
    assert joined([(1000, 2000), (2000, 3000)], 48_000, 1000) == ((1000, 3000),)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ((3000, 2000), "ends before it begins"),
        ((2000, 2000), "ends before it begins"),
        ((2000, 2010), "too short"),
        ((-100, 2000), "exceeds the recording"),
        ((2000, 48_001), "from 0 to 48 s"),
    ],
)
def test_what_is_no_window_is_refused(window: tuple[int, int], said: str) -> None:
    """With its times, in seconds."""
    with pytest.raises(UsageError, match=said):
        joined([window], 48_000, 1000)


def test_no_window_is_refused() -> None:
    """Lest the whole recording be meant."""
    with pytest.raises(UsageError, match="No window"):
        joined([], 48_000, 1000)


@pytest.mark.parametrize("length", [2, 3, 50, 139, 140, 141, 1000])
def test_a_gate_opens_and_closes_alike_and_in_any_pieces(length: int) -> None:
    """It is the same from both ends, at most 1, and pieces of it are those of the whole."""
    whole = gate(length, 70, 0, length)
    np.testing.assert_allclose(whole, whole[::-1], atol=1e-6)
    assert 0.0 < whole[0] < 0.5 + 1e-6
    assert whole.max() <= 1.0
    if length >= 140:
        assert whole[70:-70].min(initial=1.0) == 1.0
    parts = [gate(length, 70, first, min(length, first + 33)) for first in range(0, length, 33)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
