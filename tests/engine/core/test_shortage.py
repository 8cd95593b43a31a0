"""Too little memory is told as that, whoever meets it."""

from __future__ import annotations

import mmap
from collections.abc import Callable

import numpy as np
import pytest
import torch

from engine.core.errors import OffcutError
from engine.core.memory import SHORTAGE, raise_shortage, shortage_message

TOO_MUCH = 2**50


@pytest.mark.parametrize(
    "ask",
    [
        lambda: np.empty(TOO_MUCH),
        lambda: torch.empty(TOO_MUCH),
        lambda: bytearray(2**62),
        lambda: mmap.mmap(-1, TOO_MUCH),
    ],
    ids=["numpy", "torch", "python", "system"],
)
def test_a_request_that_is_refused_is_told_in_a_sentence(ask: Callable[[], object]) -> None:
    with pytest.raises((MemoryError, RuntimeError, OSError)) as refused:
        ask()
    assert shortage_message(refused.value) == SHORTAGE
    with pytest.raises(OffcutError, match="not enough memory"):
        raise_shortage(refused.value)


@pytest.mark.parametrize("error", [ValueError("a name"), OSError(2, "No such file"), RuntimeError("a shape")])
def test_anything_else_is_not(error: Exception) -> None:
    assert shortage_message(error) == ""
    raise_shortage(error)
