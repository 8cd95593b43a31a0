"""The number of an edit that the user reads, nudges and types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.timebase import whole_where_near


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of the payload, in the unit that people count it in.

    Attributes
    ----------
    field : of the payload
    name : of the unit, as a form asks for it
    step, fine_step : change by one key press
    lowest, highest : limits
    decimals : that a form shows
    usual : default for a payload without the field
    per_second : whether the payload counts samples and the display seconds
    unit_s : the unit in seconds, 0.001 for milliseconds
    is_whole : whether the payload stores whole numbers only
    is_moment : whether it is a position in the recording, which snaps to the grid
    """

    field: str
    name: str
    step: float
    fine_step: float
    lowest: float
    highest: float
    decimals: int = 0
    usual: float = 0.0
    per_second: bool = False
    unit_s: float = 1.0
    is_whole: bool = False
    is_moment: bool = False

    def shown(self, payload: Mapping[str, object], rate_hz: int) -> float:
        """Return the number of a valid payload."""
        stored = payload.get(self.field)
        return self.usual if stored is None else float(str(stored)) / self._scale(rate_hz)

    def stored(self, shown: float, rate_hz: int) -> dict[str, object]:
        """Return the number of a payload, clipped to its limits."""
        value = min(max(shown, self.lowest), self.highest) * self._scale(rate_hz)
        return {self.field: round(value) if self.is_whole else whole_where_near(value)}

    def _scale(self, rate_hz: int) -> float:
        return rate_hz * self.unit_s if self.per_second else 1.0
