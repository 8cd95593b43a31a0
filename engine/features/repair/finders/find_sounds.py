"""Name the sounds in a span, and find named sounds in a document as repairs with a likelihood each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from engine.analysis.detection.detector import analysed_versions, detector
from engine.analysis.detection.naming import Part, naming
from engine.analysis.detection.voices import SPOKEN, VoiceSpan
from engine.analysis.detection.what_sounds import SoundEvent, analysed, events, odds_over_time
from engine.analysis.sound_names.prompts import (
    meanings,
    means_speech,
    require_understood,
    separable,
    text_encoder,
)
from engine.analysis.sound_names.vocabulary import NOTHING_NAMED, names_meant
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import convert_samples, s_to_samples
from engine.core.wording import percent
from engine.document.file.stored_audio import StoredAudio, keys_of
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.features.repair.finders.requests import Separations, place_repairs
from engine.features.repair.finders.separate import require_sound, sounding_tracks
from engine.features.repair.separation.windows import joined
from engine.recordings.detect_sounds import mono
from engine.recordings.track_audio import RepairedTracks, Span, SpanRequest
from engine.review.wording import DetectedWord

MOST_WORDS = 12
LEAST_SHOWN = 0.02
"""Less likely names are left out: rows of 0 % and 1 % do not help."""
_SEARCH = 0.5


def words_in_span(request: SpanRequest, progress: Progress) -> tuple[DetectedWord, ...]:
    """Return the known names of sounds, the most likely in the windows first.

    Raises
    ------
    UsageError : no window is given, one is beyond the recording, or all are silent
    """
    state = request.state
    windows = joined(request.windows, state.length_samples, state.rate_hz)
    tracks = sounding_tracks(state, request.tracks, windows)
    with RepairedTracks(state, request.media) as opened:
        require_sound(opened, tracks, windows, progress)
        names = naming()
        around = s_to_samples(names.around_s, state.rate_hz)

        def parts() -> Iterator[Part]:
            for number, (start, stop) in enumerate(windows):
                part = progress.step(number, len(windows))
                blocks = mono(request, (start - around, stop + around), part, names.rate_hz, opened)
                yield Part(blocks, convert_samples(stop - start, state.rate_hz, names.rate_hz))

        labels = names.labels(parts(), names.known)
    likely = (label for label in labels[:MOST_WORDS] if label.likelihood >= LEAST_SHOWN)
    return tuple(DetectedWord(label.text, label.likelihood) for label in likely)


def find_sounds(request: SpanRequest, texts: Sequence[str], progress: Progress) -> tuple[SoundEvent, ...]:
    """Return the places in a document where any of some sounds occurs, ascending and disjoint.

    Raises
    ------
    UsageError : nothing is named, or words do not name a known sound
    SourceError : a recording is missing or cannot be read
    OffcutError : speech is requested, and its detector is not installed
    """
    sought = names_meant(tuple(texts))
    if not sought:
        raise UsageError(NOTHING_NAMED)
    state = request.state
    for text in sought:
        require_understood(text, separable())
    others = [text for text in sought if not means_speech(text)]
    hearing, found = detector(), list[SoundEvent]()
    blocks = mono(request, (0, state.length_samples), progress)
    if len(others) < len(sought):
        versions, voices = analysed(hearing, blocks)
        found += _spoken(voices, state)
    else:
        versions = analysed_versions(hearing, blocks)
    if others:
        encode = text_encoder().encode
        prompts = [np.stack([encode(phrase) for phrase in meanings(text)]) for text in others]
        odds = odds_over_time(hearing, versions, prompts).max(axis=1)
        found += events(odds, state.rate_hz, state.length_samples)
    return _apart(found)


def _spoken(voices: Iterable[VoiceSpan], state: DocumentState) -> Iterator[SoundEvent]:
    for one in voices:
        stop = min(s_to_samples(one.stop_s, state.rate_hz), state.length_samples)
        start = s_to_samples(one.start_s, state.rate_hz)
        if one.name == SPOKEN and start < stop:
            yield SoundEvent(start, stop, one.likelihood)


def _apart(found: Iterable[SoundEvent]) -> tuple[SoundEvent, ...]:
    """Return events in the order of time; those that overlap are one, as likely as the likeliest."""
    joined: list[SoundEvent] = []
    for one in sorted(found, key=lambda each: each.start_samples):
        if joined and one.start_samples < joined[-1].stop_samples:
            last = joined.pop()
            stop = max(last.stop_samples, one.stop_samples)
            one = SoundEvent(last.start_samples, stop, max(last.likelihood, one.likelihood))
        joined.append(one)
    return tuple(joined)


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
