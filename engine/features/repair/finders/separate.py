"""Isolate or remove named sounds in windows of some tracks of a document, as undecided repairs, and previews.

A span of the document can be the example of a sound. A preview has the target, the remainder, and the
result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from engine.analysis.detection.detector import CONTEXT_S
from engine.analysis.detection.spectra import MEL
from engine.analysis.sound_names.vocabulary import NOTHING_NAMED
from engine.core.errors import NotCredibleError, UsageError
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples, s_to_samples
from engine.document.file.stored_audio import StoredAudio, stored
from engine.document.proposals import SEPARATION_MAKER
from engine.document.state import DocumentState
from engine.document.tracks import Track
from engine.features.repair.finders.requests import (
    PreviewRequest,
    RepairPreview,
    RepairSettings,
    Separations,
    ShownMask,
    example_words,
)
from engine.features.repair.separation.checks import credible_windows, require_present, understood_prompts
from engine.features.repair.separation.in_file import level_change
from engine.features.repair.separation.network import like_span
from engine.features.repair.separation.paint import MaskMemory, Paint, on_track
from engine.features.repair.separation.registry import separator_named
from engine.features.repair.separation.separate import (
    Asked,
    Read,
    Recording,
    RememberingSeparator,
    Samples,
    mask_of,
    piece_spans,
    separate,
)
from engine.features.repair.separation.separator import Mode, Prompt, Separator, floor_of
from engine.features.repair.separation.settings import DEFAULT, LevelChange
from engine.features.repair.separation.windows import FADE_MS, joined
from engine.recordings.detect_sounds import mono
from engine.recordings.track_audio import RepairedTracks, Span, SpanRequest, used_keys
from engine.sound.edl.tracks.voice import Voice


def example_in_document(
    spans: SpanRequest, example: Span, progress: Progress, opened: RepairedTracks | None = None
) -> Prompt:
    """Return a prompt for the sound in a span of the chosen tracks; `opened` is of the same document.

    Raises
    ------
    UsageError : the span is silent
    SourceError : a recording is missing or cannot be read
    """
    rate_hz = spans.state.rate_hz
    reach = s_to_samples(CONTEXT_S, rate_hz)
    around = max(0, example[0] - reach), min(spans.state.length_samples, example[1] + reach)
    samples = np.concatenate(list(mono(spans, around, progress, opened=opened)))
    start, stop = (convert_samples(edge - around[0], rate_hz, MEL.rate_hz) for edge in example)
    return like_span(samples, (start, stop), f"sound like that at {example_words(example, rate_hz)}")


SILENT_BELOW = 1e-5
"""-100 dB: below it there is nothing to be taken out."""
_BLOCK_SAMPLES = 1 << 18


@dataclass(frozen=True, slots=True)
class SeparateRequest:
    """A separation request.

    Attributes
    ----------
    tracks : ids of those it is done to; none for all that sound in the windows
    windows_samples : [start, stop) of the timeline; such as overlap count as one
    texts : names of the target; none, and nothing painted, for all sounds that are new in the windows
    examples : further targets, next to the words
    floor_db : no moment of a band is made quieter than by this
    paint : strokes painted on the masks; the only target without texts and examples
    is_found : whether the sound was found in the windows before, so that nothing asks whether it is there
    is_judged : whether a result that may be worse than the recording is refused
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
    is_found: bool = False
    is_judged: bool = True

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """Targets other than the paint.

        Raises
        ------
        UnknownPromptError : words do not name a known sound
        """
        is_named = self.texts or not (self.examples or self.paint)
        return self.examples + (understood_prompts(self.texts, self.separator) if is_named else ())


def separate_request(
    spans: SpanRequest,
    settings: RepairSettings,
    progress: Progress = SILENT,
    opened: RepairedTracks | None = None,
) -> SeparateRequest:
    """Return the separation request of these settings in some windows.

    Raises
    ------
    UsageError : nothing is named, painted or given as an example, or the example is silent
    """
    if not settings.texts and not settings.paint and settings.example is None:
        raise UsageError(NOTHING_NAMED)
    example = settings.example
    examples = () if example is None else (example_in_document(spans, example, progress, opened),)
    return SeparateRequest(
        spans.state,
        spans.media,
        spans.tracks,
        spans.windows,
        settings.texts,
        examples,
        mode=Mode.KEEP if settings.keeps else Mode.REMOVE,
        fade_ms=max(0.0, settings.fade_ms),
        floor_db=floor_of(settings.strength_db),
        separator=settings.separator,
        paint=settings.paint,
    )


def separate_in_document(
    request: SeparateRequest,
    progress: Progress,
    separator: Separator | None = None,
    opened: RepairedTracks | None = None,
) -> Separations:
    """Separate each track by itself, so that each microphone retains its own sound.

    Accepted repairs are in place: the result replaces them and includes their effect.

    Parameters
    ----------
    separator : where it is made already; None for the one that the request names
    opened : the tracks of the document where they are open already

    Raises
    ------
    UsageError : no window, one beyond the recording, or no track that sounds there
    UnknownPromptError, SoundNotFoundError : words do not name a known sound, or none that is in the windows
    NotCredibleError : nowhere is the result expected to be better than the recording
    SourceError : a recording is missing or cannot be read
    """
    state = request.state
    windows = joined(request.windows_samples, state.length_samples, state.rate_hz)
    prompts = request.prompts
    meant = meant_tracks(request, windows)
    separator = separator or RememberingSeparator(separator_named(request.separator), MaskMemory())
    own = RepairedTracks(state, request.media) if opened is None else nullcontext(opened)
    made: list[_Piece] = []
    refusals, refused = list[NotCredibleError](), 0
    with own as tracks:
        recordings = [_recording(state, tracks.voice(track)) for track in meant]
        probability = None
        if not request.is_found:
            probability = require_present(recordings, windows, prompts, request.separator, progress)
        for number, (track, recording) in enumerate(zip(meant, recordings, strict=True)):
            part = progress.step(number, len(meant))
            paint = on_track(request.paint, track.id)
            wanted = Asked(prompts, request.mode, request.fade_ms, request.floor_db, paint, request.is_judged)
            try:
                credible = credible_windows(recording, windows, wanted, separator)
            except NotCredibleError as error:
                refusals.append(error)
                refused += len(windows)
                continue
            refused += len(windows) - len(credible)
            for window, samples in _separated(recording, credible, wanted, separator, part):
                result = _placed(samples, window[0])
                change = level_change(recording, result, credible, window, wanted, separator)
                made.append(_Piece(stored(samples, state.rate_hz), (*window, track.id), change))
    if not made:
        raise refusals[0]
    return Separations(
        tuple(one.audio for one in made),
        tuple(one.window for one in made),
        tuple(used_keys(state, track, (start, stop)) for start, stop, track in (one.window for one in made)),
        tuple(replace(one.change, probability=probability) for one in made),
        f"{SEPARATION_MAKER} {separator.name}",
        refused,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A window of one track after the separation."""

    audio: StoredAudio
    window: tuple[int, int, str]
    change: LevelChange


def _recording(state: DocumentState, voice: Voice) -> Recording:
    """Return a track to separate."""
    return Recording(voice.read, state.length_samples, state.rate_hz)


def _separated(
    recording: Recording,
    windows: Sequence[tuple[int, int]],
    wanted: Asked,
    separator: Separator,
    progress: Progress,
) -> Iterator[tuple[tuple[int, int], Samples]]:
    """Yield each window and its samples after the separation."""
    pieces = separate(recording, windows, wanted, separator, progress)
    for window, group in groupby(pieces, key=lambda piece: piece.window_samples):
        yield window, np.concatenate([piece.samples for piece in group])


def _placed(samples: Samples, first: int) -> Read:
    """Return a reader of samples that begin at a position of the timeline."""
    return lambda start, stop: samples[start - first : stop - first]


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
        raise UsageError("No sound is named or painted in the window: name a sound, or paint the mask.")
    return found


def sounding_tracks(
    state: DocumentState, chosen: Sequence[str], windows: Sequence[tuple[int, int]]
) -> tuple[Track, ...]:
    """Return the tracks that reach into any of the windows, of those chosen; none chosen are all.

    Raises
    ------
    UsageError : no track does
    """
    tracks = tuple(
        track
        for track in state.tracks
        if (not chosen or track.id in chosen)
        and any(
            start < clip.stop_samples and clip.start_samples < stop
            for start, stop in windows
            for clip in track.clips
        )
    )
    if not tracks:
        raise UsageError("No track sounds in the window: choose one that does.")
    return tracks


def require_sound(
    opened: RepairedTracks,
    tracks: Sequence[Track],
    windows: Sequence[tuple[int, int]],
    progress: Progress,
) -> None:
    """Refuse windows that are silent on all the tracks.

    Raises
    ------
    UsageError : all of them are silent there
    SourceError : a recording is missing or cannot be read
    """
    for voice in map(opened.voice, tracks):
        for start, stop in windows:
            for first in range(start, stop, _BLOCK_SAMPLES):
                progress.check_cancelled()
                block = voice.read(first, min(stop, first + _BLOCK_SAMPLES))
                if np.abs(block).max(initial=0.0) >= SILENT_BELOW:
                    return
    raise UsageError("The selection is silent: select the sound.")


_RESULT, _OTHERS = 0.6, 0.8


def preview_in_document(preview: PreviewRequest, progress: Progress) -> RepairPreview:
    """Preview a repair of the tracks of a document, see `preview_repair`."""
    with RepairedTracks(preview.spans.state, preview.spans.media) as opened:
        return preview_repair(preview, opened, progress)


def preview_repair(preview: PreviewRequest, opened: RepairedTracks, progress: Progress) -> RepairPreview:
    """Separate three ways with masks that are found once.

    Raises
    ------
    UsageError : nothing named or painted; no window, one beyond the recording, or silence
    SeparationError : a sound is not known, not in the windows, or cannot be separated there
    SourceError : a recording is missing or cannot be read
    """
    request, settings = preview.spans, preview.settings
    state, wanted = request.state, separate_request(request, settings, progress.part(0.0, 0.0), opened)
    prompts = wanted.prompts
    windows = joined(request.windows, state.length_samples, state.rate_hz)
    tracks = meant_tracks(wanted, windows)
    require_sound(opened, tracks, windows, progress)
    separator = RememberingSeparator(separator_named(settings.separator), preview.memory)
    whole = replace(wanted, floor_db=-np.inf, is_found=True, is_judged=False)
    result = separate_in_document(wanted, progress.part(0.0, _RESULT), separator, opened)
    made = {(wanted.mode, wanted.floor_db): result}
    for number, other in enumerate((Mode.KEEP, Mode.REMOVE)):
        if (other, -np.inf) not in made:
            part = progress.part(*(_RESULT + (_OTHERS - _RESULT) * at / 2 for at in (number, number + 1)))
            made[other, -np.inf] = separate_in_document(replace(whole, mode=other), part, separator, opened)
    masks = _masks(state, opened, tracks, windows, prompts, separator, progress.part(_OTHERS, 1.0))
    target, remainder = made[Mode.KEEP, -np.inf], made[Mode.REMOVE, -np.inf]
    return RepairPreview(settings, windows, target, remainder, result, tuple(masks))


def _masks(
    state: DocumentState,
    opened: RepairedTracks,
    tracks: Sequence[Track],
    windows: Sequence[Span],
    prompts: Sequence[Prompt],
    separator: Separator,
    progress: Progress,
) -> Iterator[ShownMask]:
    """Yield the masks as they were used, cut to their windows."""
    for number, track in enumerate(tracks):
        progress.report(number / len(tracks), "Drawing the mask")
        recording = _recording(state, opened.voice(track))
        for window in windows:
            if not prompts:
                yield ShownMask.of_nothing(track.id, window)
                continue
            spans = list(piece_spans(window, state.rate_hz))
            ends = [*(at for at, _ in spans[1:]), window[1]]
            for span, end in zip(spans, ends, strict=True):
                progress.check_cancelled()
                mask, first = mask_of(recording, windows, span, prompts, separator)
                begins, hop = first + mask.first_s * state.rate_hz, mask.hop_s * state.rate_hz
                low = max(0, int((span[0] - begins) // hop))
                high = int(-(-(end - begins) // hop)) + 1
                shares = mask.shares[low:high].copy()
                yield ShownMask(track.id, begins + low * hop, hop, shares, mask.centres_hz, (span[0], end))
