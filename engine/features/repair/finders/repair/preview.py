"""Preview of a repair: the target, the remainder, and the result of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from engine.core.progress import Progress
from engine.document.tracks.track import Track
from engine.features.repair.finders.repair.requests import PreviewRequest, RepairPreview, ShownMask
from engine.features.repair.finders.repair.separate import (
    asked_for,
    meant_tracks,
    require_sound,
    separate_in_document,
)
from engine.features.repair.separation.mask import Mode
from engine.features.repair.separation.registry import separator_named
from engine.features.repair.separation.remembered import RememberingSeparator
from engine.features.repair.separation.separate import Recording, mask_of, piece_spans
from engine.features.repair.separation.separator import Prompt, Separator
from engine.features.repair.separation.windows import joined
from engine.recordings.repaired import open_repaired
from engine.recordings.spans import Span, SpanRequest

_RESULT, _OTHERS = 0.6, 0.8


def preview_repair(asked: PreviewRequest, progress: Progress) -> RepairPreview:
    """Separate three ways with masks that are found once.

    Raises
    ------
    UsageError : nothing named or painted; no window, one beyond the recording, or silence
    SeparationError : a sound is not known, not in the windows, or cannot be separated there
    SourceError : a recording is missing or cannot be read
    """
    request, settings = asked.spans, asked.settings
    state, wanted = request.state, asked_for(request, settings, progress.part(0.0, 0.0))
    prompts = wanted.prompts
    windows = joined(request.windows, state.length_samples, state.rate_hz)
    tracks = meant_tracks(wanted, windows)
    require_sound(state, request.media, tracks, windows, progress)
    separator = RememberingSeparator(separator_named(settings.separator), asked.memory)
    whole = replace(wanted, floor_db=-np.inf, is_found=True, is_judged=False)
    result = separate_in_document(wanted, progress.part(0.0, _RESULT), separator)
    made = {(wanted.mode, wanted.floor_db): result}
    for number, other in enumerate((Mode.KEEP, Mode.REMOVE)):
        if (other, -np.inf) not in made:
            part = progress.part(*(_RESULT + (_OTHERS - _RESULT) * at / 2 for at in (number, number + 1)))
            made[other, -np.inf] = separate_in_document(replace(whole, mode=other), part, separator)
    masks = _masks(request, tracks, windows, prompts, separator, progress.part(_OTHERS, 1.0))
    target, remainder = made[Mode.KEEP, -np.inf], made[Mode.REMOVE, -np.inf]
    return RepairPreview(settings, windows, target, remainder, result, tuple(masks))


def _masks(
    request: SpanRequest,
    tracks: Sequence[Track],
    windows: Sequence[Span],
    prompts: Sequence[Prompt],
    separator: Separator,
    progress: Progress,
) -> Iterator[ShownMask]:
    """Yield the masks as they were used, cut to their windows."""
    state = request.state
    for number, track in enumerate(tracks):
        progress.report(number / len(tracks), "Drawing the mask")
        with closing(open_repaired(state, track, request.media)) as voice:
            recording = Recording(voice.read, state.length_samples, state.rate_hz)
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
                    yield ShownMask(
                        track.id, begins + low * hop, hop, shares, mask.centres_hz, (span[0], end)
                    )
