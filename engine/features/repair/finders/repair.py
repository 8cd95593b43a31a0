"""Repairs wherever a sound is detected: one that words name, or sounds like an example.

Sounds like an example can also be cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from engine.core.progress import Progress
from engine.core.timebase import s_to_samples, samples_to_s
from engine.core.wording import begun, counted, listed
from engine.document.proposals import BY_EXAMPLE, Proposal
from engine.features.repair.finders.requests import FADE_MS, RepairSettings, example_words
from engine.recordings.track_audio import RepairedTracks, Span, SpanRequest
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found

if TYPE_CHECKING:
    from engine.analysis.detection.detector import SoundFeatures
    from engine.analysis.detection.what_sounds import SoundEvent


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


_SEARCH = 0.5
"""The share of the progress until the places are known."""
NOTHING_ELSE = "No other sound in this recording is similar to the selection"


class ExampleSettings(FinderSettings):
    """The span of the example, and the edit of each place that sounds like it."""

    start_s: float = Field(ge=0.0, title="Example from", description="the start of the example")
    stop_s: float = Field(ge=0.0, title="Example to", description="the end of the example")
    does: Literal["remove", "keep", "cut"] = Field(
        "remove", title="Do", description="remove the sound, keep it and remove all else, or cut the span"
    )
    strength_db: float | None = STRENGTH
    fade_ms: float = FADE


def _find_like(request: FinderRequest, progress: Progress) -> Found:
    """Find all that sounds like the example, and propose an edit of each place."""
    from engine.analysis.detection.detector import detector
    from engine.features.repair.finders.separate import require_sound, sounding_tracks
    from engine.features.repair.separation.windows import joined
    from engine.recordings.detect_sounds import mono

    assert isinstance(request.settings, ExampleSettings)
    state, settings = request.state, request.settings
    span = s_to_samples(settings.start_s, state.rate_hz), s_to_samples(settings.stop_s, state.rate_hz)
    (example,) = joined((span,), state.length_samples, state.rate_hz)
    spans = SpanRequest(state, request.media, request.tracks, (example,))
    tracks = sounding_tracks(state, spans.tracks, (example,))
    cuts = settings.does == "cut"
    listening = progress if cuts else progress.part(0.0, _SEARCH)
    with RepairedTracks(state, spans.media) as opened:
        require_sound(opened, tracks, (example,), progress)
        heard = detector().analysed(mono(spans, (0, state.length_samples), listening, opened=opened))
    events = like_events(heard, example, state.rate_hz, state.length_samples)
    if len(events) < 2:
        return Found((), NOTHING_ELSE, figures={"places": []})
    label = f"Found {counted(len(events) - 1, 'place')} more like {example_words(example, state.rate_hz)}"
    found = Found((), figures={"places": place_rows(events, state.rate_hz)}, label=label)
    if cuts:
        found = replace(found, proposals=tuple(_cuts(request, events, example)))
    else:
        found = _repaired(found, events, spans, settings, progress.part(_SEARCH, 1.0))
    return replace(found, summary=f"{label}: {counted(len(found.proposals), 'edit')} proposed")


def _cuts(request: FinderRequest, events: Sequence[SoundEvent], example: Span) -> Iterator[Proposal]:
    from engine.features.repair.finders.find_sounds import likely_words

    for one in events:
        marked = example_words(example, request.state.rate_hz)
        reason = f"Similar to your example at {marked}: {likely_words(one, example)}."
        yield request.cut(one.start_samples, one.stop_samples, one.likelihood, reason)


def _repaired(
    found: Found,
    events: Sequence[SoundEvent],
    spans: SpanRequest,
    settings: ExampleSettings,
    progress: Progress,
) -> Found:
    from engine.features.repair.finders.find_sounds import audio_of, likely_repairs
    from engine.features.repair.finders.separate import (
        SeparateRequest,
        example_in_document,
        separate_in_document,
    )
    from engine.features.repair.separation.separator import Mode, floor_of

    (example,) = spans.windows
    prompt = example_in_document(spans, example, progress.part(0.0, _SEARCH))
    asked = SeparateRequest(
        spans.state,
        spans.media,
        spans.tracks,
        tuple((one.start_samples, one.stop_samples) for one in events),
        examples=(prompt,),
        mode=Mode.KEEP if settings.does == "keep" else Mode.REMOVE,
        fade_ms=settings.fade_ms,
        floor_db=floor_of(settings.strength_db),
        is_found=True,
    )
    separated = separate_in_document(asked, progress.part(_SEARCH, 1.0))
    repairs = likely_repairs(spans.state, separated, events, example)
    return replace(found, proposals=repairs, audio=audio_of(repairs, separated))


def like_events(
    heard: SoundFeatures, example: Span, rate_hz: int, length_samples: int
) -> tuple[SoundEvent, ...]:
    """Return the example and all other places that sound like it, ascending, without overlaps.

    Raises
    ------
    UsageError : the example is like all of the recording
    """
    from engine.analysis.detection.what_sounds import (
        EXAMPLE_BEGINS_AT,
        SoundEvent,
        events,
        example_odds_over_time,
    )

    start_s, stop_s = (samples_to_s(edge, rate_hz) for edge in example)
    odds = example_odds_over_time(heard, (start_s, stop_s))
    others = [
        one
        for one in events(odds, rate_hz, length_samples, EXAMPLE_BEGINS_AT)
        if one.stop_samples <= example[0] or example[1] <= one.start_samples
    ]
    return tuple(sorted([*others, SoundEvent(*example, 1.0)], key=lambda one: one.start_samples))


LIKE_THIS = Finder(
    "Like this",
    "Removes, keeps or cuts sounds that are similar to an example.",
    _find_like,
    ExampleSettings,
    maker=BY_EXAMPLE,
    adds=True,
)


class WordsSettings(FinderSettings):
    """Which sound is meant, and how it is changed."""

    words: str = Field("", title="Sound", description="sounds with commas between them: cough, dog bark")
    does: Literal["remove", "keep"] = Field(
        "remove", title="Do", description="remove the sound, or keep it and remove all else"
    )
    strength_db: float | None = STRENGTH
    fade_ms: float = FADE

    @property
    def repair(self) -> RepairSettings:
        """Return them as the settings of a repair."""
        return RepairSettings(self.words, self.does == "keep", self.strength_db, self.fade_ms)


def _find_by_words(request: FinderRequest, progress: Progress) -> Found:
    """Find the sound in the whole document, and separate it in all places."""
    from engine.analysis.sound_names.vocabulary import names_meant
    from engine.features.repair.finders.find_sounds import audio_of, find_sounds, likely_repairs
    from engine.features.repair.finders.separate import separate_in_document, separate_request
    from engine.features.repair.separation.settings import refused_words

    assert isinstance(request.settings, WordsSettings)
    state, settings = request.state, request.settings.repair
    spans = SpanRequest(state, request.media, request.tracks)
    events = find_sounds(spans, settings.texts, progress.part(0.0, _SEARCH))
    named = listed(names_meant(settings.texts), "or")
    figures = {"places": place_rows(events, state.rate_hz)}
    if not events:
        return Found((), f"{begun(named)} was not found in this recording.", figures=figures)
    windows = tuple((one.start_samples, one.stop_samples) for one in events)
    wanted = replace(separate_request(replace(spans, windows=windows), settings), is_found=True)
    separated = separate_in_document(wanted, progress.part(_SEARCH, 1.0))
    label = f"Found {named} at {counted(len(events), 'place')}{refused_words(separated.refused)}"
    repairs = likely_repairs(state, separated, events)
    if len(repairs) + separated.refused < len(events):
        label += f"; {counted(len(events) - len(repairs), 'place')} left out, where nothing would be lowered"
    audio = audio_of(repairs, separated)
    return Found(repairs, f"{label}.", figures=figures, label=label, audio=audio)


REPAIR = Finder(
    "Repair by words",
    "Removes a sound that words name, or keeps it alone, wherever it is detected.",
    _find_by_words,
    WordsSettings,
    maker="repair",
    adds=True,
)
