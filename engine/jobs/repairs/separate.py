"""Keep or take away a sound that words name, in windows of some tracks: repairs, to be decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np

from engine.document.file.stored_audio import StoredAudio, stored
from engine.document.state import DocumentState
from engine.document.tracks.track import Track
from engine.errors import UsageError
from engine.jobs.repairs.as_repaired import keys_heard, open_repaired
from engine.jobs.repairs.requests import RepairSettings, SpanRequest
from engine.jobs.repairs.separations import Separations
from engine.progress import Progress
from engine.separation.mask import Mode, floor_of
from engine.separation.paint import Paint, on_track
from engine.separation.prompts import prompts_of
from engine.separation.registry import DEFAULT, separator_named
from engine.separation.separate import Asked, Recording, separate
from engine.separation.separator import Prompt, Separator
from engine.separation.windows import FADE_MS, joined
from engine.wording import listed
from engine.words.vocabulary import NOTHING_NAMED

MAKER = "separation"
SILENT_BELOW = 1e-5
"""-100 dB: below it there is nothing to be taken out."""
_BLOCK_SAMPLES = 1 << 18


@dataclass(frozen=True, slots=True)
class SeparateRequest:
    """What is taken apart.

    Attributes
    ----------
    tracks : ids of those it is done to; none for all that sound in the windows
    windows_samples : [start, stop) of the timeline; such as overlap count as one
    texts : what is meant; none, and nothing painted, for whatever is new in the windows
    examples : sounds that are meant, beside the words
    floor_db : no moment of a band is made quieter than by this
    paint : what is painted on the masks; without texts and examples only that is meant
    """

    state: DocumentState
    media: Mapping[str, Path] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()
    windows_samples: tuple[tuple[int, int], ...] = ()
    texts: tuple[str, ...] = ()
    examples: tuple[Prompt, ...] = ()
    mode: Mode = Mode.REMOVE
    fade_ms: float = FADE_MS
    floor_db: float = -np.inf
    separator: str = DEFAULT
    paint: tuple[Paint, ...] = ()

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """What is meant besides what is painted.

        Raises
        ------
        UsageError : words are unknown
        """
        is_told = self.texts or not (self.examples or self.paint)
        return self.examples + (prompts_of(self.texts) if is_told else ())


def asked_for(spans: SpanRequest, settings: RepairSettings) -> SeparateRequest:
    """Return what settings mean in some windows.

    Raises
    ------
    UsageError : nothing is named or painted
    """
    if not settings.texts and not settings.paint:
        raise UsageError(NOTHING_NAMED)
    return SeparateRequest(
        spans.state,
        spans.media,
        spans.tracks,
        spans.windows,
        settings.texts,
        mode=Mode.KEEP if settings.keeps else Mode.REMOVE,
        fade_ms=max(0.0, settings.fade_ms),
        floor_db=floor_of(settings.strength_db),
        paint=settings.paint,
    )


def separate_in_document(
    request: SeparateRequest, progress: Progress, separator: Separator | None = None
) -> Separations:
    """Take apart each track by itself, so that what each microphone heard stays its own.

    Accepted repairs are in place: what is made lies over those and holds what they do.

    Parameters
    ----------
    separator : where it is made already; None for the one that the request names

    Raises
    ------
    UsageError : no window, one beyond the recording, words that are unknown, or no track that sounds there
    SourceError : a recording is missing or cannot be read
    """
    state = request.state
    windows = joined(request.windows_samples, state.length_samples, state.rate_hz)
    prompts = request.prompts
    tracks = meant_tracks(request, windows)
    audio: list[StoredAudio] = []
    spans: list[tuple[int, int, str]] = []
    separator = separator or separator_named(request.separator)
    for number, track in enumerate(tracks):
        part = progress.part(number / len(tracks), (number + 1) / len(tracks))
        with closing(open_repaired(state, track, request.media)) as voice:
            recording = Recording(voice.read, state.length_samples, state.rate_hz)
            paint = on_track(request.paint, track.id)
            asked = Asked(prompts, request.mode, request.fade_ms, request.floor_db, paint)
            pieces = separate(recording, windows, asked, separator, part)
            for window, group in groupby(pieces, key=lambda piece: piece.window_samples):
                audio.append(stored(np.concatenate([piece.samples for piece in group]), state.rate_hz))
                spans.append((*window, track.id))
    over = tuple(keys_heard(state, track, (start, stop)) for start, stop, track in spans)
    reason = _reason(request.mode, prompts, is_painted=bool(request.paint))
    return Separations(tuple(audio), tuple(spans), over, reason, f"{MAKER}: {separator.name}")


def meant_tracks(request: SeparateRequest, windows: Sequence[tuple[int, int]]) -> tuple[Track, ...]:
    """Return the tracks that are taken apart: without words those alone on which something is painted.

    Raises
    ------
    UsageError : none sounds in any of the windows, or nothing is painted on those that do
    """
    tracks = sounding_tracks(request.state, request.tracks, windows)
    if request.texts or request.examples or not request.paint:
        return tracks
    found = tuple(
        track
        for track in tracks
        if any(
            one.span_samples[0] < stop and start < one.span_samples[1]
            for one in on_track(request.paint, track.id)
            if not one.takes
            for start, stop in windows
        )
    )
    if not found:
        raise UsageError(
            "Nothing is named and nothing painted in the window: say or paint which sound is meant."
        )
    return found


def sounding_tracks(
    state: DocumentState, chosen: Sequence[str], windows: Sequence[tuple[int, int]]
) -> tuple[Track, ...]:
    """Return the tracks that reach into any of the windows, of those chosen; none chosen are all.

    Raises
    ------
    UsageError : there is none
    """
    tracks = tuple(
        track
        for track in state.tracks
        if (not chosen or track.id in chosen)
        and any(
            start < state.track_stop_samples(track) and track.start_samples < stop for start, stop in windows
        )
    )
    if not tracks:
        raise UsageError("No track sounds in the window: choose one that does.")
    return tracks


def require_sound(
    state: DocumentState,
    media: Mapping[str, Path],
    tracks: Sequence[Track],
    windows: Sequence[tuple[int, int]],
    progress: Progress,
) -> None:
    """Refuse windows in which nothing is heard on any of some tracks.

    Raises
    ------
    UsageError : all of them are silent there
    SourceError : a recording is missing or cannot be read
    """
    for track in tracks:
        with closing(open_repaired(state, track, media)) as voice:
            for start, stop in windows:
                for first in range(start, stop, _BLOCK_SAMPLES):
                    progress.check_cancelled()
                    heard = voice.read(first, min(stop, first + _BLOCK_SAMPLES))
                    if np.abs(heard).max(initial=0.0) >= SILENT_BELOW:
                        return
    raise UsageError("It is silent there: select where the sound is heard.")


def _reason(mode: Mode, prompts: Sequence[Prompt], *, is_painted: bool) -> str:
    named = listed([prompt.text for prompt in prompts if not prompt.stays]) or "all"
    if is_painted:
        named = f"{named} as painted" if prompts else "what was painted"
    said = f"Only {named} is kept" if mode is Mode.KEEP else f"{named[:1].upper()}{named[1:]} taken out"
    left = [prompt.text for prompt in prompts if prompt.stays]
    return f"{said}, {listed(left)}" if left else said
