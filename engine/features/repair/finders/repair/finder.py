"""Repair by words: a sound that words name is removed or isolated, wherever it is detected."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from engine.core.progress import Progress
from engine.core.wording import begun, counted, listed
from engine.features.repair.finders.repair.places import FADE, STRENGTH, place_rows
from engine.features.repair.finders.repair.requests import RepairSettings
from engine.recordings.spans import SpanRequest
from engine.review.finders.finder import Finder, FinderRequest, Found
from engine.review.finders.settings import FinderSettings

_SEARCH = 0.5
"""The share of the progress until the places are known."""


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


def _words_settings(request: FinderRequest) -> WordsSettings:
    assert isinstance(request.settings, WordsSettings)
    return request.settings


def _find_by_words(request: FinderRequest, progress: Progress) -> Found:
    """Find the sound in the whole document, and separate it in all places.

    Raises
    ------
    UsageError : words name nothing, or a sound that is not known
    SourceError : a recording is missing or cannot be read
    """
    from engine.analysis.words.negation import names_meant
    from engine.features.repair.finders.repair.find_sounds import find_sounds
    from engine.features.repair.finders.repair.likely import audio_of, likely_repairs
    from engine.features.repair.finders.repair.separate import asked_for, separate_in_document
    from engine.features.repair.separation.levels.level_change import refused_words

    state, settings = request.state, _words_settings(request).repair
    spans = SpanRequest(state, request.media, request.tracks)
    events = find_sounds(spans, settings.texts, progress.part(0.0, _SEARCH))
    named = listed(names_meant(settings.texts), "or")
    figures = {"places": place_rows(events, state.rate_hz)}
    if not events:
        return Found((), f"{begun(named)} was not found in this recording.", figures=figures)
    windows = tuple((one.start_samples, one.stop_samples) for one in events)
    wanted = replace(asked_for(replace(spans, windows=windows), settings), is_found=True)
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
