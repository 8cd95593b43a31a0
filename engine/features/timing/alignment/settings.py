"""Settings for moving hits: distance and selection of moves, and their reference.

A document stores `TimingSettings` under the name `timing`; all aligners share `AlignmentSettings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any, get_type_hints

from engine.core.errors import UsageError
from engine.core.wording import listed, quoted
from engine.document.analysis import Role
from engine.document.kinds.operations import GAP_FILLS, USUAL_FILL
from engine.features.timing.alignment.lines import Division

ON_THE_LINE_SAMPLES = 0.5
"""Hits within this distance are on their line and stay bit for bit."""


@dataclass(frozen=True, slots=True)
class AlignmentSettings:
    """How far hits are moved, and which.

    Attributes
    ----------
    strength : 0 to 1, how much of the way to its line a hit goes
    exclude_within_ms : a stroke as near to its line as that is on it already, and stays to the sample
    least_ms, most_ms : only strokes that are off by at least and at most as much are moved
    own_feel : hold strokes against the drummer's own smoothed push and pull instead of the lines
    drum_feel : let each drum stay as far behind or ahead as it mostly is
    drums_ms : how much later than their line strokes belong that a drum carries
    by_carriers : a stroke is judged by the drum that carries it, instead of its first voice
    most_lines : strokes that are off the line where they are expected by more of the way to the next stay
    kept_voices : drums whose strokes stay where they are, unless another drum sounds with them
    kept_bars : bars whose strokes stay, counted from 1 by the downbeats of the lines
    fix_flams : whether a voice that is late or early within its stroke by mistake is moved too
    """

    strength: float = 1.0
    exclude_within_ms: float = 0.0
    least_ms: float = 0.0
    most_ms: float = float("inf")
    own_feel: bool = False
    drum_feel: bool = False
    drums_ms: Mapping[Role, float] = field(default_factory=dict)
    by_carriers: bool = False
    most_lines: float = float("inf")
    kept_voices: frozenset[Role] = frozenset()
    kept_bars: frozenset[int] = frozenset()
    fix_flams: bool = True

    def __post_init__(self) -> None:
        """Refuse invalid settings.

        Raises
        ------
        ValueError
            where a figure is out of its range
        """
        if not 0.0 <= self.strength <= 1.0:
            raise ValueError(f"The strength is {self.strength:g}; it goes from 0 to 1.")
        if not self.exclude_within_ms >= 0.0:
            raise ValueError(f"The exclusion range is {self.exclude_within_ms:g} ms; give 0 or more.")
        if not 0.0 <= self.least_ms <= self.most_ms:
            raise ValueError(
                f"The range goes from {self.least_ms:g} to {self.most_ms:g} ms; the first is the smaller."
            )


ALL = AlignmentSettings()
"""Everything, all the way, onto the lines."""


TIMING = "timing"
"""The setting that holds it."""
LONGEST_PAD_MS = 50.0

LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "strength": (0.0, 1.0),
        "sensitivity": (0.0, 1.0),
        "pad_ms": (0.0, LONGEST_PAD_MS),
        "exclude_within_ms": (0.0, 100.0),
        "least_ms": (0.0, 1_000.0),
        "most_ms": (0.0, 1_000.0),
        "crossfade_ms": (0.0, 50.0),
    }
)
"""The lowest and the highest value of each number."""


@dataclass(frozen=True, slots=True)
class TimingSettings:
    """Settings for moving hits.

    Attributes
    ----------
    division, swing_percent : see `engine.features.timing.alignment.lines.Division`
    strength : 0 to 1, how much of the way to its line a hit goes
    sensitivity : 0 to 1, tolerance for hits of low confidence
    pad_ms : how long before a hit its slice begins
    exclude_within_ms : a hit as near to its line as that stays to the sample
    least_ms, most_ms : only hits with deviations in this range are moved
    own_feel : hold hits against the drummer's own push and pull instead of the lines
    drum_feel : let each drum stay as far behind or ahead as it mostly is
    fix_flams : whether a voice that came apart from its stroke is moved too
    fill : fills the gap before a slice that moves away from the one before
    crossfade_ms : where slices meet

    Raises
    ------
    UsageError : a value is outside its limits; the sentence names it
    """

    division: str = "1/16"
    swing_percent: float = 50.0
    strength: float = 1.0
    sensitivity: float = 0.5
    pad_ms: float = 5.0
    exclude_within_ms: float = 1.0
    least_ms: float = 0.0
    most_ms: float = 1_000.0
    own_feel: bool = False
    drum_feel: bool = False
    fix_flams: bool = True
    fill: str = USUAL_FILL.value
    crossfade_ms: float = 5.0

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if kind is float and isinstance(value, int) and not isinstance(value, bool):
                object.__setattr__(self, name, value := float(value))
            if type(value) is not kind:
                raise _wrong(name, value, f"give {_WORDS[kind]}")
        for name, (lowest, highest) in LIMITS.items():
            if not lowest <= getattr(self, name) <= highest:
                raise _wrong(name, getattr(self, name), f"give {lowest:g} to {highest:g}")
        if self.least_ms > self.most_ms:
            raise _wrong("least_ms", self.least_ms, f"give no more than most_ms, {self.most_ms:g}")
        if self.fill not in GAP_FILLS:
            raise _wrong("fill", self.fill, f"give {listed(GAP_FILLS, 'or')}")
        Division(self.division, self.swing_percent)

    @property
    def divided(self) -> Division:
        """Division of each beat."""
        return Division(self.division, self.swing_percent)

    @property
    def stored(self) -> dict[str, object]:
        """The setting of a document; `timing_settings` reads it."""
        return {TIMING: asdict(self)}


_KINDS: Mapping[str, type] = get_type_hints(TimingSettings)
_WORDS: Mapping[type, str] = {float: "a number", bool: "true or false", str: "a word"}


def _wrong(name: str, value: object, remedy: str) -> UsageError:
    return UsageError(f"{name} cannot be {quoted(value)}: {remedy}.")


def timing_settings(values: Mapping[str, object], **changes: Any) -> TimingSettings:
    """Read the timing settings of a document, with changes.

    Raises
    ------
    UsageError : see `TimingSettings`
    """
    held = values.get(TIMING, {})
    known = held if isinstance(held, Mapping) else {}
    names = {one.name for one in fields(TimingSettings)}
    stored: dict[str, Any] = {name: value for name, value in known.items() if name in names}
    return TimingSettings(**{**stored, **changes})
