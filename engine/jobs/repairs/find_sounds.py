"""What sounds in a span, in words, and where in a document something named sounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.detection.detector import detector
from engine.detection.events import SoundEvent, events, odds_over_time
from engine.detection.naming import Part, naming
from engine.detection.spectra import MEL
from engine.document.change import Edit
from engine.document.edits import add_proposals
from engine.document.state import DocumentState
from engine.document.tracks.track import audible
from engine.errors import UsageError
from engine.features.mono import resampled
from engine.jobs.recordings.media import without_missing
from engine.jobs.repairs.as_repaired import open_repaired
from engine.jobs.repairs.likely import likely_repairs
from engine.jobs.repairs.requests import FindRequest, Span, SpanRequest
from engine.jobs.repairs.separate import asked_for, require_sound, separate_in_document, sounding_tracks
from engine.jobs.repairs.separations import Separations
from engine.progress import Progress
from engine.review.heard_there import HeardWord
from engine.separation.windows import joined
from engine.timebase import convert_samples, s_to_samples
from engine.wording import counted, listed
from engine.words.negation import names_meant
from engine.words.text import text_encoder
from engine.words.vocabulary import NOTHING_NAMED

MOST_WORDS = 12
_BLOCK_SAMPLES = 1 << 17
_SEARCH = 0.5


def words_in_span(request: SpanRequest, progress: Progress) -> tuple[HeardWord, ...]:
    """Return the names of sounds that are known, the likeliest in the windows first.

    Raises
    ------
    UsageError : there is no window, one lies beyond the recording, or nothing sounds in any
    """
    state = request.state
    windows = joined(request.windows, state.length_samples, state.rate_hz)
    tracks = sounding_tracks(state, request.tracks, windows)
    require_sound(state, request.media, tracks, windows, progress)
    names = naming()
    around = s_to_samples(names.around_s, state.rate_hz)

    def parts() -> Iterator[Part]:
        for number, (start, stop) in enumerate(windows):
            part = progress.part(number / len(windows), (number + 1) / len(windows))
            blocks = mono(request, (start - around, stop + around), part, names.rate_hz)
            yield Part(blocks, convert_samples(stop - start, state.rate_hz, names.rate_hz))

    labels = names.labels(parts(), names.known)
    return tuple(HeardWord(label.text, label.likelihood) for label in labels[:MOST_WORDS])


def find_sounds(request: SpanRequest, texts: Sequence[str], progress: Progress) -> tuple[SoundEvent, ...]:
    """Return where in a document any of some sounds is heard, ascending and apart.

    Raises
    ------
    UsageError : nothing is named, or words are unknown
    SourceError : a recording is missing or cannot be read
    """
    sought = names_meant(tuple(texts))
    if not sought:
        raise UsageError(NOTHING_NAMED)
    state = request.state
    words = np.stack([text_encoder().encode(text) for text in sought])
    hearing = detector()
    heard = hearing.heard(mono(request, (0, state.length_samples), progress))
    return events(odds_over_time(hearing, heard, words).max(axis=1), state.rate_hz, state.length_samples)


@dataclass(frozen=True, slots=True, eq=False)
class FoundRepairs:
    """Repairs of all places where a sound was found, to be decided.

    Attributes
    ----------
    separations : None where it was found nowhere
    """

    texts: tuple[str, ...]
    events: tuple[SoundEvent, ...]
    separations: Separations | None

    def put_into(self, state: DocumentState) -> Edit:
        """Return the repairs as one edit; apply it with the audio of the separations.

        What was answered before stays as it is.
        """
        if self.separations is None:
            return Edit(f"Found {self.named} nowhere", ())
        label = f"Found {self.named} at {counted(len(self.events), 'place')}"
        return add_proposals(state, likely_repairs(state, self.separations, self.events), label)

    @property
    def named(self) -> str:
        """What was looked for, in words."""
        return listed(self.texts, "or")


def find_repairs(asked: FindRequest, progress: Progress) -> FoundRepairs:
    """Find a sound in all of a document, and take it out, or keep it alone, wherever it is heard.

    Raises
    ------
    UsageError : nothing is named, or words are unknown
    SourceError : a recording is missing or cannot be read
    """
    request, settings = asked.spans, asked.settings
    found = find_sounds(request, settings.texts, progress.part(0.0, _SEARCH))
    named = names_meant(settings.texts)
    if not found:
        return FoundRepairs(named, (), None)
    windows = tuple((one.start_samples, one.stop_samples) for one in found)
    wanted = asked_for(replace(request, windows=windows), settings)
    return FoundRepairs(named, found, separate_in_document(wanted, progress.part(_SEARCH, 1.0)))


def mono(
    request: SpanRequest, window: Span, progress: Progress, rate_hz: int = MEL.rate_hz
) -> Iterator[NDArray[np.float32]]:
    """Yield the mix of the tracks in a window, folded to mono, at the rate of what hears it."""
    state = without_missing(request.state, request.media)
    heard = [track for track in audible(state.tracks) if not request.tracks or track.id in request.tracks]
    with ExitStack() as opened:
        voices = []
        for track in heard:
            voices.append(open_repaired(state, track, request.media, progress))
            opened.callback(voices[-1].close)

        def blocks() -> Iterator[NDArray[np.float32]]:
            start, stop = window
            for first in range(start, stop, _BLOCK_SAMPLES):
                progress.check_cancelled()
                progress.report((first - start) / (stop - start), "Listening")
                last = min(stop, first + _BLOCK_SAMPLES)
                mixed = np.zeros(last - first, np.float32)
                for voice in voices:
                    mixed += voice.read(first, last).mean(axis=1) * voice.gain
                yield mixed

        yield from resampled(blocks(), state.rate_hz, rate_hz)
