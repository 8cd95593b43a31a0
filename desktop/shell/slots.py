"""Slots that report refusals instead of raising."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.errors import OffcutError


def reporting_refusals(do: Callable[..., object], refuse: Callable[[str], object]) -> Callable[..., None]:
    """Return a slot that does something, and hands the sentence of an `OffcutError` to `refuse`."""

    def run(*values: object) -> None:
        try:
            do(*values)
        except OffcutError as error:
            refuse(str(error))

    return run
