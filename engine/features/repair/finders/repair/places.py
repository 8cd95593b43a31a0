"""The places where a sound was detected: their rows as values of JSON, and how repairs there fade."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import Field

from engine.core.timebase import samples_to_s
from engine.features.repair.finders.repair.requests import FADE_MS

if TYPE_CHECKING:
    from engine.analysis.detection.events import SoundEvent

STRENGTH: Any = Field(
    None,
    ge=0.0,
    le=100.0,
    title="Lower it by at most",
    description="lower the sound by up to this many dB; default: no limit",
)
FADE: Any = Field(
    FADE_MS, ge=0.0, le=10_000.0, title="Fade", description="the fades at the edges of each repair"
)


def place_rows(events: Iterable[SoundEvent], rate_hz: int) -> list[dict[str, float]]:
    """Return start, stop and likelihood of each place."""
    return [
        {
            "start_s": samples_to_s(one.start_samples, rate_hz),
            "stop_s": samples_to_s(one.stop_samples, rate_hz),
            "likelihood": one.likelihood,
        }
        for one in events
    ]
