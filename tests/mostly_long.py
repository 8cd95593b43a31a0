"""Cases of one test: the telling ones run always, the others only in a long run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def mostly_long(
    names: str,
    cases: Iterable[Any],
    keep: Iterable[Any],
    ids: Iterable[str] | Callable[[Any], object] | None = None,
) -> pytest.MarkDecorator:
    """Parametrize as pytest does, and mark each case long that is not to be kept.

    Parameters
    ----------
    names : as `pytest.mark.parametrize` takes them
    cases : values; of several names, tuples of them
    keep : the cases that a short run tries
    ids : as `pytest.mark.parametrize` takes them

    Raises
    ------
    ValueError
        Where one that is to be kept is not among the cases: it would be tried by no short run.
    """
    rows, kept = list(cases), list(keep)
    if unknown := [case for case in kept if case not in rows]:
        raise ValueError(f"to be kept, but not among the cases of {names}: {unknown}")
    values = [case if "," in names else (case,) for case in rows]
    marks = [() if case in kept else (pytest.mark.long,) for case in rows]
    params = [pytest.param(*value, marks=mark) for value, mark in zip(values, marks, strict=True)]
    return pytest.mark.parametrize(names, params, ids=ids)
