"""The settings a document carries, with their defaults, limits and one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import Any, Literal, get_args

from engine.core.errors import UsageError

ThresholdMode = Literal["automatic", "percentile", "score", "keep"]

LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "percentile": (0.0, 100.0),
        "score": (0.0, 1.0),
        "keep": (0.001, 1.0),
        "minimum_kept_s": (0.0, inf),
        "minimum_cut_s": (0.0, inf),
        "crossfade_ms": (0.0, 1000.0),
    }
)
"""The lowest and the highest value of each number."""


@dataclass(frozen=True, slots=True)
class CutSettings:
    """Settings of cuts from scores. Lengths in seconds, since users set them.

    `threshold_mode` chooses the threshold: with "automatic" it is the limit of the taste; else it is the
    given percentile of all scores, the given score, or the score that leaves the share `keep` of the
    recording.

    `minimum_kept_s` is None if the shortest piece follows the material: two bars with a pulse, a second
    without one.

    Raises
    ------
    UsageError : a value is outside its limits; the message names it
    """

    threshold_mode: ThresholdMode = "automatic"
    percentile: float = 40.0
    score: float = 0.6
    keep: float = 0.5
    minimum_kept_s: float | None = None
    minimum_cut_s: float = 0.5
    crossfade_ms: float = 20.0
    snap: bool = True

    def __post_init__(self) -> None:
        modes = get_args(ThresholdMode)
        if self.threshold_mode not in modes:
            raise _wrong("threshold_mode", self.threshold_mode, f"give one of {', '.join(modes)}")
        if not isinstance(self.snap, bool):
            raise _wrong("snap", self.snap, "give true or false")
        for name, (lowest, highest) in LIMITS.items():
            value: Any = getattr(self, name)
            if value is None and name == "minimum_kept_s":
                continue
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not lowest <= value <= highest:
                limits = f"from {lowest:g} to {highest:g}" if highest < inf else f"of {lowest:g} or more"
                raise _wrong(name, value, f"give a number {limits}")
            object.__setattr__(self, name, float(value))


def _wrong(name: str, value: object, remedy: str) -> UsageError:
    return UsageError(f"{name} cannot be {value!r}: {remedy}.")


def cut_settings(values: Mapping[str, object]) -> CutSettings:
    """Read the cut settings from a document's settings or a command's options.

    Raises
    ------
    UsageError : see `CutSettings`
    """
    known: dict[str, Any] = {one.name: values[one.name] for one in fields(CutSettings) if one.name in values}
    return CutSettings(**known)


class Ripple(StrEnum):
    """Which later clips follow an edit."""

    OFF = "off"
    TRACK = "track"
    ALL = "all"


RIPPLE = "ripple"
"""The setting with the mode of a document in the window."""


def ripple_of(settings: Mapping[str, object]) -> Ripple:
    """Return the mode of a document.

    Raises
    ------
    UsageError : the setting is not a mode
    """
    value = settings.get(RIPPLE, Ripple.OFF)
    if value not in tuple(Ripple):
        raise UsageError(f"{RIPPLE} cannot be {value!r}: give one of {', '.join(Ripple)}.")
    return Ripple(str(value))
