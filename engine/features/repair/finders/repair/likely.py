"""Repairs of the places where a sound was found, with the likelihood of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.analysis.detection.events import SoundEvent
from engine.core.wording import percent
from engine.document.file.stored_audio import StoredAudio, keys_of
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.features.repair.finders.repair.separations import Separations, place_repairs
from engine.recordings.spans import Span


def likely_words(event: SoundEvent, marked: Span | None = None) -> str:
    """Describe the likelihood of an event: "80 % likely", or that the user marked it."""
    if (event.start_samples, event.stop_samples) == marked:
        return "the one you marked"
    return f"{percent(event.likelihood)} likely"


def likely_repairs(
    state: DocumentState, found: Separations, events: Sequence[SoundEvent], marked: Span | None = None
) -> tuple[Proposal, ...]:
    """Return the repairs of events, one for each place that is lowered, scored by the likelihood of each.

    Parameters
    ----------
    found : made in windows that are the spans of the events
    marked : the span of the event that the user marked; None for none
    """
    made = []
    repairs = place_repairs(state, found)
    for event in events:
        one = repairs.get((event.start_samples, event.stop_samples))
        if one is not None:
            reason = f"{one.reason}, {likely_words(event, marked)}"
            made.append(replace(one, score=event.likelihood, reason=reason))
    return tuple(made)


def audio_of(repairs: Sequence[Proposal], found: Separations) -> tuple[StoredAudio, ...]:
    """Return the audio that repairs play."""
    played = {key for one in repairs for key in keys_of(one.payload)}
    return tuple(one for one in found.audio if one.key in played)
