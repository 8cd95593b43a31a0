"""Masks that were found before; light, so that the window holds them between jobs without torch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

Asked = tuple[str, bytes, bytes]
"""The separator, the sound, and the prompts of a request."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskMemory:
    """`engine.features.repair.separation.outcomes.outcome.Outcome` by request.

    Attributes
    ----------
    lock : of the masks, for threads that compute several segments side by side
    """

    masks: OrderedDict[Asked, Any] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)
