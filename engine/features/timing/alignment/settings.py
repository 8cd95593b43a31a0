"""Settings of all aligners: distance and selection of moves, and their reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.document.drums.hits import Role

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
