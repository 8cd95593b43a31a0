"""Masks that were found before; light, so that the window holds them between jobs without torch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

Asked = tuple[str, bytes, bytes]
"""The separator, the sound, and the prompts of a request."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskMemory:
    """`engine.separation.outcomes.outcome.Outcome` by request; used by one thread at a time."""

    masks: OrderedDict[Asked, Any] = field(default_factory=OrderedDict)
