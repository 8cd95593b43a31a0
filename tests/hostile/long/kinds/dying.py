"""What no program of ours should do, on purpose: to see that the trials notice it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from hypothesis import strategies as st

from engine.core.errors import SourceError
from tests.hostile.long.kinds.kind import Kind

WAYS = ("read", "refused", "words", "foreign", "crash", "hang")


def attempt(_sound: None, way: str, folder: Path) -> None:
    """End in the way that is asked for."""
    if way == "refused":
        raise SourceError(f"{folder} holds nothing: choose another.")
    if way == "words":
        raise SourceError("no\nsentence")
    if way == "foreign":
        raise KeyError(way)
    if way == "crash":
        os._exit(11)
    if way == "hang":
        threading.Event().wait()


DYING = Kind("dying", lambda _folder: None, st.sampled_from(WAYS), attempt)
