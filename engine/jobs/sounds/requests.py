"""What the window asks of those who hear what sounds where; light, so that it asks without torch."""

from __future__ import annotations

from dataclasses import dataclass

from engine.jobs.repairs.requests import RepairSettings, SpanRequest


@dataclass(frozen=True, slots=True)
class LikeRequest:
    """A span that is marked, and what is proposed wherever else sounds what sounds in it.

    Attributes
    ----------
    spans : its one window is the example
    settings : how a repair takes it out; its words mean nothing here
    cuts : whether the spans are cut; else the sound is taken out of them
    """

    spans: SpanRequest
    settings: RepairSettings
    cuts: bool = False
