"""What accepted proposals do to the timeline, as frozen records from which the edit list is built."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Drop:
    """The span [start, stop) of document samples is not heard.

    Attributes
    ----------
    crossfade_ms : how long the neighbours overlap at the seam, where they are long enough
    """

    start_samples: int
    stop_samples: int
    crossfade_ms: float = 0.0
