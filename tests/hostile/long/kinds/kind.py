"""A kind of thing to break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing to break.

    Attributes
    ----------
    prepare : makes what is sound, in a folder, once a worker
    strategy : of what is done to it, small frozen values that print as they are written
    attempt : (what is sound, one thing to do, an empty folder) breaks it and reads it; raises an OffcutError
        where it is refused, and AssertionError where what was read cannot be right
    """

    name: str
    prepare: Callable[[Path], Any]
    strategy: SearchStrategy[Any]
    attempt: Callable[[Any, Any, Path], None]
